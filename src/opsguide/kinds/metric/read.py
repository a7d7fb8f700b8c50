"""Reads metrics: labelled bullets, names in code, and catalogue tables under a metrics heading. Forms: docs.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Item, Table
from opsguide.core.nouns import Claim
from opsguide.engines.binding import is_known, metric_name
from opsguide.engines.conditions import read_conditions
from opsguide.kinds.metric.spec import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opsguide.core.block import Node, Place
    from opsguide.core.kind import Context

_METRICS = re.compile(r"\b(metrics?|measurements?|telemetry|kpis?|what to monitor|golden signals)\b|指标")
_EXPOSES = re.compile(r"\b(metrics?|expos\w+|export\w+|instrument\w*|prometheus|collected|scraped?|telemetry)\b|指标")
_FOREIGN = re.compile(
    r"\b(alerts?|alerting|slos?|slas?|objectives?|growth|dashboards?|benchmarks?|reports?|reporting|severit\w+|thresholds?"
    r"|triggers?|backups?|config\w*|settings|environment|variables|parameters|setup|logs?|review)\b"
)
_STANDARD = re.compile(r"_(total|seconds|bytes|ratio|bucket|celsius|info|count|sum)$")
_TARGET = re.compile(r"\b(target|goal|slo|sla|objective|at least|at most)\b.*\d", re.IGNORECASE)
_PERCENTILE = re.compile(
    r"\bp(\d{2}(?:\.\d+)?|\d{3})\b|\b(\d{2}(?:\.\d+)?)(?:st|nd|rd|th)\b|\b(median)\b", re.IGNORECASE
)
_SPIKES = re.compile(r"\b(spikes?|unusual|anomal\w+|abnormal|sudden)\b", re.IGNORECASE)
_TREND = re.compile(r"\b(trends?|growth|volume over time)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"^(metric|metrics|metric name|name|指标)$|^metric\b")
_JUDGED = re.compile(
    r"\b(threshold|warning|critical|normal|target|alert|value|limit|slo|sla|severity|baseline|range|healthy|expected)\b|阈值"
)
_LABELS = re.compile(r"\{.*\}$")
_LONGEST_NAME = 60


def read(node: Node, context: Context) -> Iterator[Claim[Metric]]:
    """Metrics that this node states."""
    if isinstance(node, Item):
        found = _item(node, context)
        if found is not None:
            yield _claim(*found, node.place, context)
    elif isinstance(node, Table):
        yield from _table(node, context)


def _item(item: Item, context: Context) -> tuple[str, str] | None:
    """Name and description of a bullet that states a metric."""
    words = context.path[-1].words if context.path else ""
    pinned = context.annotation.get("kind") == "metric"
    name, description = _named(item)
    name = _LABELS.sub("", name) if item.codes else name
    if not name or len(name) > _LONGEST_NAME or _judged_elsewhere(description or ("" if item.label else item.text)):
        return None
    coded = bool(item.codes) and _LABELS.sub("", item.codes[0].text) == name and bool(metric_name(name))
    home = _is_home(words, item.intro)
    if coded:
        exposed = home or (_EXPOSES.search(f"{words} {item.intro.lower()}") and not _FOREIGN.search(words))
        standard = _STANDARD.search(name) and not _FOREIGN.search(words)
        return (name, description) if pinned or exposed or standard else None
    if pinned or (home and not item.depth and (item.label is not None or is_known(name))):
        return name, description
    return None


def _is_home(words: str, intro: str) -> bool:
    """The nearest heading is about metrics and nothing else, or the list's own intro is."""
    if intro and _METRICS.search(intro.lower()):
        return not _FOREIGN.search(intro.lower())
    return bool(_METRICS.search(words)) and not _FOREIGN.search(words)


def _named(item: Item) -> tuple[str, str]:
    if item.label is not None:
        return item.label.name.strip().strip("`"), item.label.value.strip()
    if item.codes and item.text.lstrip("` ").startswith(item.codes[0].text):
        rest = item.text.lstrip("` ")[len(item.codes[0].text) :]
        return item.codes[0].text.strip(), rest.strip(" `:-–—")
    return (item.text.strip(), "") if len(item.text.split()) <= 5 else ("", "")  # noqa: PLR2004 -- a longer one is prose


def _judged_elsewhere(description: str) -> bool:
    """A limit is a threshold, a target an objective: neither is the bare statement that something is measured."""
    return bool(_TARGET.search(description)) or any(not c.event for c in read_conditions(description))


def _claim(name: str, description: str, place: Place, context: Context) -> Claim[Metric]:
    spec = Metric(
        name=context.fill(name).text,
        percentiles=percentiles_of(f"{name} {description}"),
        watch=_watch(description),
        description=context.fill(description, code=False).text,
        expr=context.fill(context.annotation.get("expr", "")).text,
        every_s=context.defaults.get("evaluation_interval", 15.0),
    )
    return Claim(
        kind="metric",
        title=spec.name,
        subject=name,
        place=place,
        spec=spec,
        understood=_understood(spec),
        needs=context.fill(name).needs,
        status=context.inherited.status,
        inherited=context.inherited,
    )


def percentiles_of(text: str) -> tuple[float, ...]:
    """Ratios of "P50, P95, P99", in their order."""
    found = []
    for match in _PERCENTILE.finditer(text):
        written = match[1] or match[2] or "50"
        if "." not in written and len(written) == 3:  # noqa: PLR2004 -- P999 is the 99.9th
            written = f"{written[:2]}.{written[2:]}"
        found.append(round(float(written) / 100.0, 6))
    return tuple(dict.fromkeys(ratio for ratio in found if 0.0 < ratio < 1.0))


def _watch(description: str) -> str:
    if _SPIKES.search(description):
        return "spikes"
    return "trend" if _TREND.search(description) else ""


def _understood(spec: Metric) -> str:
    asked = ", ".join(f"P{ratio * 100:g}" for ratio in spec.percentiles)
    shown = f"its {asked} are shown" if asked else "its value is shown"
    return f"metric {spec.name}: {shown}; holds while its series are fresh"


def _table(table: Table, context: Context) -> Iterator[Claim[Metric]]:
    """`Metric | Type | Description`: a catalogue. A column of limits makes the table one of thresholds."""
    header = [cell.text.strip().lower() for cell in table.header]
    words = context.path[-1].words if context.path else ""
    if not header or not _SUBJECT.search(header[0]) or any(_JUDGED.search(name) for name in header[1:]):
        return
    described = _column(header)
    for row in table.rows:
        name = _LABELS.sub("", row.cells[0].text.strip())
        coded = bool(metric_name(name))
        if (
            not name
            or len(name) > _LONGEST_NAME
            or not (coded or is_known(name))
            or (not coded and _FOREIGN.search(words))
        ):
            continue
        yield _claim(name, row.cells[described].text.strip() if described else "", row.place, context)


def _column(header: Sequence[str]) -> int:
    return next((i for i, name in enumerate(header) if re.search(r"\b(description|meaning|purpose|notes?)\b", name)), 0)
