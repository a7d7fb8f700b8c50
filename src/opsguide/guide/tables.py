"""Table rows with the column of every cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Cell, Place, Row, Table
from opsguide.guide.inline import read_inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from opsguide.guide.encoding import Decoded

_BAR = re.compile(r"\\.|\|")


def read_table(path: str, lines: Decoded, tokens: Sequence[Token], intro: str) -> Table:
    """The table of tokens table_open .. table_close."""
    header: tuple[Cell, ...] = ()
    rows: list[Row] = []
    start = 0
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            start = index
        elif token.type == "tr_close":
            row = _row(path, lines, tokens[start : index + 1])
            if header:
                rows.append(row)
            else:
                header = row.cells
    first, end = tokens[0].map or [0, 1]
    place = Place(path, first + 1, max(end, first + 1), _indent(lines, first))
    return Table(place, header, tuple(rows), intro)


def _indent(lines: Decoded, index: int) -> int:
    shown = lines.shown[index]
    return lines.column(index, len(shown) - len(shown.lstrip()))


def _row(path: str, lines: Decoded, tokens: Sequence[Token]) -> Row:
    index = (tokens[0].map or [0, 1])[0]
    contents = [token for token in tokens if token.type == "inline"]
    spans = _spans(lines.shown[index], [token.content for token in contents])
    cells = tuple(_cell(path, lines, token, index, span) for token, span in zip(contents, spans, strict=True))
    return Row(Place(path, index + 1, index + 1, _indent(lines, index)), cells)


def _cell(path: str, lines: Decoded, token: Token, index: int, span: tuple[int, int]) -> Cell:
    inline = read_inline(path, lines, token, index, index, *span)
    place = Place(path, index + 1, index + 1, lines.column(index, span[0]), lines.column(index, span[1]))
    return Cell(inline.text, place, inline.codes, inline.links)


def _spans(line: str, contents: Sequence[str]) -> list[tuple[int, int]]:
    """Start and end offset of each cell's words in the source line; an absent cell is empty at the line's end."""
    pieces = _pieces(line)
    while len(pieces) > 1 and contents and _said(line, pieces[0]) != contents[0]:
        pieces.pop(0)
    spans = [_trimmed(line, *piece) for piece in pieces[: len(contents)]]
    return spans + [(len(line), len(line))] * (len(contents) - len(spans))


def _pieces(line: str) -> list[tuple[int, int]]:
    pieces = []
    start = 0
    for bar in _BAR.finditer(line):
        if bar[0] == "|":
            pieces.append((start, bar.start()))
            start = bar.end()
    pieces.append((start, len(line)))
    if len(pieces) > 1 and not line[: pieces[0][1]].strip(" \t>"):
        pieces.pop(0)
    return pieces


def _said(line: str, piece: tuple[int, int]) -> str:
    return line[piece[0] : piece[1]].strip().replace("\\|", "|")


def _trimmed(line: str, start: int, end: int) -> tuple[int, int]:
    text = line[start:end]
    left = start + len(text) - len(text.lstrip())
    return (left, start + len(text.rstrip())) if text.strip() else (start, start)
