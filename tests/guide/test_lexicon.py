from __future__ import annotations

import pytest

from opsguide.guide import lexicon


@pytest.mark.parametrize(
    "words",
    [
        *(lexicon.SEVERITIES, lexicon.CHANNELS, lexicon.CADENCES, lexicon.POLARITIES, lexicon.SLIS, lexicon.SCOPES),
        *(lexicon.ENVIRONMENTS, lexicon.STATUSES),
    ],
)
def test_words_are_written_as_they_are_matched(words: dict[str, object]) -> None:
    assert all(word == word.lower().strip() and word for word in words)


def test_cadences_are_those_that_core_names() -> None:
    assert set(lexicon.CADENCES.values()) == {"daily", "weekly", "monthly", "quarterly", "yearly"}
