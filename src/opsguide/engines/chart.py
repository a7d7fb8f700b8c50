"""Series to SVG text: a small line for a margin, and a chart with axes. Pure: the same series give the same text.

No inline style and no script, so that a strict content policy lets it pass: the chart takes its colours from classes
of the page, the small line, which may stand in an `<img>` where no class reaches, from colours that are told apart on
light and on dark paper (3:1 on both).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from opsguide.core.units import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

MOST_POINTS = 900
COLOURS = {"holds": "#4f946b", "broken": "#d9534a", "waiting": "#a97f1f", "unknown": "#88826f", "unbound": "#5b86c0"}
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_SECONDS = (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0, 86400.0)
_CLOCK_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
_DAY_S = 86400.0
_MOST_SLOTS = 9
_LEAST_SPAN = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """One series. times: Unix seconds, ascending; values: as many, NaN where there is a gap."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time in one state, drawn below the time axis. state: a key of COLOURS; title: shown on hover."""

    start: float
    end: float
    state: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class _Box:
    """The plot within the picture, in its units, and what its edges mean."""

    left: float
    top: float
    right: float
    bottom: float
    start: float
    end: float
    low: float
    high: float

    def x(self, at: float) -> float:
        """Where a moment stands."""
        return self.left + (at - self.start) / (self.end - self.start) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Where a value stands."""
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def thin(line: Line, most: int = MOST_POINTS) -> Line:
    """At most `most` points (3 or more): of each stretch its lowest, its highest and its first gap, at their own times.

    So no peak and no gap is lost, whatever the number of samples.
    """
    count = len(line.values)
    if count <= most:
        return line
    size = math.ceil(count / (most // 3))
    padded = np.full(math.ceil(count / size) * size, np.nan)
    padded[:count] = line.values
    rows = padded.reshape(-1, size)
    gaps = np.isnan(rows)
    starts = np.arange(len(rows)) * size
    lowest = starts + np.argmin(np.where(gaps, np.inf, rows), axis=1)
    highest = starts + np.argmax(np.where(gaps, -np.inf, rows), axis=1)
    first_gap = starts + np.argmax(gaps, axis=1)
    kept = np.unique(np.concatenate([lowest, highest, first_gap[gaps.any(axis=1)]]))
    kept = kept[kept < count]
    return Line(line.times[kept], line.values[kept], line.name)


def sparkline(
    line: Line,
    *,
    start: float,
    end: float,
    limits: Sequence[float] = (),
    state: str = "holds",
    title: str = "",
    width: int = 96,
    height: int = 22,
) -> str:
    """A line without axes, its limits dotted, a dot at its last value. Times in Unix seconds; start < end.

    Drawn on a grid of half pixels with whole numbers, which keeps 60 points under 600 bytes.
    """
    colour = COLOURS.get(state, COLOURS["unknown"])
    low, high = _span(line.values, limits)
    box = _Box(2, 5, 2 * width - 7, 2 * height - 5, start, end, low, high)
    drawn = thin(line, width)
    frame = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {2 * width} {2 * height}" role="img" aria-label="{escape(title)}">'
    )
    parts = [frame]
    parts += [
        f'<path d="M0 {box.y(limit):.0f}H{2 * width}" stroke="{colour}" stroke-width="1.6" stroke-dasharray="3 5"/>'
        for limit in limits
    ]
    parts.append(
        f'<path d="{_steps(drawn, box)}" fill="none" stroke="{colour}" stroke-width="3" stroke-linejoin="round" '
        'stroke-linecap="round"/>'
    )
    known = np.flatnonzero(np.isfinite(drawn.values))
    if len(known):
        at, value = drawn.times[known[-1]], drawn.values[known[-1]]
        parts.append(f'<circle cx="{box.x(at):.0f}" cy="{box.y(value):.0f}" r="4.5" fill="{colour}"/>')
    return "".join(parts) + "</svg>"


def chart(
    lines: Sequence[Line],
    *,
    start: float,
    end: float,
    unit: str = "",
    limits: Sequence[float] = (),
    bands: Sequence[Band] = (),
    title: str = "",
    width: int = 760,
    height: int = 240,
) -> str:
    """A chart with both axes, for a page that styles `.chart`. unit: as `core.units.said` takes it.

    Lines are told apart by colour and by dashes: classes l0 to l7, then again. `data-` attributes say what the plot's
    edges mean, for a script that shows the value under the pointer.
    """
    values = np.concatenate([line.values for line in lines]) if lines else np.empty(0)
    ticks = value_ticks(*_span(values, limits, zero=True), unit)
    labels = [said(tick, unit) for tick in ticks]
    left = 14.0 + 6.6 * max(len(label) for label in labels)
    bottom = height - (34.0 if bands else 22.0)
    box = _Box(left, 10, width - 12, bottom, start, end, ticks[0], ticks[-1])
    frame = (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
        f'data-start="{start:.3f}" data-end="{end:.3f}" data-low="{box.low:g}" data-high="{box.high:g}" '
        f'data-box="{box.left:g} {box.top:g} {box.right:g} {box.bottom:g}" data-unit="{escape(unit)}">'
        f"<title>{escape(title)}</title>"
    )
    parts = [frame, *_axes(box, ticks, labels)]
    parts += [_banded(band, box) for band in bands if band.end > start and band.start < end]
    for limit in limits:
        parts.append(f'<path class="limit" d="M{box.left:.1f} {box.y(limit):.1f}H{box.right:.1f}"/>')
    for number, line in enumerate(lines):
        parts.append(f'<path class="line l{number % 8}" d="{_path(thin(line), box)}"/>')
    return "".join(parts) + "</svg>"


def value_ticks(low: float, high: float, unit: str = "") -> list[float]:
    """Round values from at or below `low` to at or above `high`, 3 to 7 of them; low < high."""
    step = _step((high - low) / 4, unit)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def time_ticks(start: float, end: float) -> list[tuple[float, str]]:
    """Round moments within, each with its label: HH:MM in UTC, the day where it begins or where steps are days."""
    span = end - start
    step = next((each for each in _CLOCK_S if span / each <= _MOST_SLOTS), None)
    if step is None:
        step = math.ceil(span / _MOST_SLOTS / _DAY_S) * int(_DAY_S)
    first = math.ceil(start / step) * step
    return [(float(at), _clock(at, step)) for at in range(first, math.floor(end) + 1, step)]


def _step(wanted: float, unit: str) -> float:
    if unit == "seconds" and wanted > _SECONDS[0] / 2:
        fitting = next((each for each in _SECONDS if each >= wanted), None)
        if fitting is not None:
            return fitting
    scale = 10.0 ** math.floor(math.log10(wanted))
    return scale * next(nice for nice in _NICE if nice * scale >= wanted * (1 - 1e-9))


def _clock(at: float, step: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    if step >= _DAY_S or (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"{moment:%d %b}"
    return f"{moment:%H:%M:%S}" if step < _CLOCK_S[2] else f"{moment:%H:%M}"


def _span(values: NDArray[np.float64], limits: Sequence[float], *, zero: bool = False) -> tuple[float, float]:
    """The lowest and highest value to be drawn, limits among them, never equal.

    A change of less than a tenth of the value is drawn as the small thing it is. zero: from 0 on, unless the changes
    would then be too small to see.
    """
    known = [*values[np.isfinite(values)].tolist(), *(limit for limit in limits if math.isfinite(limit))]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if zero and 0.0 < low <= high * (1 - _LEAST_SPAN):
        low = 0.0
    least = max(abs(low), abs(high)) * _LEAST_SPAN or 1.0
    if high - low >= least:
        return low, high
    if low >= 0.0 and low < least:
        return 0.0, least
    middle = (low + high) / 2
    return middle - least / 2, middle + least / 2


def _runs(line: Line, box: _Box) -> Iterator[list[tuple[float, float]]]:
    """The points between gaps, as they stand in the picture."""
    run: list[tuple[float, float]] = []
    for at, value in zip(line.times.tolist(), line.values.tolist(), strict=True):
        if math.isfinite(value):
            run.append((box.x(at), box.y(value)))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _path(line: Line, box: _Box) -> str:
    """Absolute, to a tenth of a unit. A point alone is a line of no length, which a round cap makes a dot."""
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (run if len(run) > 1 else run * 2)) for run in _runs(line, box)
    )


def _steps(line: Line, box: _Box) -> str:
    """Relative, in whole units, without points on a straight line between their neighbours."""
    parts: list[str] = []
    for run in _runs(line, box):
        points = _bent([(round(x), round(y)) for x, y in run])
        parts.append(f"M{points[0][0]} {points[0][1]}")
        moves = [(x - a, y - b) for (a, b), (x, y) in pairwise(points)] or [(0, 0)]
        parts += [f"h{x}" if y == 0 else f"l{x}{'' if y < 0 else ' '}{y}" for x, y in moves]
    return "".join(parts)


def _bent(points: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for x, y in points:
        if len(kept) > 1:
            (a, b), (c, d) = kept[-2:]
            if (c - a) * (y - b) == (x - a) * (d - b):
                kept.pop()
        if not kept or kept[-1] != (x, y):
            kept.append((x, y))
    return kept


def _axes(box: _Box, ticks: Sequence[float], labels: Sequence[str]) -> Iterator[str]:
    for tick, label in zip(ticks, labels, strict=True):
        y = box.y(tick)
        yield f'<path class="grid" d="M{box.left:.1f} {y:.1f}H{box.right:.1f}"/>'
        yield f'<text x="{box.left - 7:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    for at, label in time_ticks(box.start, box.end):
        x = box.x(at)
        yield f'<path class="tick" d="M{x:.1f} {box.bottom:.1f}v4"/>'
        yield f'<text x="{x:.1f}" y="{box.bottom + 17:.1f}" text-anchor="middle">{escape(label)}</text>'


def _banded(band: Band, box: _Box) -> str:
    left, right = box.x(max(band.start, box.start)), box.x(min(band.end, box.end))
    title = f"<title>{escape(band.title)}</title>" if band.title else ""
    return (
        f'<rect class="band {escape(band.state)}" x="{left:.1f}" y="{box.bottom + 24:.1f}" '
        f'width="{max(right - left, 1.0):.1f}" height="7">{title}</rect>'
    )
