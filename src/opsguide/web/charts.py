"""What is drawn beside a statement and on its page: its figures of the last while, its limit, how it stood.

The figures are the samples that the kernel keeps of each claim; of a rule it is the left side of its comparison, so
that one sees how near it is to firing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response

from opsguide.core.nouns import State
from opsguide.core.units import said
from opsguide.engines.chart import Band, Line, chart, sparkline
from opsguide.engines.promql import QueryFault, parse
from opsguide.engines.promql.tree import Binary, Number
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.ports import FlipRow, RangeAnswer
    from opsguide.kernel.view import ClaimView
    from opsguide.web.site import Ask

METRIC = "opsguide_claim_value"
SPARK_S = 1800.0
SPARK_STEPS = 60
YOUNG_S = 300.0
KEPT_S = 15.0
CHART_STEPS = 360
MOST_LINES = 8
RANGES: tuple[tuple[str, float], ...] = (("5m", 300.0), ("30m", 1800.0), ("2h", 7200.0), ("6h", 21600.0))
_MOST_KEPT = 4096
_WHOLE = 10_000
_COMPARISON = re.compile(r"^(.+?)\s*(?:==|!=|>=|<=|>|<)\s*(?:bool\s+)?([-+]?[0-9][0-9.eE+-]*)\s*$", re.DOTALL)
_COMPARES = frozenset({"==", "!=", ">", "<", ">=", "<="})
_UNITS = ("bytes_per_second", "per_second", "seconds", "bytes", "ratio", "count")


@dataclass(frozen=True, slots=True)
class Source:
    """What to draw of a claim: a query, the name its first figure has ("" where the query gives one), its limits."""

    expr: str
    name: str = ""
    limits: tuple[float, ...] = ()

    @property
    def unit(self) -> str:
        """The figure's unit, which its name ends in."""
        return unit_of(self.name)


def source_of(view: ClaimView) -> Source | None:
    """What there is to draw of the claim; None where it has no figures."""
    spec = view.claim.spec
    written = getattr(spec, "expr", None)
    named = next((known.values[0][0] for known in view.subjects if known.values), "")
    if view.claim.kind == "alert" and isinstance(written, str) and written:
        expr, limit = sides(written)
        return Source(expr, "", () if limit is None else (limit,))
    if not named:
        return None
    quoted = view.claim.id.replace("\\", "\\\\").replace('"', '\\"')
    stated = (getattr(spec, name, None) for name in ("value", "also_value"))
    limits = tuple(float(limit) for limit in stated if isinstance(limit, int | float))
    return Source(f'{METRIC}{{claim="{quoted}"}}', named, limits)


@lru_cache(maxsize=1024)
def sides(expr: str) -> tuple[str, float | None]:
    """The left side of `a > 5` and 5; the expression itself and None where it is nothing of the kind."""
    try:
        tree = parse(expr).tree
    except QueryFault:
        return expr, None
    found = _COMPARISON.match(expr.strip())
    compares = isinstance(tree, Binary) and tree.op in _COMPARES and isinstance(tree.right, Number)
    return (found[1], float(found[2])) if compares and found is not None else (expr, None)


def unit_of(name: str) -> str:
    """The unit that a figure's name ends in, "" for none."""
    return next((unit for unit in _UNITS if name == unit or name.endswith(f"_{unit}")), "")


async def spark(ask: Ask) -> Response:
    """The small line of a claim. Kept for 15 s, so that a hundred pages cost one query."""
    view = ask.site.claim(ask.request.path_params["id"])
    now = ask.site.now()
    state = view.verdict.state.value
    kept = ask.site.sparks.get(view.claim.id)
    if kept is None or kept[0] != state or not 0 <= now - kept[1] < KEPT_S:
        kept = (state, now, (await _sparked(ask, view, now)).encode())
        if len(ask.site.sparks) >= _MOST_KEPT:
            ask.site.sparks.clear()
        ask.site.sparks[view.claim.id] = kept
    return Response(kept[2], media_type="image/svg+xml", headers={"cache-control": f"private, max-age={KEPT_S:.0f}"})


async def _sparked(ask: Ask, view: ClaimView, now: float) -> str:
    source = source_of(view)
    lines: list[Line] = []
    start, end = window(now, SPARK_S, SPARK_STEPS)
    if source is not None:
        start, end, lines = await _asked(ask, source, SPARK_S, SPARK_STEPS)
        if _young(lines, end):
            start, end, lines = await _asked(ask, source, YOUNG_S, SPARK_STEPS)
    limits = source.limits if source is not None and lines else ()
    line = _worst(lines, limits)
    return sparkline(line, start=start, end=end, limits=limits, state=view.verdict.state.value, title=view.claim.title)


async def _asked(ask: Ask, source: Source, span_s: float, steps: int) -> tuple[float, float, list[Line]]:
    start, end = window(ask.site.now(), span_s, steps)
    answer = await ask.site.running.series.query_range(source.expr, start, end, span_s / steps)
    return start, end, lines_of(answer, source)


def _young(lines: Sequence[Line], end: float) -> bool:
    """Whether all figures are of the last minutes: then those fill the picture."""
    firsts = [float(line.times[np.isfinite(line.values)][0]) for line in lines]
    return bool(firsts) and min(firsts) > end - YOUNG_S


def _worst(lines: Sequence[Line], limits: Sequence[float]) -> Line:
    """Of several subjects the one that is nearest to the limit or beyond it, else the first."""
    if not lines:
        return Line(np.empty(0), np.empty(0))
    if not limits:
        return lines[0]
    return min(lines, key=lambda line: float(np.min(np.abs(line.values[np.isfinite(line.values)] - limits[0]))))


def lines_of(answer: RangeAnswer, source: Source | None = None) -> list[Line]:
    """The series that have a value, named by what tells them apart. source: only figures of its first one's unit."""
    found = []
    for labels, values in zip(answer.labels, answer.values, strict=True):
        named = dict(labels)
        if not np.isfinite(values).any():
            continue
        if source is not None and source.name:
            if unit_of(named.get("name", "")) != source.unit or (not source.unit and named.get("name") != source.name):
                continue
            figure = named["name"].removesuffix(source.unit).removesuffix("_") or "value"
            named = {"name": figure} | {key: named[key] for key in ("subject",) if key in named}
        found.append((named, Line(answer.times, values)))
    return [Line(line.times, line.values, _told_apart(named, [n for n, _ in found])) for named, line in found]


def _told_apart(named: dict[str, str], every: Sequence[dict[str, str]]) -> str:
    """The labels in which the series differ, or all of them where there is one series."""
    same = {key for key, value in named.items() if all(other.get(key) == value for other in every)}
    left = {key: value for key, value in named.items() if len(every) == 1 or key not in same}
    name = left.pop("__name__", "")
    if set(left) <= {"name", "subject"}:
        return " ".join(left.values()) or name
    return name + "{" + ", ".join(f'{key}="{value}"' for key, value in left.items()) + "}"


def window(now: float, span_s: float, steps: int) -> tuple[float, float]:
    """Start and end on whole steps, so that a chart that is drawn again does not tremble."""
    step_s = span_s / steps
    end = now // step_s * step_s
    return end - span_s, end


def range_of(text: str, default: str = "30m") -> tuple[str, float]:
    """A range by its name; the default where there is none of that name."""
    spans = dict(RANGES)
    name = text if text in spans else default
    return name, spans[name]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart and what its lines are. figures: (class, name, value now, lowest, highest), all as shown."""

    svg: str
    figures: list[tuple[str, str, str, str, str]]
    lines: int
    expr: str


async def claim_chart(ask: Ask, view: ClaimView, flips: Sequence[FlipRow], asked: str) -> tuple[Drawn | None, str]:
    """The large chart of a claim, with how it stood below, and the name of its range; None where it has no figures.

    asked: the range's name; "" for the one that fits.
    """
    source = source_of(view)
    name, span_s = range_of(asked)
    if source is None:
        return None, name
    start, end, lines = await _asked(ask, source, span_s, CHART_STEPS)
    if not asked and _young(lines, end):
        name, span_s = range_of("5m")
        start, end, lines = await _asked(ask, source, span_s, CHART_STEPS)
    more = {"limits": source.limits, "bands": bands(view, flips, start, end), "title": view.claim.title}
    return drawn(lines, start, end, expr=source.expr, unit=source.unit, **more), name


def drawn(lines: Sequence[Line], start: float, end: float, *, expr: str, unit: str = "", **more: Any) -> Drawn:
    """A chart of at most 8 lines with their figures. more: as `engines.chart.chart` takes it."""
    shown = lines[:MOST_LINES]
    svg = chart(shown, start=start, end=end, unit=unit, **more)
    figures = [(f"l{number}", line.name, *_figures(line, unit)) for number, line in enumerate(shown)]
    return Drawn(svg, figures, len(lines), expr)


def _figures(line: Line, unit: str) -> tuple[str, str, str]:
    known = line.values[np.isfinite(line.values)]
    last = float(line.values[-1])
    now = shown(last, unit) if np.isfinite(last) else "no value now"
    return now, shown(float(known.min()), unit), shown(float(known.max()), unit)


def shown(value: float, unit: str) -> str:
    """A figure with its unit; of a bare number four digits that count."""
    if unit or not np.isfinite(value):
        return said(value, unit)
    return f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:.4g}"


def bands(view: ClaimView, flips: Sequence[FlipRow], start: float, end: float) -> list[Band]:
    """How the claim stood from start to end: the worst of its subjects at each time, by its flips (newest first)."""
    ordered = sorted(flips, key=lambda row: (row.at, row.sequence))
    states: dict[str, State] = {}
    for row in reversed(ordered):
        states[row.subject] = State(row.before)
    if not ordered:
        return [Band(max(start, view.since), end, view.verdict.state.value, view.verdict.state.value)]
    found: list[Band] = []
    since = start
    for row in ordered:
        if row.at > since:
            found.append(_band(since, row.at, states))
            since = row.at
        states[row.subject] = State(row.after)
    return [*found, _band(since, end, states)] if end > since else found


def _band(start: float, end: float, states: dict[str, State]) -> Band:
    worst = max(states.values(), key=lambda state: state.badness)
    return Band(start, end, worst.value, worst.value)


ENDPOINTS = (Endpoint("GET", "/s/{id:path}", spark),)
