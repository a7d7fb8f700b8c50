"""Reads dashboards: named lists of panels, in one line, in bullets below the name, below a heading, or in a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Html, Item, Place, Section, Table
from opsguide.core.nouns import Claim
from opsguide.kinds.dashboard.panels import LONGEST_WORDS, split_panels
from opsguide.kinds.dashboard.spec import Dashboard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opsguide.core.block import Block, Node
    from opsguide.core.kind import Context

_HOME = re.compile(r"\bdashboards?\b|仪表[板盘]")
_NOT_THESE = re.compile(
    r"\b(?:access\w*|urls?|links?|import\w*|export\w*|provision\w*|install\w*|set-?up|config\w*|permissions?|login|users?"
    r"|troubleshoot\w*|status page|review\w*|maintenance)\b"
)
_PROPERTY = re.compile(
    r"^(?:urls?|links?|access|address|location|login|credentials?|user(?:name)?|password|owner|purpose|audience|note|port"
    r"|refresh|file|path|folder|id|uid|source|data ?source|description|when|who|tool|provider|status)\b",
    re.IGNORECASE,
)
_NO_PANEL = re.compile(r"https?://|`|\.json\b|^\s*(?:see|open|go to|import|click|check|review|use)\b", re.IGNORECASE)
_NAME_COLUMN = re.compile(r"^(?:dashboard|dashboard name|name|仪表[板盘])$")
_PANEL_COLUMN = re.compile(r"\b(?:panels?|metrics?|shows?|contents?|charts?|graphs?|key metrics)\b|指标|面板")
_OWN_NAME = " dashboard"
_SEVERAL = re.compile(r"^(?:grafana|kibana|prometheus|datadog|key|main|monitoring|available|our|the)$")
_LONGEST_NAME = 60
_AT_LEAST = 2


def read(node: Node, context: Context) -> Iterator[Claim[Dashboard]]:
    """Dashboards that this node states."""
    match node:
        case Item():
            yield from _item(node, context)
        case Table():
            yield from _table(node, context)
        case Section():
            yield from _section(node, context)


def _claim(name: str, panels: Iterable[str], place: Place, context: Context) -> Iterator[Claim[Dashboard]]:
    title = context.fill(name.strip(), code=False)
    filled = [context.fill(panel.strip()) for panel in panels]
    named = tuple(dict.fromkeys(one.text for one in filled if one.text))
    if not title.text or not named or len(title.text) > _LONGEST_NAME:
        return
    yield Claim(
        kind="dashboard",
        title=title.text,
        subject=name.strip(),
        place=place,
        spec=Dashboard(title.text, named, context.defaults.get("evaluation_interval", 15.0)),
        understood=f"dashboard {title.text} shows {', '.join(named)}; holds when every panel has data",
        needs=tuple(dict.fromkeys(need for one in (title, *filled) for need in one.needs)),
    )


def _at_home(words: str, intro: str) -> bool:
    """The list's own intro or the nearest heading names dashboards, and nothing that is done to them."""
    if intro and _HOME.search(intro):
        return not _NOT_THESE.search(intro)
    return bool(_HOME.search(words)) and not _NOT_THESE.search(words) and not _is_one(words)


def _item(item: Item, context: Context) -> Iterator[Claim[Dashboard]]:
    """`**System Overview** - CPU, Memory, Disk` under "Key Dashboards"."""
    words = context.path[-1].words if context.path else ""
    pinned = context.annotation.get("kind") == "dashboard"
    if item.depth or item.label is None or not (pinned or _at_home(words, item.intro.lower())):
        return
    if item.checked is None and not _PROPERTY.search(item.label.name) and not _NO_PANEL.search(item.label.value):
        yield from _claim(item.label.name, split_panels(item.label.value), item.place, context)


def _table(table: Table, context: Context) -> Iterator[Claim[Dashboard]]:
    """`Dashboard | Panels | URL`."""
    header = [cell.text.strip().lower() for cell in table.header]
    words = context.path[-1].words if context.path else ""
    column = next((i for i, name in enumerate(header) if i and _PANEL_COLUMN.search(name)), None)
    if column is None or not _NAME_COLUMN.search(header[0]) or not ("dashboard" in header[0] or _HOME.search(words)):
        return
    for row in table.rows:
        yield from _claim(row.cells[0].text, split_panels(row.cells[column].text), row.place, context)


def _section(section: Section, context: Context) -> Iterator[Claim[Dashboard]]:
    if section.heading is None or _ignores(section.blocks):
        return
    items = [block for block in section.blocks if isinstance(block, Item)]
    words = section.heading.words
    for index, item in enumerate(items):
        below = _nested(items[index + 1 :])
        if not item.depth and item.checked is None and below and _at_home(words, item.intro.lower()):
            yield from _named(item, below, context)
    yield from _headed(section, items, context)


def _named(item: Item, below: Sequence[Item], context: Context) -> Iterator[Claim[Dashboard]]:
    """`1. **System Health**` with a bullet for each panel."""
    name = item.label.name if item.label is not None and not item.label.value.strip() else item.text
    panels = [text for one in below if (text := _panel(one))]
    if item.label is not None and split_panels(item.label.value) and not _NO_PANEL.search(item.label.value):
        return  # the line itself names the panels
    if len(panels) == len(below) and not _PROPERTY.search(name):
        place = Place(item.place.file, item.place.line, below[-1].place.end_line, item.place.column)
        yield from _claim(name.strip(" :"), panels, place, context)


def _headed(section: Section, items: Sequence[Item], context: Context) -> Iterator[Claim[Dashboard]]:
    """`#### System Dashboard` with a bullet for each panel."""
    heading = section.heading
    if heading is None or not _is_one(heading.words) or _NOT_THESE.search(heading.words):
        return
    panels = [text for item in items if not item.depth and (text := _panel(item))]
    if len(items) >= _AT_LEAST and len(panels) == len(items):
        place = Place(section.place.file, heading.place.line, items[-1].place.end_line)
        yield from _claim(heading.text.strip()[: -len(_OWN_NAME)], panels, place, context)


def _is_one(words: str) -> bool:
    """Whether the heading names one dashboard, whose bullets are its panels; "Grafana Dashboard" may hold several."""
    return words.endswith(_OWN_NAME) and not _SEVERAL.match(words.removesuffix(_OWN_NAME))


def _nested(items: Sequence[Item]) -> Sequence[Item]:
    """The items that stand below the one before them."""
    return items[: next((i for i, item in enumerate(items) if not item.depth), len(items))]


def _panel(item: Item) -> str:
    """What one bullet calls its panel; "" where it is prose, a step or a property."""
    if item.checked is not None or item.links:
        return ""
    name = item.label.name if item.label is not None else item.text
    if _PROPERTY.search(name) or _NO_PANEL.search(item.text) or len(name.split()) > LONGEST_WORDS:
        return ""
    return name.strip(" .:")


def _ignores(blocks: Iterable[Block]) -> bool:
    """An annotation that hides blocks is seen by who walks them one by one; here it hides the whole."""
    return any(isinstance(block, Html) and "opsguide:" in block.text and "ignore" in block.text for block in blocks)
