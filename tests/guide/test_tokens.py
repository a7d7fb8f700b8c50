from __future__ import annotations

import pytest

from opsguide.guide.markdown import parse_file
from opsguide.guide.tokens import tokens_of, too_deep


@pytest.mark.parametrize(
    "deep", ["> " * 10_000 + "x", "- " * 10_000 + "x", "\n".join("  " * i + "- x" for i in range(500))]
)
def test_nesting_without_end_is_a_warning(deep: str) -> None:
    parsed = parse_file("g.md", f"# A\n\n{deep}\n".encode())
    assert [mend.rule for mend in parsed.mends] == ["file/nesting"]
    assert parsed.mends[0].at.line >= 3


def test_nesting_as_people_write_it_is_no_warning() -> None:
    assert parse_file("g.md", "\n".join("  " * i + "- x" for i in range(12)).encode()).mends == ()


def test_link_targets_are_kept_as_written() -> None:
    (inline,) = [token for token in tokens_of(["[x](a%20b?q=ü)"]) if token.type == "inline"]
    assert [child.attrs["href"] for child in inline.children or [] if child.type == "link_open"] == ["a%20b?q=ü"]


def test_depth_is_measured_in_tokens() -> None:
    assert too_deep(tokens_of(["- a"])) is None
    assert too_deep(tokens_of(["> " * 80 + "a"])) is not None
