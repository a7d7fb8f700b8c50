"""The inline tokens of one block as a reader's text, with the place of every link and code span."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsguide.core.block import Code, Link, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from opsguide.guide.encoding import Decoded

_LINK_CLOSED = re.compile(r"[*_`~]*\]([(\[]?)")
_TAG = re.compile(r"</?([A-Za-z][\w-]*)")
_HTML = frozenset(
    [
        *(
            "a",
            "abbr",
            "b",
            "big",
            "blockquote",
            "br",
            "center",
            "code",
            "dd",
            "del",
            "details",
            "div",
            "dl",
            "dt",
            "em",
        ),
        *(
            "font",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "img",
            "ins",
            "kbd",
            "li",
            "mark",
            "ol",
            "p",
            "picture",
        ),
        *("pre", "q", "s", "small", "source", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody"),
        *("td", "th", "thead", "tr", "tt", "u", "ul", "var", "video", "script", "style", "iframe"),
    ]
)


@dataclass(frozen=True, slots=True)
class Atom:
    """A run of text of one style on one line. index: 0-based line; offset and end: in the shown line."""

    text: str
    index: int
    offset: int
    end: int
    bold: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Inline:
    """What one inline token says. text: line breaks as blanks. comments: HTML comments in it, as written."""

    text: str
    atoms: tuple[Atom, ...]
    links: tuple[Link, ...] = ()
    codes: tuple[Code, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """The cursor over the shown lines of one block while its tokens are walked."""

    path: str
    lines: Decoded
    index: int
    last: int
    offset: int
    stop: int | None
    atoms: list[Atom] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    bold: int = 0

    def find(self, wanted: str) -> int:
        """Offset of `wanted` on the line from the cursor on, or the cursor where escapes hide it."""
        if not wanted:
            return self.offset
        line = self.lines.shown[self.index]
        found = line.find(wanted, self.offset, len(line) if self.stop is None else self.stop)
        return self.offset if found < 0 else found

    def take(self, text: str, *, code: bool = False) -> Atom:
        start = self.find(text)
        end = min(start + len(text), len(self.lines.shown[self.index]))
        atom = Atom(text, self.index, start, end, self.bold > 0, code)
        self.atoms.append(atom)
        self.offset = end
        return atom

    def newline(self) -> None:
        self.atoms.append(Atom(" ", self.index, self.offset, self.offset))
        if self.index < self.last:
            self.index += 1
            self.offset = 0

    def place(self, start: tuple[int, int], end: tuple[int, int]) -> Place:
        column = self.lines.column(*start)
        end_column = self.lines.column(*end)
        if start[0] == end[0] and end_column < column:
            end_column = column
        return Place(self.path, start[0] + 1, end[0] + 1, column, end_column)


def read_inline(
    path: str, lines: Decoded, token: Token, first: int, last: int, offset: int = 0, stop: int | None = None
) -> Inline:
    """Read an inline token that stands on lines first..last (0-based), from `offset` on in the first of them."""
    reading = _Reading(path, lines, first, last, offset, stop)
    _walk(reading, token.children or [])
    text = "".join(atom.text for atom in reading.atoms).strip()
    return Inline(text, tuple(reading.atoms), tuple(reading.links), tuple(reading.codes), tuple(reading.comments))


def _walk(reading: _Reading, children: Sequence[Token]) -> None:
    opened: list[tuple[Token, tuple[int, int], int]] = []
    for child in children:
        match child.type:
            case "text" | "text_special":
                _text(reading, child.content)
            case "code_inline":
                _code(reading, child)
            case "softbreak" | "hardbreak":
                reading.newline()
            case "strong_open":
                reading.bold += 1
            case "strong_close":
                reading.bold -= 1
            case "link_open":
                opened.append((child, (reading.index, reading.find(_opening(child))), len(reading.atoms)))
            case "link_close" if opened:
                _link(reading, *opened.pop())
            case "image":
                _text(reading, child.content)
            case "html_inline":
                _html(reading, child.content)


def _text(reading: _Reading, content: str) -> None:
    if content:
        reading.take(content)


def _code(reading: _Reading, child: Token) -> None:
    atom = reading.take(child.content, code=True)
    ticks = len(child.markup)
    start = (atom.index, max(0, atom.offset - ticks))
    place = reading.place(start, (atom.index, min(atom.end + ticks, len(reading.lines.shown[atom.index]))))
    reading.codes.append(Code(child.content, place))


def _opening(child: Token) -> str:
    return "<" if child.markup == "autolink" else "["


def _link(reading: _Reading, child: Token, start: tuple[int, int], first_atom: int) -> None:
    target = str(child.attrs.get("href", ""))
    text = "".join(atom.text for atom in reading.atoms[first_atom:])
    end = _link_end(reading.lines.shown[reading.index], reading.offset, target)
    reading.links.append(Link(text, target, reading.place(start, (reading.index, end))))
    reading.offset = end


def _link_end(line: str, after_text: int, target: str) -> int:
    """Where a link ends, its text having ended at `after_text`: behind `](target)`, `][name]`, `]` or `>`."""
    closed = _LINK_CLOSED.match(line, after_text)
    if closed is None:
        return min(after_text + 1, len(line))
    if not closed[1]:
        return closed.end()
    written = line.find(target, closed.end()) if closed[1] == "(" else -1
    closing = line.find(")" if closed[1] == "(" else "]", closed.end() if written < 0 else written + len(target))
    return len(line) if closing < 0 else closing + 1


def _html(reading: _Reading, content: str) -> None:
    if content.startswith("<!--"):
        reading.comments.append(content)
        return
    tag = _TAG.match(content)
    if tag is None or tag[1].lower() not in _HTML:
        _text(reading, content)  # `<pod-name>` is no HTML to whoever wrote it
    elif tag[1].lower() == "br":
        reading.atoms.append(Atom(" ", reading.index, reading.offset, reading.offset))
