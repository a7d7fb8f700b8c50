"""`/graph`: ask the series a question; and what is scraped, and how each statement was bound to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.nouns import State
from opsguide.web.charts import RANGES, Drawn, drawn, lines_of, range_of, shown, source_of, unit_of, window
from opsguide.web.render import page
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from opsguide.core.nouns import Known, Labels
    from opsguide.core.ports import Answer, Metric
    from opsguide.kernel.view import ClaimView
    from opsguide.web.site import Ask

MOST_ROWS = 100
MOST_NAMES = 2000
STEPS = 240
_LONGEST = 8000
_PLAIN = re.compile(r"^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^{}]*\})?\s*$")
_NAME = re.compile(r'name="([^"]*)"')
_COLUMN = re.compile(r"^\d+:(\d+): ")
_COUNTED = ("_total", "_count", "_bucket", "_sum")


@dataclass(frozen=True, slots=True)
class Asked:
    """An expression's answer. rows: (labels, value) of at most 100 of `count` series; fault: why there is none.

    caret: spaces up to the faulty column, None where it is not known.
    """

    drawn: Drawn | None = None
    rows: tuple[tuple[str, str], ...] = ()
    count: int = 0
    blind: tuple[str, ...] = ()
    fault: str = ""
    caret: str | None = None


async def graph(ask: Ask) -> Response:
    """The query, its chart and its table; without a query what there is to ask about."""
    series, now = ask.site.running.series, ask.site.now()
    expr = ask.text("expr").strip()[:_LONGEST]
    range_name, span_s = range_of(ask.text("range"))
    catalogue = await series.catalogue()
    views = ask.site.running.claims()
    targets = [(view, known) for view in views if view.claim.kind == "scrape" for known in _targets(view)]
    return page(
        ask,
        "graph.html",
        expr=expr,
        ranges=[name for name, _ in RANGES],
        range_name=range_name,
        asked=await answer(ask, expr, now, span_s) if expr else None,
        names=sorted(catalogue)[:MOST_NAMES],
        catalogue=catalogue,
        stale=sum(metric.stale for metric in catalogue.values()),
        targets=targets,
        up=sum(known.verdict.state is State.HOLDS for _, known in targets),
        statements=len(views),
        bound=[(view, source) for view in views if (source := source_of(view)) is not None],
        metrics=metrics_of(catalogue)[:MOST_NAMES],
    )


async def answer(ask: Ask, expr: str, now: float, span_s: float) -> Asked:
    """The expression now, and over the range."""
    series = ask.site.running.series
    (instant,) = await series.query_many([expr], now)
    if instant.error:
        return _faulty(expr, instant.error)
    start, end = window(now, span_s, STEPS)
    over = await series.query_range(expr, start, end, span_s / STEPS)
    unit = unit_in(expr)
    lines = [] if over.error else lines_of(over)
    size = {"width": 1120, "height": 280}
    picture = drawn(lines, start, end, expr=expr, unit=unit, title=expr, **size) if lines else None
    blind = tuple(f"{each.selector}: {each.why}" for each in (*instant.blind, *instant.partly))
    return Asked(picture, _rows(instant, unit), len(instant.points), blind, over.error)


def _faulty(expr: str, error: str) -> Asked:
    found = _COLUMN.match(error)
    one_line = found is not None and "\n" not in expr
    return Asked(fault=error, caret=" " * (int(found[1]) - 1) if found is not None and one_line else None)


def _rows(instant: Answer, unit: str) -> tuple[tuple[str, str], ...]:
    return tuple((labelled(point.labels), shown(point.value, unit)) for point in instant.points[:MOST_ROWS])


def labelled(labels: Labels) -> str:
    """A label set as PromQL writes it."""
    named = dict(labels)
    name = named.pop("__name__", "")
    return name + ("{" + ", ".join(f'{key}="{value}"' for key, value in named.items()) + "}" if named else "")


def unit_in(expr: str) -> str:
    """The unit of a bare selector, by the end of the metric's name; "" for all else, whose unit nobody can say."""
    found = _PLAIN.match(expr)
    if found is None or found[1].endswith(_COUNTED):
        return ""
    named = _NAME.search(found[2] or "") if found[1] == "opsguide_claim_value" else None
    return unit_of(named[1] if named is not None else found[1])


def _targets(view: ClaimView) -> Sequence[Known]:
    return [known for known in view.subjects if known.subject]


def metrics_of(catalogue: Mapping[str, Metric]) -> list[Metric]:
    """What is known by name, opsguide's own last."""
    return sorted(catalogue.values(), key=lambda metric: (metric.name.startswith("opsguide_"), metric.name))


ENDPOINTS = (Endpoint("GET", "/graph", graph),)
