"""YAML whose every key and value knows its line: text to nodes, without running anything and without blowing up.

Built from the parser's events, not by its composer: depth and aliases are counted here, so that a hostile block can
neither exhaust the stack nor expand without end. YAML 1.1 as PyYAML reads it; dates stay text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_DEPTH = 60
MAX_SHARED = 20_000
"""How many nodes aliases may stand for altogether, beyond those that are written."""


class YamlFault(Exception):  # noqa: N818 -- the guide's fault, shown as a sentence
    """The text is no usable YAML. line, column: 1-based in the text; hint: the smallest change that would help.

    first: for what stands twice, the line where it stands first; else 0. No line is in the message: lines of the text
    are not lines of the file.
    """

    def __init__(self, line: int, column: int, message: str, hint: str, first: int = 0) -> None:
        """Keep the place beside the sentence."""
        super().__init__(message)
        self.first = first
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint


Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A scalar, sequence or mapping with its place in the text (1-based; `end_line` is the last line of its content).

    text: a scalar as written, quotes undone ("" for collections). value: plain Python, mapping keys as text.
    pairs: a mapping's keys and values, merge keys (`<<`) resolved, a later duplicate of a key left out.
    children: a sequence's elements. repeated: keys that stood there already, with the line of the first in `.first`.
    """

    kind: str
    line: int
    column: int
    end_line: int
    text: str = ""
    value: Any = None
    style: str = ""
    pairs: tuple[tuple[Node, Node], ...] = ()
    children: tuple[Node, ...] = ()
    repeated: tuple[YamlFault, ...] = ()
    size: int = 1
    lines: tuple[str, ...] = ()

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return self.kind == "mapping"

    @property
    def is_sequence(self) -> bool:
        """Whether it is a list."""
        return self.kind == "sequence"

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value."""
        return self.kind == "scalar"

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None (also where this is no mapping)."""
        return next((value for name, value in self.pairs if name.text == key), None)

    def key(self, key: str) -> Node | None:
        """The node of the key itself, for its place."""
        return next((name for name, _ in self.pairs if name.text == key), None)

    def items(self) -> Iterator[tuple[Node, Node]]:
        """Key and value nodes of a mapping, in the order written."""
        return iter(self.pairs)

    def at(self, path: Sequence[str | int]) -> Node | None:
        """The node at the end of a path of keys and positions, or None where it leads nowhere."""
        found: Node | None = self
        for step in path:
            if found is None:
                return None
            if isinstance(step, int):
                found = found.children[step] if -len(found.children) <= step < len(found.children) else None
            else:
                found = found.get(step)
        return found

    def locate(self, offset: int) -> tuple[int, int]:
        """Line and column of the character `offset` of a scalar's text; its start where quoting makes that unclear."""
        if self.style in {"|", ">"}:
            return self._in_block(offset)
        if self.line != self.end_line:
            return self.line, self.column
        quoted = 1 if self.style in {"'", '"'} else 0
        source = self.lines[self.line - 1][self.column - 1 + quoted :]
        return self.line, self.column + (quoted + offset if source.startswith(self.text) else 0)

    def _in_block(self, offset: int) -> tuple[int, int]:
        rows = self.lines[self.line : self.end_line]
        first = next((row for row in rows if row.strip()), "")
        indent = len(first) - len(first.lstrip(" "))
        for number, row in enumerate(rows, start=self.line + 1):
            length = max(len(row) - indent, 0)
            if offset <= length:
                return number, indent + offset + 1
            offset -= length + 1
        return self.line, self.column


def load(text: str) -> list[Node]:
    """Every document of `text` that is not empty; raises YamlFault where it is no YAML, nests or shares too much."""
    builder = _Builder(tuple(text.split("\n")))
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _fault(error, text) from None
    return builder.documents


def repeated_keys(node: Node) -> list[YamlFault]:
    """Every key that stands twice in one mapping, anywhere below `node`."""
    found = list(node.repeated)
    for child in (*(value for _, value in node.pairs), *node.children):
        found += repeated_keys(child)
    return found


class _Scalars(yaml.CSafeLoader):
    """PyYAML's own rules for what a plain scalar is."""

    def __init__(self) -> None:
        super().__init__("")

    def read(self, text: str, *, plain: bool) -> Any:
        """The Python value of a scalar; dates and unknown tags stay text."""
        tag = self.resolve(yaml.ScalarNode, text, (plain, not plain))  # type: ignore[no-untyped-call] # not in the stubs
        build = _PLAIN.get(tag)
        if build is None:
            return text
        try:
            return build(self, yaml.ScalarNode(tag, text))
        except ValueError:
            return text


_PLAIN: dict[str, Any] = {
    "tag:yaml.org,2002:null": lambda _loader, _node: None,
    "tag:yaml.org,2002:bool": yaml.CSafeLoader.construct_yaml_bool,
    "tag:yaml.org,2002:int": yaml.CSafeLoader.construct_yaml_int,
    "tag:yaml.org,2002:float": yaml.CSafeLoader.construct_yaml_float,
}


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    event: Any
    nodes: list[Node]


class _Builder:
    """Folds the parser's events into nodes, iteratively."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.documents: list[Node] = []
        self._lines = lines
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._shared = 0
        self._scalars = _Scalars()

    def take(self, event: Any) -> None:
        """Take the next event."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end(event)
        elif isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _begin(self, event: Any) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise _at(event, f"nested more than {MAX_DEPTH} deep", "flatten it: no file of this kind nests so deep")
        self._open.append(_Open(event, []))

    def _end(self, event: Any) -> None:
        opened = self._open.pop()
        start, nodes = opened.event, opened.nodes
        line, column = start.start_mark.line + 1, start.start_mark.column + 1
        last = event.end_mark.line + 1 if start.flow_style else max((n.end_line for n in nodes), default=line)
        size = 1 + sum(node.size for node in nodes)
        if isinstance(start, yaml.SequenceStartEvent):
            value: Any = [node.value for node in nodes]
            node = Node("sequence", line, column, last, value=value, children=tuple(nodes), size=size)
        else:
            pairs, repeated = _pairs(list(zip(nodes[::2], nodes[1::2], strict=True)))
            value = {name.text: child.value for name, child in pairs}
            node = Node("mapping", line, column, last, value=value, pairs=pairs, repeated=repeated, size=size)
        self._put(node, start.anchor)

    def _scalar(self, event: Any) -> Node:
        style = event.style or ""
        plain = style == "" and event.implicit[0]
        start, end = event.start_mark, event.end_mark
        last = end.line + 1
        if style in {"|", ">"} or (end.column == 0 and end.line > start.line):
            last = self._trim(start.line + 1, end.line + (end.column > 0))
        value = self._scalars.read(event.value, plain=plain)
        place = (start.line + 1, start.column + 1, last)
        return Node("scalar", *place, text=event.value, value=value, style=style, lines=self._lines)

    def _trim(self, first: int, last: int) -> int:
        while last > first and not self._lines[last - 1].strip():
            last -= 1
        return max(first, last)

    def _alias(self, event: Any) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise _at(
                event, f"*{event.anchor} names no anchor before it", f"write &{event.anchor} at the value it means"
            )
        self._shared += node.size
        if self._shared > MAX_SHARED:
            raise _at(
                event, "aliases expand beyond all bounds", "write the repeated part once, without aliases in aliases"
            )
        self._put(node, None)

    def _put(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].nodes.append(node)
        elif node.value is not None:
            self.documents.append(node)


def _pairs(nodes: list[tuple[Node, Node]]) -> tuple[tuple[tuple[Node, Node], ...], tuple[YamlFault, ...]]:
    """Keys and values with merge keys resolved (own keys win), and the keys that repeat."""
    found: dict[str, tuple[Node, Node]] = {}
    merged: dict[str, tuple[Node, Node]] = {}
    repeated: list[YamlFault] = []
    for name, value in nodes:
        if name.text == "<<" and not name.style:
            for source in (value, *value.children):
                for pair in source.pairs:
                    merged.setdefault(pair[0].text, pair)
        elif name.text in found:
            first = found[name.text][0].line
            said = f"{name.text} stands twice in one mapping, and readers of YAML silently take one of them"
            repeated.append(YamlFault(name.line, name.column, said, "keep one of the two", first))
        else:
            found[name.text] = (name, value)
    return tuple({**merged, **found}.values()), tuple(repeated)


def _at(event: Any, message: str, hint: str) -> YamlFault:
    return YamlFault(event.start_mark.line + 1, event.start_mark.column + 1, message, hint)


def _fault(error: yaml.YAMLError, text: str) -> YamlFault:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error).split("\n")[0]
    if mark is None:
        return YamlFault(1, 1, f"no valid YAML: {problem}", "take out what is no plain text")
    opened = _never_closed(error, text)
    if opened is not None:
        return opened
    line, column = mark.line + 1, mark.column + 1
    rows = text.split("\n")
    row = rows[line - 1] if line <= len(rows) else ""
    return YamlFault(line, column, f"no valid YAML: {_WORDED.get(problem, problem)}", _hint(problem, row, column))


def _never_closed(error: yaml.YAMLError, text: str) -> YamlFault | None:
    """A bracket or quote without its end, at the place where it opens: the parser stumbles lines later."""
    mark, context = getattr(error, "context_mark", None), getattr(error, "context", None) or ""
    if mark is None or not context.endswith(("flow sequence", "flow mapping", "quoted scalar")):
        return None
    opening = text.split("\n")[mark.line][mark.column : mark.column + 1]
    if opening not in _CLOSING:
        return None
    wrong, hint = f"no valid YAML: this {opening} is not closed", f"close it with {_CLOSING[opening]}"
    return YamlFault(mark.line + 1, mark.column + 1, wrong, f"{hint}, or quote the whole value")


_CLOSING = {"[": "]", "{": "}", '"': '"', "'": "'"}
_WORDED = {
    "did not find expected key": "a key was expected here",
    "did not find expected '-' indicator": "a list item, - , was expected here",
    "did not find expected <document start>": "this belongs to nothing above it",
    "mapping values are not allowed in this context": "a colon stands in a value, or a key below a value",
    "could not find expected ':'": "the line above is a key without its colon",
}
"""The parser's own words where they are jargon, said plainly."""


def _hint(problem: str, row: str, column: int) -> str:
    before = row[: column - 1]
    if "\t" in before or "\t" in row[: len(row) - len(row.lstrip())]:
        return "indent with spaces, not with a tab"
    if "mapping values are not allowed" in problem:
        return "quote the value that holds the colon, or indent the key under its parent"
    if "cannot start any token" in problem and row[column - 1 : column] in {"%", "@", "`"}:
        return f"quote the value that begins with {row[column - 1]}"
    if "did not find expected" in problem and ("]" in row or "}" in row or "'" in row or '"' in row):
        return "close the quote or bracket of this line or the one above, or quote the whole value"
    if "did not find expected" in problem:
        return "bring the line to the same indent as its neighbours"
    return "mend the syntax at this place"
