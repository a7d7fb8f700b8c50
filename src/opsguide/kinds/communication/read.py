"""Reads communication plans: labelled bullets, tables, and a plain list of steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Html, Item, Place, Section, Table
from opsguide.core.nouns import Claim
from opsguide.core.units import said
from opsguide.engines.levels import levels_in, read_level
from opsguide.kinds.communication.spec import Communication
from opsguide.kinds.communication.words import (
    AROUND,
    FOREIGN,
    HOME,
    PLAN,
    audience_of,
    channel_of,
    every_s,
    hours_of,
    is_updates,
    within_s,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from opsguide.core.block import Block, Heading, Node, Row
    from opsguide.core.kind import Context

_FIRST = re.compile(r"\b(?:initial|first)\b", re.IGNORECASE)
_WHO_COLUMN = re.compile(r"\b(?:audience|who|stakeholders?|recipients?|notify|informed|groups?)\b|对象")
_EVERY_COLUMN = re.compile(r"\b(?:update\w*|frequency|cadence|interval|how often)\b|频率")
_WHERE_COLUMN = re.compile(r"\b(?:channels?|method|medium|via|where)\b|渠道")
_WHEN_COLUMN = re.compile(r"\b(?:initial|first|timing|when|within)\b")
_LEVEL_COLUMN = re.compile(r"^(?:severity|severity level|level|priority|sev|incident level|级别|等级)$")
_AT_LEAST = 2
_TELLS = re.compile(
    r"^(?:notify|inform|update|create|post|send|publish|announce|tell|share|provide|schedule|prepare|draft|alert|page|call"
    r"|e-?mail|open|escalate|communicate|contact|set|document|keep|start|close|brief)\b",
    re.IGNORECASE,
)
_LONGEST_STEP = 160


def read(node: Node, context: Context) -> Iterator[Claim[Communication]]:
    """Statements of who is told what."""
    match node:
        case Item():
            yield from _item(node, context)
        case Table():
            yield from _table(node, context)
        case Section():
            yield from _section(node, context)


def _at_home(path: Sequence[Heading], intro: str = "") -> bool:
    """The nearest heading or the list's intro is about communication, and an incident is what it is about."""
    words = path[-1].words if path else ""
    if intro and HOME.search(intro) and (PLAN.search(intro) or _around(path)):
        return True
    if not HOME.search(words) or FOREIGN.search(words):
        return False
    return bool(PLAN.search(words)) or _around(path)


def _around(path: Sequence[Heading]) -> bool:
    return any(AROUND.search(heading.words) for heading in path)


def _claim(spec: Communication, subject: str, title: str, place: Place, context: Context) -> Claim[Communication]:
    return Claim(
        kind="communication",
        title=title,
        subject=subject,
        place=place,
        spec=spec,
        understood=_understood(spec),
        needs=context.fill(spec.text, code=False).needs,
    )


def _understood(spec: Communication) -> str:
    whom = spec.audience or "those concerned"
    levels = f" of {', '.join(spec.severities)}" if spec.severities else ""
    parts = [f"{whom} are told of incidents{levels}"]
    if spec.within_s is not None:
        parts.append("at once" if not spec.within_s else f"within {said(spec.within_s, 'seconds')}")
    if spec.every_s is not None:
        parts.append(f"again every {said(spec.every_s, 'seconds')}")
    parts += [f"in {spec.hours}"] if spec.hours else []
    parts += [f"by {spec.channel}"] if spec.channel else []
    steps = f": {'; '.join(spec.steps)}" if spec.steps else ""
    return ", ".join(parts) + steps


def _item(item: Item, context: Context) -> Iterator[Claim[Communication]]:
    """`**SEV-1/SEV-2**: ...`, `**Status updates**: every 30 minutes`, `**Customers**: status page`."""
    pinned = context.annotation.get("kind") == "communication"
    label = item.label
    if label is None or item.depth or item.checked is not None or not label.value.strip():
        return
    if not pinned and not _at_home(context.path, item.intro.lower()):
        return
    told = levels_in(label.name) or is_updates(label.name) or audience_of(label.name) or _FIRST.search(label.name)
    if told or pinned:
        spec = _spec(label.name, context.fill(label.value.strip(), code=False).text)
        yield _claim(spec, label.name, f"{label.name}: {spec.text}", item.place, context)


def _spec(name: str, text: str) -> Communication:
    both = f"{name}: {text}"
    # "Every 30 minutes for SEV-1" is about updates; "within 30 minutes" is about the first word.
    return Communication(
        text=text,
        audience=audience_of(name) or audience_of(text),
        severities=levels_in(name) or levels_in(text),
        every_s=every_s(both),
        within_s=within_s(text),
        hours=hours_of(text),
        channel=channel_of(both),
    )


def _table(table: Table, context: Context) -> Iterator[Claim[Communication]]:
    """`Severity | Audience | Update frequency | Channel`; a column of updates beside levels is enough."""
    header = [cell.text.strip().lower() for cell in table.header]
    columns = {
        field: index
        for field, pattern in (
            ("when", _WHEN_COLUMN),
            ("where", _WHERE_COLUMN),
            ("every", _EVERY_COLUMN),
            ("who", _WHO_COLUMN),
        )
        for index in [next((i for i, name in enumerate(header) if pattern.search(name)), -1)]
        if index >= 0
    }
    by_level = bool(header) and bool(_LEVEL_COLUMN.search(header[0]))
    home = _at_home(context.path)
    if not (by_level and ("every" in columns or (home and columns))) and not (home and "who" in columns):
        return
    if any(name.startswith(("alert", "task", "backup", "component")) for name in header):
        return
    for row in table.rows:
        yield from _row(row, columns, context, by_level=by_level)


def _row(row: Row, columns: Mapping[str, int], context: Context, *, by_level: bool) -> Iterator[Claim[Communication]]:
    texts = {field: context.fill(row.cells[index].text.strip(), code=False).text for field, index in columns.items()}
    first = row.cells[0].text.strip()
    if not first or (by_level and read_level(first) is None and not levels_in(first)):
        return
    spec = Communication(
        text="; ".join(cell.text.strip() for cell in row.cells[1:] if cell.text.strip()),
        audience=texts.get("who", ""),
        severities=levels_in(first)[:1] if by_level and read_level(first) else levels_in(first),
        every_s=_cadence(texts.get("every", "")),
        within_s=within_s(texts.get("when", "")),
        hours=hours_of(" ".join(texts.values())),
        channel=channel_of(texts.get("where", "")),
    )
    if any(value and value not in {"-", "–"} for value in texts.values()):
        yield _claim(spec, first, f"{first}: {spec.text}", row.place, context)


def _cadence(text: str) -> float | None:
    """In a column of frequencies "30 minutes" is every 30 minutes."""
    return every_s(text) or every_s(f"every {text}")


def _section(section: Section, context: Context) -> Iterator[Claim[Communication]]:
    """A plan that is a plain list of steps: "Create incident in status page", "Notify stakeholders via Slack"."""
    if section.heading is None or not _at_home(context.path) or _ignores(section.blocks):
        return
    items = [block for block in section.blocks if isinstance(block, Item) and not block.depth]
    if len(items) < _AT_LEAST or any(item.label is not None or len(item.text) > _LONGEST_STEP for item in items):
        return
    steps = tuple(context.fill(item.text.strip(), code=False).text for item in items)
    text = "; ".join(steps)
    if not (audience_of(text) or channel_of(text)) or not _tells(items):
        return
    spec = Communication(
        text=text,
        audience=audience_of(text),
        severities=levels_in(section.heading.text) or levels_in(text),
        every_s=every_s(text),
        within_s=within_s(text),
        hours=hours_of(text),
        channel=channel_of(text),
        steps=steps,
    )
    place = Place(section.place.file, items[0].place.line, items[-1].place.end_line)
    yield _claim(spec, section.heading.words, section.heading.text, place, context)


def _tells(items: Sequence[Item]) -> bool:
    """Half of a list's items say what to do, or each names who is told; else it lists conditions, or rules of style."""
    doing = sum(bool(_TELLS.search(item.text)) for item in items)
    return 2 * doing >= len(items) or all(audience_of(item.text) for item in items)


def _ignores(blocks: Iterable[Block]) -> bool:
    """An annotation that hides blocks is seen by who walks them one by one; here it hides the whole."""
    return any(isinstance(block, Html) and "opsguide:" in block.text and "ignore" in block.text for block in blocks)
