from __future__ import annotations

import pytest

from opsguide.core.mend import Level
from opsguide.guide.encoding import broken, decode, repair, split_lines


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("## \uf8ffüìä System Monitoring", "## 📊 System Monitoring"),  # Mac Roman
        ("## \uf8ffüõ°Ô∏è Security Operations", "## 🛡️ Security Operations"),
        ("## ðŸ“Š Objectives", "## 📊 Objectives"),  # cp1252
        ("## ðŸ” Monitoring", "## Monitoring"),  # a byte is gone: nothing to undo, the run is dropped
        ("caf\u00c3\u00a9", "café"),
        ("**ðŸ” Key**: 1", "**Key**: 1"),
    ],
)
def test_a_wrong_decoding_is_undone_or_dropped(written: str, shown: str) -> None:
    assert repair(written) == shown


@pytest.mark.parametrize(
    "honest",
    [
        "plain",
        "## Übersicht",
        "naïve – Straße…",
        "FINALITÉ…",
        "Spaß…",
        "日本語の手順",
        "≤ 500 ms",
        "temp 20 °C",
        "été",
        "№ 5 ✓",
    ],
)
def test_honest_text_is_left_alone(honest: str) -> None:
    assert repair(honest) == honest


def test_a_broken_run_is_told_from_letters() -> None:
    assert broken("ðŸ”")
    assert not broken("Ü")
    assert not broken("é…")


def test_one_note_names_all_repaired_lines() -> None:
    decoded = decode("g.md", "# \uf8ffüîß Guide\nplain\n## \uf8ffüìä Two\n".encode())
    assert decoded.shown == ("# 🔧 Guide", "plain", "## 📊 Two")
    assert decoded.disk[0] == "# \uf8ffüîß Guide"
    (mend,) = decoded.mends
    assert (mend.rule, mend.level, mend.at.line, [place.line for place in mend.others]) == (
        "file/encoding",
        Level.NOTE,
        1,
        [3],
    )
    assert "lines 1, 3" in mend.wrong


def test_columns_of_a_repaired_line_count_on_disk() -> None:
    decoded = decode("g.md", "## \uf8ffüîß Guide".encode())
    at = decoded.shown[0].index("Guide")
    assert decoded.column(0, at) == decoded.disk[0].index("Guide") + 1
    assert decoded.column(0, 3) == 1  # inside what was repaired there is no column


def test_bytes_that_are_no_utf8_are_an_error_at_their_line() -> None:
    decoded = decode("g.md", b"one\r\ntwo\r\n\xff three\n")
    (mend,) = decoded.mends
    assert (mend.rule, mend.level, mend.at.line) == ("file/utf8", Level.ERROR, 3)
    assert "0xff" in mend.wrong
    assert decoded.disk == ("one", "two", "\ufffd three")


def test_utf16_is_read_and_named() -> None:
    decoded = decode("g.md", "# Guide\n".encode("utf-16"))
    assert decoded.shown == ("# Guide",)
    assert [mend.rule for mend in decoded.mends] == ["file/utf8"]


def test_a_byte_order_mark_is_no_character() -> None:
    assert decode("g.md", b"\xef\xbb\xbf# Guide").disk == ("# Guide",)


def test_nul_bytes_are_an_error_and_shown_as_replaced() -> None:
    decoded = decode("g.md", b"a\x00b\nc\n\x00")
    (mend,) = decoded.mends
    assert (mend.rule, mend.at.line, [place.line for place in mend.others]) == ("file/nul", 1, [3])
    assert decoded.shown[0] == "a\ufffdb"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\r\nb", ["a", "b"]),
        ("a\rb\n\n", ["a", "b", ""]),
        ("a\x0bb\u2028c", ["a\x0bb\u2028c"]),
    ],
)
def test_lines_are_counted_as_markdown_counts_them(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines
