"""Reads the service from the guide's title, or from the first paragraph that says what the guide is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Item, Paragraph, Section, Table
from opsguide.core.nouns import Claim
from opsguide.kinds.service.spec import ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Block, Node, Place
    from opsguide.core.kind import Context

_GENERIC = re.compile(
    r"\b(site|service)?\s*"
    r"(operations?|operational|operating|ops|sre|production|on-?call|maintenance|incident( response)?)"
    r"(\s*(&|and)\s*\w+)?"
    r"\s+(guides?|manuals?|handbook|documentation|docs|runbooks?|playbooks?|procedures?)\b"
    r"|\b(guide|manual|handbook|documentation|docs|runbooks?|playbooks?|readme|operations|table of contents)\b",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    [
        *("service", "services", "system", "systems", "the", "a", "an", "our", "my", "for", "of", "and", "to", "in"),
        *("production", "application", "applications", "project", "team"),
    ]
)
_ABOUT = re.compile(r"\b(guide|document|documentation|runbook|manual|handbook|playbook|page|file)\b", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:of|for|managing|maintaining|operating|running|monitoring|supporting|administering)\s+"
    r"(?:the\s+(?P<the>[^.,;:()]{2,80}?)|(?P<proper>[A-Z][\w.+-]*(?:\s+[A-Z][\w.+-]*){0,6}))"
    r"(?:\s+(?:in|on|at)\s+(?:the\s+|our\s+)?(?P<environment>\w+)\s+environments?|\s+in\s+(?P<bare>production|staging))?"
    r"\s*(?=[.,;:()]|$|\s(?:and|including|running|deployed|on|at)\s)"
)
_ENVIRONMENTS = frozenset(
    ["production", "prod", "staging", "stage", "development", "dev", "test", "testing", "qa", "uat"]
)
_CODE_WITH_BRACKETS = frozenset(
    [
        *("json", "javascript", "js", "typescript", "ts", "jsx", "tsx", "python", "py", "go", "java", "rust", "ruby"),
        *("c", "cpp", "csharp", "hcl", "toml", "ini", "xml", "html", "promql", "php"),
    ]
)
LOOKED_AT = 3
"""How many sections from the top may hold the first paragraph: an overview stands first or after the contents."""


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    environment: str | None
    place: Place


def read(node: Node, context: Context) -> Iterator[Claim[ServiceSpec]]:
    """One claim at the guide's first heading or paragraph; none where neither names anything."""
    if not isinstance(node, Section) or node.heading is None or node.heading.level != 1 or len(context.path) > 1:
        return
    if context.title and node.heading.text != context.title:
        return
    found = _title(node.heading.text, node.heading.place) or _paragraph(node)
    if found is None:
        return
    name = context.fill(found.name)
    environment = found.environment or context.inherited.environment
    needs = tuple(dict.fromkeys((*name.needs, *_needs(node, context))))
    where = f" in {environment}" if environment else ""
    yield Claim(
        kind="service",
        title=name.text,
        subject=found.name,
        place=found.place,
        spec=ServiceSpec(name.text, environment),
        understood=f"this guide is about {name.text}{where}; every name it leaves open has a value",
        needs=needs,
    )


def _title(text: str, place: Place) -> _Named | None:
    """What is left of a title without the words that every guide bears: "inventory-service - Operations Guide"."""
    left = _GENERIC.sub(" ", text)
    left = re.sub(r"^(\W|\b(for|of|the)\b)+|\W+$", "", left.strip(), flags=re.IGNORECASE)
    left = re.sub(r"\s+(-|–|—|:|\|)\s*$", "", left).strip()
    words = re.findall(r"[^\W\d_]{2,}", left.lower())
    if not words or all(word in _NO_NAMES for word in words):
        return None
    return _Named(" ".join(left.split()), None, place)


def _paragraph(section: Section) -> _Named | None:
    """The X of "maintenance of the X in production environments", where the paragraph speaks of the guide itself."""
    places = (section, *section.sections[:LOOKED_AT])
    for paragraph in (next((b for b in s.blocks if isinstance(b, Paragraph)), None) for s in places):
        if paragraph is None or not _ABOUT.search(paragraph.text):
            continue
        found = _NAMED.search(paragraph.text)
        if found is None:
            continue
        environment = (found["environment"] or found["bare"] or "").lower()
        known = environment if environment in _ENVIRONMENTS else None
        return _Named((found["the"] or found["proper"]).strip(), known, paragraph.place)
    return None


def _needs(section: Section, context: Context) -> Iterator[str]:
    for block in section.blocks:
        yield from _open(block, context)
    for inner in section.sections:
        yield from _needs(inner, context)


def _open(block: Block, context: Context) -> Iterator[str]:
    """The names that a block leaves open; code in which brackets mean something else is left alone."""
    match block:
        case Fence():
            if block.language not in _CODE_WITH_BRACKETS:
                yield from context.fill(block.text).needs
        case Paragraph() | Item():
            yield from context.fill(block.text, code=False).needs
            for code in block.codes:
                yield from context.fill(code.text).needs
        case Table():
            for cell in (cell for row in block.rows for cell in row.cells):
                yield from context.fill(cell.text, code=False).needs
                for code in cell.codes:
                    yield from context.fill(code.text).needs
