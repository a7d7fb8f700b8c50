"""Findings as people read them: `file:line:column: what is wrong`, the line, a caret below the culprit, the mend.

Plain text when piped, coloured on a terminal.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.mend import Mend, Unusable

COLOURS = {"error": "31", "warning": "33", "note": "36", "dim": "2", "bold": "1"}
WIDTH = 110
"""Columns of a quoted line; a longer one is cut around the culprit."""


def paint(text: str, colour: str, out: TextIO) -> str:
    """`text` in a colour, where `out` is a terminal."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if out.isatty() else text


def finding(mend: Mend, lines: Mapping[str, Sequence[str]], out: TextIO) -> str:
    """The paragraph of one finding. lines: source lines by file, as on disk."""
    head = f"{mend.at}: {paint(mend.level.value, mend.level.value, out)}: {mend.wrong}"
    foot = f"mend: {mend.mend}          [{mend.rule}]  opsguide explain {mend.rule}"
    return "\n".join([head, *_quote(mend, lines.get(mend.at.file, ())), *_others(mend), foot])


def _others(mend: Mend) -> list[str]:
    """`also in line 14, 17`, one line a file."""
    by_file: dict[str, list[int]] = {}
    for place in mend.others:
        by_file.setdefault(place.file, []).append(place.line)
    found = []
    for file, numbers in by_file.items():
        shown = ", ".join(map(str, numbers[:SHOWN]))
        more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
        found.append(f"also in {'' if file == mend.at.file else file + ' '}line {shown}{more}")
    return found


def _quote(mend: Mend, lines: Sequence[str]) -> list[str]:
    if not 1 <= mend.at.line <= len(lines):
        return []
    line = _printable(lines[mend.at.line - 1])
    start = min(max(mend.at.column, 1), len(line) + 1) - 1
    one_line = mend.at.end_line == mend.at.line and mend.at.end_column > mend.at.column
    width = (mend.at.end_column - mend.at.column) if one_line else len(line.rstrip()) - start
    if start == 0 and not one_line:
        start = len(line) - len(line.lstrip())
        width = len(line.strip())
    shift = max(0, start - WIDTH // 2) if len(line) > WIDTH else 0
    shown = ("..." if shift else "") + line[shift : shift + WIDTH]
    gutter = f"{mend.at.line} | "
    caret = " " * (start - shift + (3 if shift else 0)) + "^" * max(1, min(width, WIDTH))
    return [gutter + shown.rstrip(), " " * (len(gutter) - 2) + "| " + caret]


def _printable(line: str) -> str:
    """The line as it may be shown: what would command the terminal is a dot, a password in an address is hidden."""
    return _PASSWORD.sub(r"\1***@", "".join(c if c.isprintable() else " " if c == "\t" else "." for c in line))


_PASSWORD = re.compile(r"(://[^/@\s:]*:)(?!\$\{)[^/@\s]+@")
SHOWN = 12
"""Lines named of a fault's further places."""


@cache
def _read(path: str) -> tuple[str, ...]:
    try:
        return tuple(Path(path).read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()


def tell_fault(fault: Unusable) -> None:
    """Print why the input cannot be used, to standard error."""
    for mend in fault.mends:
        print(finding(mend, {mend.at.file: _read(mend.at.file)}, sys.stderr) + "\n", file=sys.stderr)
