"""Reads severity levels: list items, tables, headings with labels, and times that stand in a list of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opsguide.core.block import Html, Item, Paragraph, Place, Section, Table
from opsguide.core.nouns import Claim
from opsguide.engines.levels import Level, level_key, read_level
from opsguide.kinds.severity.judge import times_of
from opsguide.kinds.severity.spec import Severity
from opsguide.kinds.severity.words import AROUND, HOME, elsewhere, field_of, limit_s, times_field, times_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from opsguide.core.block import Block, Heading, Node
    from opsguide.core.kind import Context

_FIRST_COLUMN = ("severity", "level", "priority", "sev", "class", "classification", "级别", "等级", "严重")
_OTHER_TABLES = ("alert", "threshold", "condition", "metric", "trigger", "expression", "cve")
_AT_LEAST = 2


def read(node: Node, context: Context) -> Iterator[Claim[Severity]]:
    """Levels that this node states."""
    match node:
        case Item():
            yield from _item(node, context)
        case Paragraph():
            yield from _lines(node, context)
        case Table():
            yield from _table(node, context)
        case Section():
            yield from _headed(node, context)
            yield from _titled(node, context)
            yield from _joined(node, context)


# ---- one claim -------------------------------------------------------------------------------------------------------


def _claim(
    level: Level, texts: Mapping[str, str], place: Place, context: Context, places: Sequence[Place] = ()
) -> Claim[Severity]:
    """texts: by field, as written. What follows the level's own name is its definition where there is no other."""
    definition = texts.get("definition", "") or level.rest
    texts = {**times_in(definition), **texts}
    filled = {name: context.fill(text, code=False) for name, text in {**texts, "definition": definition}.items()}
    spec = Severity(
        level=level.name,
        aliases=level.aliases,
        response_s=limit_s(texts.get("response", "")),
        resolution_s=limit_s(texts.get("resolution", "")),
        **{name: value.text.strip() for name, value in filled.items()},
    )
    return Claim(
        kind="severity",
        title=_title(spec),
        subject=level.name,
        place=place,
        spec=spec,
        understood=_understood(spec),
        needs=tuple(dict.fromkeys(name for value in filled.values() for name in value.needs)),
        places=tuple(places),
    )


def _title(spec: Severity) -> str:
    return spec.level + (f" ({', '.join(spec.aliases)})" if spec.aliases else "")


def _understood(spec: Severity) -> str:
    meaning = f", {spec.definition}" if spec.definition else ""
    return f"severity {_title(spec)}{meaning}: {times_of(spec) or 'no response or resolution time is stated'}"


# ---- lists -----------------------------------------------------------------------------------------------------------


def _item(item: Item, context: Context) -> Iterator[Claim[Severity]]:
    """`**SEV-1 (Critical)**: complete outage` below a heading or an intro about severities."""
    if item.depth or times_field(item.intro.lower()) or not _defines(item.intro.lower(), context):
        return
    found = _level_of(item)
    if found is not None:
        yield _claim(*found, item.place, context)


def _lines(paragraph: Paragraph, context: Context) -> Iterator[Claim[Severity]]:
    """`**P1**: complete outage` as a line of a paragraph."""
    for label in paragraph.labels if _defines("", context) else ():
        level = read_level(label.name)
        if level is not None and label.value.strip():
            yield _claim(level, {"definition": label.value.strip()}, label.place, context)


def _defines(intro: str, context: Context) -> bool:
    if context.annotation.get("kind") == "severity":
        return True
    words = context.path[-1].words if context.path else ""
    if elsewhere(words):
        return False
    return bool(HOME.search(intro) or (HOME.search(words) and not times_field(words)))


def _level_of(item: Item) -> tuple[Level, dict[str, str]] | None:
    if item.label is None:
        level = read_level(item.text)
        return (level, {}) if level is not None else None
    level = read_level(item.label.name)
    return (level, {"definition": item.label.value.strip()}) if level is not None else None


# ---- tables ----------------------------------------------------------------------------------------------------------


def _table(table: Table, context: Context) -> Iterator[Claim[Severity]]:
    header = [cell.text.strip().lower() for cell in table.header]
    columns = _columns(header)
    if not header or not header[0].startswith(_FIRST_COLUMN) or not columns or not _ours(header, columns, context):
        return
    if columns.keys() <= {"response", "resolution"} and not _times_stated(table, columns):
        return  # "Initial response: primary" tells who, not when
    rows = [(level, row) for row in table.rows if (level := read_level(row.cells[0].text)) is not None]
    if len(rows) < _AT_LEAST:
        return
    for level, row in rows:
        yield _claim(level, {name: row.cells[i].text.strip() for name, i in columns.items()}, row.place, context)


def _times_stated(table: Table, columns: Mapping[str, int]) -> bool:
    return any(limit_s(row.cells[index].text) is not None for row in table.rows for index in columns.values())


def _columns(header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, name in enumerate(header[1:], start=1):
        field = field_of(name)
        if field and field not in found:
            found[field] = index
    return found


def _ours(header: Sequence[str], columns: Mapping[str, int], context: Context) -> bool:
    """A table of times is ours anywhere; one that only describes levels needs a heading about severities."""
    words = context.path[-1].words if context.path else ""
    if any(name.startswith(_OTHER_TABLES) for name in header) or elsewhere(words):
        return False
    return bool({"response", "resolution"} & columns.keys()) or any(HOME.search(h.words) for h in context.path)


# ---- headings --------------------------------------------------------------------------------------------------------


def _headed(section: Section, context: Context) -> Iterator[Claim[Severity]]:
    """`#### P0 - Critical` with labels below it, or with a paragraph where the heading above is about severities."""
    level = read_level(section.heading.text) if section.heading is not None else None
    if section.heading is None or level is None or _ignores(section.blocks):
        return
    above = context.path[:-1]
    home = any(HOME.search(heading.words) for heading in above)
    texts = _labelled(section.blocks)
    if not texts and home:
        texts = _described(section.blocks)
    coded = any(character.isdigit() for character in level.name)
    if not texts or not (home or (coded and not elsewhere(_words(above)))):
        return
    end = max((block.place.end_line for block in section.blocks), default=section.heading.place.end_line)
    yield _claim(level, texts, Place(section.place.file, section.heading.place.line, end), context)


def _titled(section: Section, context: Context) -> Iterator[Claim[Severity]]:
    """`**SEV-1 (Critical)**` alone on its line, with labels or bullets below it, as far as the next such line."""
    if not _defines("", context) or _ignores(section.blocks):
        return
    starts = [(i, level) for i, block in enumerate(section.blocks) if (level := _title_of(block)) is not None]
    ends = [*(index for index, _ in starts), len(section.blocks)][1:]
    for (start, level), end in zip(starts, ends, strict=True):
        title, *below = section.blocks[start:end]
        texts = _labelled(below)
        bullets = [block.text for block in below if isinstance(block, Item) and block.label is None and not block.depth]
        if bullets:
            texts.setdefault("definition", "; ".join(bullets))
        if texts:
            last = max(block.place.end_line for block in below)
            yield _claim(level, texts, Place(section.place.file, title.place.line, last), context)


def _title_of(block: Block) -> Level | None:
    """The level that a paragraph's only line names, and nothing else."""
    if not isinstance(block, Paragraph) or len(block.lines) > 1 or block.labels:
        return None
    return read_level(block.text.strip().rstrip(":"))


def _labelled(blocks: Iterable[Block]) -> dict[str, str]:
    """The fields that labels of bullets and paragraph lines name; the first of each counts."""
    found: dict[str, str] = {}
    for block in blocks:
        labels = block.labels if isinstance(block, Paragraph) else ()
        if isinstance(block, Item) and block.label is not None:
            labels = (block.label,)
        for label in labels:
            field = field_of(label.name)
            if field:
                found.setdefault(field, label.value.strip())
    return found


def _described(blocks: Sequence[Block]) -> dict[str, str]:
    first = blocks[0] if blocks else None
    return {"definition": first.text.strip()} if isinstance(first, Paragraph) else {}


def _words(path: Sequence[Heading]) -> str:
    return path[-1].words if path else ""


def _ignores(blocks: Iterable[Block]) -> bool:
    """An annotation that hides blocks is seen by who walks them one by one; here it hides the whole."""
    return any(isinstance(block, Html) and "opsguide:" in block.text and "ignore" in block.text for block in blocks)


# ---- levels with bullets below them, and times in a list of their own ------------------------------------------------


def _joined(section: Section, context: Context) -> Iterator[Claim[Severity]]:
    """What no block can see alone; a claim at the same place replaces the one that the block gave.

    A section with the times ("Response Times") says nothing by itself: the section above joins it to the levels.
    """
    parts = [section, *(inner for inner in section.sections if inner.heading is not None)]
    if any(_ignores(part.blocks) for part in parts) or (section.heading and times_field(section.heading.words)):
        return
    times = [time for part in parts for time in _times(part, section, context)]
    known = {key for part in parts for level in _defined(part) for key in _keys(level)}
    for part in parts:
        for listed in _listed(part):
            mine = [time for time in times if level_key(time.level) in _keys(listed.level)]
            known |= _keys(listed.level)
            # What stands below an item of a section below is read when that section is.
            if mine or (listed.below and part is section):
                yield _more(listed, mine, part, section, context)
    yield from _alone([time for time in times if level_key(time.level) not in known], context)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A level of a list, the fields that its own words and the bullets below it state, and where those stand."""

    level: Level
    texts: dict[str, str]
    place: Place
    below: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Time:
    """A line of a list of times. level: as written; field: response or resolution."""

    level: str
    field: str
    text: str
    place: Place


def _keys(level: Level) -> set[str]:
    return {level_key(name) for name in (level.name, *level.aliases)}


def _defined(part: Section) -> Iterator[Level]:
    """The levels of headings and tables, which need no joining and must not be stated again."""
    names = [part.heading.text] if part.heading is not None else []
    names += [row.cells[0].text for block in part.blocks if isinstance(block, Table) for row in block.rows]
    yield from (level for name in names if (level := read_level(name)) is not None)


def _more(
    listed: _Listed, times: Sequence[_Time], part: Section, section: Section, context: Context
) -> Claim[Severity]:
    texts = {**listed.texts, **{time.field: time.text for time in times}}
    places = (*listed.below, *(time.place for time in times))
    claim = _claim(listed.level, texts, listed.place, context, places)
    if part is section or part.heading is None:
        return claim
    return replace(claim, headings=(*(heading.text for heading in context.path), part.heading.text))


def _listed(part: Section) -> Iterator[_Listed]:
    words = part.heading.words if part.heading is not None else ""
    home = HOME.search(words) and not times_field(words)
    if elsewhere(words):
        return
    items = [block for block in part.blocks if isinstance(block, Item)]
    for index, item in enumerate(items):
        intro = item.intro.lower()
        found = None if item.depth or times_field(intro) or not (home or HOME.search(intro)) else _level_of(item)
        if found is not None:
            below = _nested(items[index + 1 :])
            fields = _labelled(below)
            places = tuple(one.place for one in below) if fields else ()
            yield _Listed(found[0], {**found[1], **fields}, item.place, places)


def _nested(items: Sequence[Item]) -> Sequence[Item]:
    """The items that stand below the one before them."""
    return items[: next((i for i, item in enumerate(items) if not item.depth), len(items))]


def _times(part: Section, section: Section, context: Context) -> Iterator[_Time]:
    words = part.heading.words if part.heading is not None else ""
    of_heading = times_field(words) if part is not section else ""
    if elsewhere(_words(context.path)) or not (
        AROUND.search(words) or any(AROUND.search(heading.words) for heading in context.path)
    ):
        return
    for block in part.blocks:
        if not isinstance(block, Item) or block.depth or block.label is None:
            continue
        field = times_field(block.intro.lower()) or of_heading
        level = read_level(block.label.name)
        if field and level is not None and limit_s(block.label.value) is not None:
            yield _Time(level.name, field, block.label.value.strip(), block.place)


def _alone(times: Sequence[_Time], context: Context) -> Iterator[Claim[Severity]]:
    """Times whose levels nothing defines: they define them."""
    for key in dict.fromkeys(level_key(time.level) for time in times):
        mine = [time for time in times if level_key(time.level) == key]
        texts = {time.field: time.text for time in mine}
        yield _claim(Level(mine[0].level), texts, mine[0].place, context, [time.place for time in mine[1:]])
