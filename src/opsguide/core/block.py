"""What the guide compiler hands to the kinds: sections and blocks, each with its exact place in the file.

Lines and columns are 1-based and count in the file as it is on disk. `text` is what a reader sees (markup removed,
mis-decoded decoration repaired); `source` is the line as written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one file. `end_column` 0 means to the end of `end_line`; otherwise it is exclusive."""

    file: str
    line: int
    end_line: int
    column: int = 1
    end_column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, as editors understand it; a line of 0 is none: the fault is of `file` as a whole."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Line:
    """One source line of a block: its number, its text, and how many columns of indent or markup were cut before it."""

    number: int
    text: str
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """A `**Name**: value` pair of a bullet or of a paragraph line (colon inside or outside the bold, or a dash)."""

    name: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the guide: `target` as written, percent-decoding undone."""

    text: str
    target: str
    place: Place


@dataclass(frozen=True, slots=True)
class Code:
    """An inline code span."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. Match on `words`, show `text`.

    words: `text` lower-cased, with leading decoration and numbering removed.
    """

    level: int
    text: str
    words: str
    place: Place


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph. `lines` are its source lines; several labels may stand in one paragraph."""

    place: Place
    text: str
    lines: tuple[Line, ...]
    labels: tuple[Label, ...] = ()
    links: tuple[Link, ...] = ()
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One list item without its nested lists and blocks (those follow as blocks of their own, with greater depth).

    ordinal: its number in an ordered list, else None. checked: None where there is no checkbox.
    intro: text of the parent item, or of the paragraph that stands right above the list, else "".
    """

    place: Place
    text: str
    depth: int
    ordinal: int | None = None
    checked: bool | None = None
    label: Label | None = None
    links: tuple[Link, ...] = ()
    codes: tuple[Code, ...] = ()
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block, fenced or indented. `lines` are its content lines with their numbers in the file.

    language: first word of the info string, lower case, or "". attributes: the JSON object after it, values as text.
    """

    place: Place
    language: str
    lines: tuple[Line, ...]
    attributes: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    intro: str = ""

    @property
    def text(self) -> str:
        """The content, lines joined by newlines; line i of it is `lines[i]`."""
        return "\n".join(line.text for line in self.lines)

    def place_of(self, line: int, end_line: int = 0, column: int = 1) -> Place:
        """The place in the file of lines of `text`, 1-based; what lies outside is taken to its nearest line."""
        first = self.lines[min(max(line, 1), len(self.lines)) - 1]
        last = self.lines[min(max(end_line, line, 1), len(self.lines)) - 1]
        return Place(self.place.file, first.number, last.number, column + (first.cut if column > 1 else 0))


@dataclass(frozen=True, slots=True)
class Cell:
    r"""One table cell; `text` with markup and code ticks removed, `\|` undone."""

    text: str
    place: Place
    codes: tuple[Code, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One body row of a table; as many cells as the header has (missing ones are empty)."""

    place: Place
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its header and body rows."""

    place: Place
    header: tuple[Cell, ...]
    rows: tuple[Row, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Html:
    """A raw HTML block or comment."""

    place: Place
    text: str


type_of_block = (Paragraph, Item, Fence, Table, Html)
Block = Paragraph | Item | Fence | Table | Html


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its own blocks in order and its sub-sections. The root section of a file has no heading."""

    heading: Heading | None
    place: Place
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...]


Node = Block | Section


class Polarity(StrEnum):
    """What a condition under this heading describes: the good state, or the bad one that is told about."""

    NORMAL = "normal"
    ALERT = "alert"


class Status(StrEnum):
    """How the guide means a statement. Only active ones go live."""

    ACTIVE = "active"
    PLANNED = "planned"
    EXAMPLE = "example"
    REFERENCE = "reference"
    RESTATED = "restated"


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the heading path says about every block below it; the nearest heading wins field by field.

    severity: critical, warning, info, or the guide's own level in lower case. cadence: daily, weekly, monthly,
    quarterly, yearly. at: HH:MM. channels: lower-case integration words ("pagerduty", "slack", "email", "sms").
    """

    severity: str | None = None
    channels: tuple[str, ...] = ()
    cadence: str | None = None
    at: str | None = None
    status: Status = Status.ACTIVE
    polarity: Polarity | None = None
    sli: str | None = None
    scope: str | None = None
    environment: str | None = None
