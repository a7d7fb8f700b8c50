"""Every placeholder of a guide, with each of its places, and those that nothing fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Item, Paragraph, Place, Section, Table
from opsguide.guide.placeholders import find

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from opsguide.core.block import Node
    from opsguide.guide.placeholders import Filler
    from opsguide.guide.walk import Step

_SHELL = frozenset({"bash", "sh", "shell", "zsh", "console", "fish", "dockerfile", "makefile", "make"})


def survey(
    files: Iterable[tuple[str, Sequence[Step]]], fill: Filler, secrets: Container[str]
) -> tuple[Mapping[str, tuple[Place, ...]], tuple[str, ...]]:
    """Names as written with the lines they stand on, and the names without a value, in the order of the guide.

    files: path and steps of each. `${X}` has a value where a secret has that name. `$X`, and `${X}` in shell code, are
    named and ask for nothing: the shell has variables of its own.
    """
    found: dict[str, dict[Place, None]] = {}
    unfilled: dict[str, None] = {}
    for path, steps in files:
        for step in steps:
            if step.ignored or isinstance(step.node, Section):
                continue
            for number, text, code, language in _texts(step.node):
                for name, filled in _names(text, fill, secrets, code=code, language=language):
                    found.setdefault(name, {})[Place(path, number, number)] = None
                    if not filled:
                        unfilled[name] = None
    return {name: tuple(places) for name, places in found.items()}, tuple(unfilled)


def _texts(node: Node) -> Iterator[tuple[int, str, bool, str]]:
    """Texts that may hold placeholders: line, text, whether it is code, language."""
    match node:
        case Fence():
            yield from ((line.number, line.text, True, node.language) for line in node.lines)
        case Paragraph():
            yield from ((line.number, line.text, False, "") for line in node.lines)
            yield from ((code.place.line, code.text, True, "") for code in node.codes)
        case Item():
            yield node.place.line, node.text, False, ""
            yield from ((code.place.line, code.text, True, "") for code in node.codes)
        case Table():
            for row in node.rows:
                for cell in row.cells:
                    yield cell.place.line, cell.text, False, ""
                    yield from ((code.place.line, code.text, True, "") for code in cell.codes)


def _names(
    text: str, fill: Filler, secrets: Container[str], *, code: bool, language: str
) -> Iterator[tuple[str, bool]]:
    """Names in a text, and whether each has a value."""
    bound = fill.bound(text)
    yield from ((text[start:end], True) for start, end in bound)
    for found in find(text, code=code, language=language):
        if any(start < found.end and found.start < end for start, end in bound):
            continue
        own = found.reference and (language in _SHELL or not found.name.startswith("${"))
        yield found.name, own or (found.reference and found.name.strip("${}") in secrets)
