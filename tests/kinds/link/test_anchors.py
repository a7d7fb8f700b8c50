from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.kinds.link.anchors import anchor, anchors, anchors_of


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Service Overview", "service-overview"),
        ("Backup & Recovery", "backup--recovery"),
        ("1. Health Checks (daily)", "1-health-checks-daily"),
        ("snake_case stays", "snake_case-stays"),
        ("Über-Größe", "über-größe"),
    ],
)
def test_an_anchor_is_made_as_github_does(text: str, name: str) -> None:
    assert anchor(text) == name


def test_equal_headings_are_counted() -> None:
    assert anchors(["A", "A", "B", "A"]) == {"a", "a-1", "b", "a-2"}


def test_headings_in_code_are_none() -> None:
    text = '# A `b` [c](d)\n```\n# no\n~~~\n```\n## E ##\n<a name="f"></a>\n#nospace\n'
    assert anchors_of(text) == {"a-b-c", "e", "f"}


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    anchors_of(text)
