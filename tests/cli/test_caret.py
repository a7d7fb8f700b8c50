"""Findings as people read them."""

from __future__ import annotations

import io

from opsguide.cli.caret import finding
from opsguide.core.block import Place
from opsguide.core.mend import Level, Mend

LINES = ("# Guide", "  expr: rate(x[5m]) > 500", "tail")


def shown(place: Place, others: tuple[Place, ...] = (), lines: tuple[str, ...] = LINES) -> str:
    mend = Mend(place, "seconds against 500", "write 0.5", "alert/units", Level.ERROR, others)
    return finding(mend, {"guide.md": lines}, io.StringIO())


def test_the_caret_stands_below_the_culprit() -> None:
    head, line, caret, foot = shown(Place("guide.md", 2, 2, 23, 26)).splitlines()
    assert head == "guide.md:2:23: error: seconds against 500"
    assert line == "2 |   expr: rate(x[5m]) > 500"
    assert caret.index("^") == line.index("500")
    assert caret.endswith("^^^")
    assert foot.startswith("mend: write 0.5")
    assert foot.endswith("[alert/units]  opsguide explain alert/units")


def test_a_whole_line_is_underlined_from_its_first_letter() -> None:
    _, line, caret, _ = shown(Place("guide.md", 2, 2)).splitlines()
    assert caret.index("^") == line.index("expr")


def test_a_line_that_does_not_exist_is_not_quoted() -> None:
    assert len(shown(Place("guide.md", 99, 99)).splitlines()) == 2
    assert len(shown(Place("other.md", 1, 1)).splitlines()) == 2


def test_a_long_line_is_cut_around_the_culprit() -> None:
    long = "x" * 500 + "CULPRIT" + "y" * 500
    _, line, caret, _ = shown(Place("guide.md", 1, 1, 501, 508), lines=(long,)).splitlines()
    assert "CULPRIT" in line
    assert len(line) < 130
    assert caret.index("^") == line.index("CULPRIT")


def test_a_line_cannot_command_the_terminal_and_shows_no_password_of_an_address() -> None:
    _, line, *_ = shown(Place("guide.md", 1, 1), lines=("a\x1b[2Jb\x07 \t\u202ec",)).splitlines()
    assert line == "1 | a.[2Jb.  .c"
    _, line, *_ = shown(Place("guide.md", 1, 1), lines=("db = 'postgresql://me:canary@h/x'",)).splitlines()
    assert line == "1 | db = 'postgresql://me:***@h/x'"
    _, line, *_ = shown(Place("guide.md", 1, 1), lines=("db = 'postgresql://me:${PW}@h/x'",)).splitlines()
    assert "${PW}" in line


def test_further_places_are_named_by_file_up_to_twelve() -> None:
    others = (*(Place("guide.md", n, n) for n in range(3, 18)), Place("other.md", 7, 7))
    lines = shown(Place("guide.md", 1, 1), others).splitlines()
    assert "also in line 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 3 more" in lines
    assert "also in other.md line 7" in lines
