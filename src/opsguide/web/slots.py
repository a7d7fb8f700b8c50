"""Cuts a rendered guide at its statements, so that notes can be put between the pieces.

The renderer marks an element with `data-claim`, or `data-claims` where it holds several. A note goes to the end of the
statement's own words, in a table row into its last cell: so it follows them where the page is narrow or read aloud, and
where it is wide a float of it stands at their last line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>")
_CLAIM = re.compile(r'\sdata-claim="([^"]*)"')
_CLAIMS = re.compile(r'\sdata-claims="([^"]*)"')
_MARKS = re.compile(r'\sdata-(?:claims?|line)="[^"]*"')
_ID = re.compile(r'\sid="([^"]*)"')
_BLOCKS = frozenset({"ul", "ol", "pre", "table", "blockquote"})


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the notes of these statements go. row: it is the end of a table row, where there is little height."""

    ids: tuple[str, ...]
    row: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """A heading of the page, at the place where it begins. id: its anchor, "" where it has none."""

    level: int
    id: str
    text: str


Piece = str | Slot | Headline


def cut(html: str) -> list[Piece]:
    """The HTML in order: pieces of text, slots and headings (which are zero wide). The texts joined are `html`."""
    pieces: list[Piece] = []
    done = 0
    for at, piece in sorted(_marks(html), key=lambda mark: mark[0]):
        pieces += [html[done:at], piece]
        done = at
    return [*pieces, html[done:]]


def lean(pieces: list[Piece]) -> list[Piece]:
    """The pieces without the marks that were for cutting: of a page of 500 statements they would be a sixth."""
    return [_TAG.sub(_unmarked, piece) if isinstance(piece, str) else piece for piece in pieces]


def _unmarked(tag: re.Match[str]) -> str:
    return _MARKS.sub("", tag[0])


def _marks(html: str) -> Iterator[tuple[int, Slot | Headline]]:
    waiting: list[tuple[str, Slot]] = []
    cell_end = 0
    for tag in _TAG.finditer(html):
        closing, name, attributes = tag.groups()
        if closing and name in {"td", "th"}:
            cell_end = tag.start()
        for statement, slot in [each for each in waiting if _ends(each[0], closing, name)]:
            yield cell_end if slot.row else tag.start(), slot
            waiting.remove((statement, slot))
        if closing:
            continue
        if name in {"h1", "h2", "h3"}:
            yield tag.start(), _headline(html, tag, int(name[1]), attributes)
        found = _CLAIMS.search(attributes) or _CLAIM.search(attributes)
        if found is not None:
            waiting.append((name, Slot(tuple(unescape(found[1]).split()), row=name == "tr")))
        if name == "pre" and waiting and waiting[-1][0] == "pre":
            # A block of code is long: what is known of all of it stands at its top.
            yield tag.end(), waiting.pop()[1]


def _ends(statement: str, closing: str, name: str) -> bool:
    """Whether this tag ends the words of the open statement; an item's words end where a list or block in it begins."""
    if statement == "li":
        return name in _BLOCKS if not closing else name in {"li", "p"}
    return bool(closing) and name == statement


def _headline(html: str, tag: re.Match[str], level: int, attributes: str) -> Headline:
    end = html.find(f"</{tag[2]}>", tag.end())
    anchor = _ID.search(attributes)
    text = unescape(_TAG.sub("", html[tag.end() : end]))
    return Headline(level, unescape(anchor[1]) if anchor else "", text.strip())
