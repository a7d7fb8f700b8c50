"""Markdown to the blocks and sections of core/block, each with its exact lines."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from opsguide.core.block import EMPTY, Fence, Heading, Html, Item, Line, Paragraph, Place, Section
from opsguide.core.guide import GuideFile
from opsguide.core.mend import Level, Mend
from opsguide.guide.encoding import decode
from opsguide.guide.front import Front, read_front
from opsguide.guide.headings import heading_words
from opsguide.guide.inline import read_inline
from opsguide.guide.labels import Words, item_label, paragraph_labels
from opsguide.guide.tables import read_table
from opsguide.guide.tokens import MAX_NESTING, tokens_of, too_deep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markdown_it.token import Token

    from opsguide.core.block import Block
    from opsguide.guide.encoding import Decoded
    from opsguide.guide.inline import Atom, Inline

_CHECKBOX = re.compile(r"\[([ xX])\](?:\s+|$)")
_RUNME = re.compile(r"([\w.-]+)=(?:\"([^\"]*)\"|(\S+))")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file as read: the file, its front matter, and what was wrong with it."""

    file: GuideFile
    front: Front
    mends: tuple[Mend, ...]


def parse_file(path: str, data: bytes) -> Parsed:
    """Read one Markdown file, whatever its bytes are."""
    lines = decode(path, data)
    tokens = tokens_of(lines.shown)
    mends = list(lines.mends)
    front = Front()
    if tokens and tokens[0].type == "front_matter":
        front = read_front(path, tokens[0].content, (tokens[0].map or [0, 1])[1], mends)
    deep = too_deep(tokens)
    if deep is not None and deep.map:
        at = Place(path, deep.map[0] + 1, deep.map[0] + 1)
        wrong = f"lists or quotes are nested more than {MAX_NESTING // 2} deep; what lies deeper is not read"
        mends.append(Mend(at, wrong, "write it flatter", "file/nesting", Level.WARNING))
    tree = _Tree(path, lines, Words(front.labels))
    tree.read(tokens)
    file = GuideFile(path, lines.disk, tree.finish(), tuple(tree.headings), front.pairs)
    return Parsed(file, front, tuple(mends))


@dataclass(slots=True)
class _Open:
    """A section that is still being filled."""

    heading: Heading | None
    level: int
    line: int
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """A container (file, quote, list or item) that is open. above: the paragraph right above; text: the item's own."""

    type: str
    token: Token | None = None
    intro: str = ""
    text: str = ""
    above: str = ""
    depth: int = 0
    stated: bool = True

    @property
    def leads(self) -> str:
        return self.above or self.text


class _Tree:
    """Walks the tokens once and builds the sections."""

    def __init__(self, path: str, lines: Decoded, words: Words) -> None:
        self.path = path
        self.lines = lines
        self.words = words
        self.headings: list[Heading] = []
        self._open = [_Open(None, 0, 1)]
        self._frames = [_Frame("file")]

    def read(self, tokens: list[Token]) -> None:
        index = 0
        while index < len(tokens):
            index = self._token(tokens, index)

    def finish(self) -> Section:
        last = len(self.lines.disk)
        while len(self._open) > 1:
            self._close(last)
        root = self._open[0]
        return Section(None, Place(self.path, 1, last), tuple(root.blocks), tuple(root.sections))

    def _token(self, tokens: list[Token], index: int) -> int:
        token = tokens[index]
        match token.type:
            case "heading_open" if len(self._frames) == 1:
                self._heading(token, tokens[index + 1])
                return index + 3
            case "heading_open" | "paragraph_open":
                self._paragraph(token, tokens[index + 1])
                return index + 3
            case "fence" | "code_block":
                self._fence(token)
            case "table_open":
                return self._table(tokens, index)
            case "html_block":
                self._html(token)
            case "bullet_list_open" | "ordered_list_open":
                self._list(token)
            case "list_item_open":
                outer = self._frames[-1]
                self._frames.append(_Frame("item", token, outer.intro, depth=outer.depth, stated=False))
            case "blockquote_open":
                self._state_item()
                self._frames.append(_Frame("quote", token, text=self._frames[-1].leads, depth=self._frames[-1].depth))
            case "list_item_close":
                self._state_item()
                self._frames.pop()
            case "bullet_list_close" | "ordered_list_close" | "blockquote_close":
                self._frames.pop()
                self._frames[-1].above = ""
            case "hr":
                self._frames[-1].above = ""
        return index + 1

    def _span(self, token: Token) -> tuple[int, int]:
        """First and last line of a token, 0-based, inside the file."""
        first, end = token.map or [0, 1]
        last = len(self.lines.disk) - 1
        return min(first, last), min(max(end - 1, first), last)

    def _place(self, first: int, last: int) -> Place:
        shown = self.lines.shown[first]
        return Place(self.path, first + 1, last + 1, self.lines.column(first, len(shown) - len(shown.lstrip())))

    def _heading(self, token: Token, inline: Token) -> None:
        first, last = self._span(token)
        level = int(token.tag[1])
        text = read_inline(self.path, self.lines, inline, first, last).text
        heading = Heading(level, text, heading_words(text), self._place(first, last))
        while self._open[-1].level >= level:
            self._close(first)
        self._open.append(_Open(heading, level, first + 1))
        self.headings.append(heading)
        self._frames[-1].above = ""

    def _close(self, end_line: int) -> None:
        done = self._open.pop()
        place = Place(self.path, done.line, max(end_line, done.line))
        section = Section(done.heading, place, tuple(done.blocks), tuple(done.sections))
        self._open[-1].sections.append(section)

    def _add(self, block: Block) -> None:
        self._open[-1].blocks.append(block)

    def _list(self, token: Token) -> None:
        self._state_item()
        outer = self._frames[-1]
        depth = outer.depth + 1 if outer.type == "item" else outer.depth
        self._frames.append(_Frame("list", token, intro=outer.leads, depth=depth))

    def _state_item(self) -> None:
        """An item that begins with no paragraph (a fence, a list) stands as an empty item at its marker."""
        frame = self._frames[-1]
        if frame.stated or frame.token is None:
            return
        frame.stated = True
        first, _ = self._span(frame.token)
        self._add(Item(self._place(first, first), "", frame.depth, _ordinal(frame.token), intro=frame.intro))

    def _paragraph(self, token: Token, content: Token) -> None:
        first, last = self._span(token)
        frame = self._frames[-1]
        start = self._start(frame, first)
        inline = read_inline(self.path, self.lines, content, first, last, start)
        if frame.stated:
            self._add(self._plain(inline, content, first, last))
            frame.above = inline.text
        else:
            item = self._item(frame, inline, first, last)
            self._add(item)
            frame.stated = True
            frame.text = item.text

    def _start(self, frame: _Frame, first: int) -> int:
        """Offset behind the marker of an item that opens on this line, so that `1. 1` is not found in its marker."""
        shown = self.lines.shown[first]
        at = len(shown) - len(shown.lstrip(" \t>"))
        token = frame.token
        if frame.stated or token is None or self._span(token)[0] != first:
            return at
        marker = token.info + token.markup
        found = shown.find(marker, at)
        return at if found < 0 else found + len(marker)

    def _item(self, frame: _Frame, inline: Inline, first: int, last: int) -> Item:
        text, checked, atoms = inline.text, None, inline.atoms
        box = _CHECKBOX.match(text)
        if box and atoms and atoms[0].text.startswith(box[0].rstrip()):
            checked = box[1] != " "
            text = text[box.end() :]
            atoms = (_cut(atoms[0], box.end()), *atoms[1:])
        return Item(
            self._place(first, last),
            text,
            frame.depth,
            _ordinal(frame.token),
            checked,
            item_label(self.path, self.lines, atoms, self.words),
            inline.links,
            inline.codes,
            frame.intro,
        )

    def _plain(self, inline: Inline, content: Token, first: int, last: int) -> Paragraph:
        written = content.content.split("\n")
        lines = tuple(self._line(first + number, text) for number, text in enumerate(written) if first + number <= last)
        labels = paragraph_labels(self.path, self.lines, inline.atoms, self.words)
        return Paragraph(self._place(first, last), inline.text, lines, labels, inline.links, inline.codes)

    def _line(self, index: int, text: str) -> Line:
        """A content line with what stands before it on disk cut; code is given as on disk, never repaired."""
        shown, disk = self.lines.shown[index], self.lines.disk[index]
        if not shown.endswith(text):
            return Line(index + 1, text, len(shown) - len(shown.lstrip()))
        cut = len(shown) - len(text)
        if index in self.lines.repaired and disk[:cut] == shown[:cut]:
            return Line(index + 1, disk[cut:], cut)
        return Line(index + 1, text, cut)

    def _fence(self, token: Token) -> None:
        self._state_item()
        first, last = self._span(token)
        begin = first + 1 if token.type == "fence" else first
        written = token.content.removesuffix("\n").split("\n") if token.content else []
        lines = tuple(self._line(begin + number, text) for number, text in enumerate(written) if begin + number <= last)
        language, attributes = fence_info(token.info)
        frame = self._frames[-1]
        self._add(Fence(self._place(first, last), language, lines, attributes, frame.leads))
        frame.above = ""

    def _table(self, tokens: list[Token], index: int) -> int:
        self._state_item()
        end = index
        while tokens[end].type != "table_close":
            end += 1
        frame = self._frames[-1]
        self._add(read_table(self.path, self.lines, tokens[index : end + 1], frame.leads))
        frame.above = ""
        return end + 1

    def _html(self, token: Token) -> None:
        self._state_item()
        first, last = self._span(token)
        while last > first and not self.lines.shown[last].strip():
            last -= 1
        self._add(Html(self._place(first, last), token.content.strip()))


def _ordinal(token: Token | None) -> int | None:
    return int(token.info) if token is not None and token.info.isdecimal() else None


def _cut(atom: Atom, count: int) -> Atom:
    """The atom without its first characters (a checkbox)."""
    count = min(count, len(atom.text))
    return replace(atom, text=atom.text[count:], offset=min(atom.offset + count, atom.end))


def fence_info(info: str) -> tuple[str, Mapping[str, str]]:
    """Language and attributes of an info string: `sh {"name":"x"}`, and the older `sh { name=x }`."""
    language, _, rest = info.strip().partition(" ")
    if "{" in language:
        language, _, more = language.partition("{")
        rest = f"{{{more} {rest}"
    rest = rest.strip()
    if not rest.startswith("{"):
        return language.lower(), EMPTY
    return language.lower(), _attributes(rest)


def _attributes(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {match[1]: match[2] or match[3] or "" for match in _RUNME.finditer(text.strip("{} "))}
    if not isinstance(found, dict):
        return EMPTY
    return {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}
