"""Cuts a rendered guide at its statements, so that notes can be put between the pieces.

The renderer marks an element with `data-claim`, or `data-claims` where it holds several. A note goes where a float
of it stands at the statement's height: inside the element, or in a table row inside its last cell.
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
_ID = re.compile(r'\sid="([^"]*)"')
_INSIDE = frozenset({"li", "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "span", "a", "td", "dd", "div"})


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


def _marks(html: str) -> Iterator[tuple[int, Slot | Headline]]:
    row: tuple[str, ...] = ()
    cell_end = 0
    for tag in _TAG.finditer(html):
        closing, name, attributes = tag.groups()
        if closing:
            if name in {"td", "th"}:
                cell_end = tag.start()
            elif name == "tr" and row:
                yield cell_end, Slot(row, row=True)
                row = ()
            continue
        if name in {"h1", "h2", "h3"}:
            yield tag.start(), _headline(html, tag, int(name[1]), attributes)
        found = _CLAIMS.search(attributes) or _CLAIM.search(attributes)
        if found is None:
            continue
        ids = tuple(unescape(found[1]).split())
        if name == "tr":
            row = ids
        else:
            yield tag.end() if name in _INSIDE else tag.start(), Slot(ids)


def _headline(html: str, tag: re.Match[str], level: int, attributes: str) -> Headline:
    end = html.find(f"</{tag[2]}>", tag.end())
    anchor = _ID.search(attributes)
    text = unescape(_TAG.sub("", html[tag.end() : end]))
    return Headline(level, unescape(anchor[1]) if anchor else "", text.strip())
