"""Every node of a file in the order of the guide, with what its headings and annotations say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from opsguide.core.block import EMPTY, Fence, Html, Inherited, Item, Paragraph, Section, Status, Table
from opsguide.guide.annotations import annotation_of
from opsguide.guide.inherit import annotated, inherit, inherit_intro, inherit_title, marked_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opsguide.core.block import Block, Heading, Node
    from opsguide.core.guide import GuideFile


@dataclass(frozen=True, slots=True)
class Step:
    """One node and where it stands. ignored: an annotation says that it states nothing."""

    node: Node
    path: tuple[Heading, ...]
    inherited: Inherited
    annotation: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    ignored: bool = False


def walk(file: GuideFile, root: Inherited = Inherited()) -> Iterator[Step]:  # noqa: B008 -- frozen
    """Sections before their blocks, blocks in order. root: what holds for the whole file (front matter)."""
    yield from _Walk(file).section(file.root, (), root, ignored=False)


class _Walk:
    """Carries an annotation to the node that follows it."""

    def __init__(self, file: GuideFile) -> None:
        self.lines = file.lines
        self.native = file.native
        self.pending: dict[str, str] = {}
        self.listed: dict[str, str] = {}
        self.off = False
        self.titled = False

    def section(
        self, section: Section, path: tuple[Heading, ...], above: Inherited, *, ignored: bool
    ) -> Iterator[Step]:
        annotation = self._take()
        inherited = above
        if section.heading is not None:
            path = (*path, section.heading)
            title = not self.titled and section.heading.level == 1
            inherited = (inherit_title if title else inherit)(above, section.heading.words)
            self.titled = True
        inherited = annotated(inherited, annotation)
        ignored = ignored or "ignore" in annotation
        yield Step(section, path, inherited, annotation, ignored or self.off)
        for block in section.blocks:
            yield from self._block(block, path, inherited, ignored=ignored)
        self.listed = {}
        for inner in section.sections:
            yield from self.section(inner, path, inherited, ignored=ignored)

    def _take(self) -> dict[str, str]:
        taken, self.pending = self.pending, {}
        return taken

    def _block(self, block: Block, path: tuple[Heading, ...], above: Inherited, *, ignored: bool) -> Iterator[Step]:
        comment = annotation_of(block.text) if isinstance(block, Html) else None
        if comment is not None:
            self._comment(comment)
            return
        annotation = self._annotation(block)
        inherited = annotated(_by_own_words(block, above), annotation)
        yield Step(block, path, inherited, annotation or EMPTY, ignored or self.off or "ignore" in annotation)

    def _comment(self, comment: dict[str, str]) -> None:
        if "ignore-start" in comment:
            self.off = True
        elif "ignore-end" in comment:
            self.off = False
        else:
            self.pending |= comment

    def _annotation(self, block: Block) -> dict[str, str]:
        """A comment above a list holds for its items as far as they follow each other; its `id` for the first only."""
        annotation = self._take()
        if isinstance(block, Item):
            annotation = {**self.listed, **annotation}
            self.listed = {key: value for key, value in annotation.items() if key != "id"}
        else:
            self.listed = {}
        if isinstance(block, Fence):
            return {**annotation, **block.attributes}
        if isinstance(block, Item | Paragraph) and not self.native:
            written = "\n".join(self.lines[block.place.line - 1 : block.place.end_line])
            return {**annotation, **(annotation_of(written) or {})}
        return annotation


def _by_own_words(block: Block, above: Inherited) -> Inherited:
    """What the words around and in a block add to what its headings say."""
    if isinstance(block, Item | Fence | Table):
        above = inherit_intro(above, block.intro)
    if above.status is not Status.ACTIVE:
        return above
    text = (
        block.intro if isinstance(block, Fence | Table) else block.text if isinstance(block, Item | Paragraph) else ""
    )
    status = marked_status(text) if text else Status.ACTIVE
    return above if status is Status.ACTIVE else replace(above, status=status)
