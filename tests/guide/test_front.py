from __future__ import annotations

import pytest

from opsguide.core.block import Status
from opsguide.core.mend import Level, Mend
from opsguide.guide.front import Front, read_front


def front(text: str) -> tuple[Front, list[Mend]]:
    mends: list[Mend] = []
    return read_front("g.md", text, 5, mends), mends


def test_our_map_is_read_and_foreign_keys_are_ignored() -> None:
    found, mends = front(
        "title: Guide\nsidebar: {order: 3}\nrunme: {id: 1}\nopsguide:\n  service: shop\n  environment: production\n"
        "  status: planned\n  vars:\n    '[port]': 8080\n  labels:\n    Frist: retention\n"
    )
    assert mends == []
    assert (found.service, found.environment, found.status) == ("shop", "production", Status.PLANNED)
    assert (dict(found.vars), dict(found.labels)) == ({"[port]": "8080"}, {"frist": "retention"})
    assert ("opsguide.vars.[port]", "8080") in found.pairs


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "opsguide: 3",
        "opsguide: {colour: red}",
        "opsguide: {status: maybe}",
        "x: " + "[" * 5000,
        "a: 1\n" * 20_000,
    ],
)
def test_what_cannot_be_read_is_a_warning(text: str) -> None:
    _, mends = front(text)
    assert mends
    assert {(mend.rule, mend.level) for mend in mends} == {("file/front-matter", Level.WARNING)}


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "opsguide:\n", "1: 2"])
def test_no_map_of_ours_says_nothing(text: str) -> None:
    found, mends = front(text)
    assert (found.service, found.status, mends) == ("", None, [])
