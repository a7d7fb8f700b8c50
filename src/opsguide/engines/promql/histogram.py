"""histogram_quantile and histogram_fraction over classic buckets, all histograms of a step at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.labelsets import LabelSets
from opsguide.engines.promql.frame import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_TOLERANCE = 1e-12
"""Counts that differ by less than this ratio are equal: summing buckets in another order must not look like a fall."""


class Buckets:
    """Where the buckets of each histogram stand in a frame.

    index and bounds are [histograms, buckets], padded with -1 and +inf.
    """

    def __init__(self, sets: LabelSets) -> None:
        """Group the rows by their labels without `le`; a row without a numeric `le` is no bucket."""
        found: dict[object, list[tuple[float, int]]] = {}
        for row, labels in enumerate(sets.rows):
            bound = _bound(dict(labels).get("le"))
            if bound is not None:
                key = tuple(pair for pair in labels if pair[0] != "le")
                found.setdefault(key, []).append((bound, row))
        width = max((len(rows) for rows in found.values()), default=0)
        self.sets = LabelSets(list(found), np.ones(len(found), dtype=np.bool_))  # type: ignore[arg-type]
        self.index = np.full((len(found), width), -1, dtype=np.intp)
        self.bounds = np.full((len(found), width), np.inf)
        for i, rows in enumerate(found.values()):
            rows.sort()
            self.index[i, : len(rows)] = [row for _, row in rows]
            self.bounds[i, : len(rows)] = [bound for bound, _ in rows]


def _bound(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def histogram_quantile(q: Floats, frame: Frame) -> Frame:
    """The q-quantile ([steps]) of each histogram. Interpolated linearly within its bucket, as Prometheus does."""
    layout = frame.sets.recall("buckets", lambda: Buckets(frame.sets))
    return _over(frame, layout, lambda bounds, counts, i: _quantile(float(q[i]), bounds, counts))


def histogram_fraction(low: Floats, high: Floats, frame: Frame) -> Frame:
    """The estimated share of observations between low and high ([steps])."""
    layout = frame.sets.recall("buckets", lambda: Buckets(frame.sets))
    return _over(frame, layout, lambda bounds, counts, i: _fraction(float(low[i]), float(high[i]), bounds, counts))


def _over(frame: Frame, layout: Buckets, function: Function) -> Frame:
    histograms, steps = len(layout.sets), frame.values.shape[1]
    values = np.full((histograms, steps), np.nan)
    mask = np.zeros((histograms, steps), dtype=np.bool_)
    real = layout.index >= 0
    for i in range(steps):
        here = frame.mask[:, i][layout.index] & real
        mask[:, i] = here.any(axis=1)
        counts = np.where(here, frame.values[:, i][layout.index], 0.0)
        # Histograms with the same buckets present are computed together; nearly always that is all of them.
        for pattern, rows in _patterns(here):
            if pattern.any():
                values[rows, i] = function(layout.bounds[rows][:, pattern], counts[rows][:, pattern], i)
    return Frame(layout.sets, values, mask)


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Function = Callable[[Floats, Floats, int], Floats]


def _patterns(here: Bools) -> Iterator[tuple[Bools, NDArray[np.intp]]]:
    if len(here) and (here == here[0]).all():
        yield here[0], np.arange(len(here))
        return
    packed: dict[bytes, list[int]] = {}
    for row, pattern in enumerate(here):
        packed.setdefault(pattern.tobytes(), []).append(row)
    for rows in packed.values():
        yield here[rows[0]], np.array(rows, dtype=np.intp)


def _coalesced(bounds: Floats, counts: Floats) -> tuple[Floats, Bools]:
    """Counts where buckets with equal bounds ("1" and "1.0") are one, and which of them went into the one after."""
    gone = np.zeros(bounds.shape, dtype=np.bool_)
    gone[:, :-1] = bounds[:, 1:] == bounds[:, :-1]
    if gone.any():
        counts = counts.copy()
        for i in range(bounds.shape[1] - 1):
            twin = gone[:, i]
            counts[twin, i + 1] += counts[twin, i]
            counts[twin, i] = 0.0
    return counts, gone


def _monotonic(counts: Floats) -> Floats:
    counts = counts.copy()
    for i in range(1, counts.shape[1]):
        before, now = counts[:, i - 1], counts[:, i]
        close = np.abs(before - now) / np.maximum(np.abs(before) + np.abs(now), np.finfo(np.float64).tiny) < _TOLERANCE
        counts[:, i] = np.where(close | (now < before), before, now)
    return counts


def _quantile(q: float, bounds: Floats, counts: Floats) -> Floats:
    rows = np.arange(len(bounds))
    if math.isnan(q):
        return np.full(len(bounds), np.nan)
    if not 0 <= q <= 1:
        return np.full(len(bounds), math.copysign(math.inf, q))
    counts, _, before = _prepared(bounds, counts)
    top = bounds.shape[1] - 1
    total = counts[:, top]
    rank = q * total
    at = np.minimum((counts[:, :top] < rank[:, np.newaxis]).sum(axis=1), top) if top else np.zeros(len(bounds), np.intp)
    below = before[rows, at]
    lower = np.where(below >= 0, bounds[rows, below], 0.0)
    under = np.where(below >= 0, counts[rows, below], 0.0)
    upper = bounds[rows, at]
    found = lower + (upper - lower) * ((rank - under) / (counts[rows, at] - under))
    found = np.where((below < 0) & (upper <= 0), upper, found)
    found = np.where(at == top, np.where(below >= 0, bounds[rows, below], np.nan), found)
    valid = np.isposinf(bounds[:, top]) & (total != 0) & (before[:, top] >= 0)
    return np.where(valid, found, np.nan)


def _prepared(bounds: Floats, counts: Floats) -> tuple[Floats, Bools, NDArray[np.intp]]:
    """Monotonic counts, which buckets went into their twin, and for each the bucket before it (-1: none)."""
    counts, gone = _coalesced(bounds, counts)
    if gone.any():
        # A bucket that is gone repeats the one before it, so that it is no fall.
        counts = np.maximum.accumulate(np.where(gone, -np.inf, counts), axis=1)
    counts = _monotonic(counts)
    width = bounds.shape[1]
    before = np.full(bounds.shape, -1, dtype=np.intp)
    if width > 1:
        before[:, 1:] = np.maximum.accumulate(np.where(gone, -1, np.arange(width))[:, :-1], axis=1)
    return np.where(gone, -np.inf, counts), gone, before


def _fraction(low: float, high: float, bounds: Floats, counts: Floats) -> Floats:
    found = np.full(len(bounds), np.nan)
    for row in range(len(bounds)):
        found[row] = _share(low, high, bounds[row], counts[row])
    return found


def _share(low: float, high: float, bounds: Floats, counts: Floats) -> float:
    amounts, gone, _ = _prepared(bounds[np.newaxis], counts[np.newaxis])
    bounds, counts = bounds[~gone[0]], amounts[0][~gone[0]]
    total = float(counts[-1])
    if not math.isinf(bounds[-1]) or total == 0 or math.isnan(low) or math.isnan(high):
        return math.nan
    if low >= high:
        return 0.0
    return (_rank(high, bounds, counts) - _rank(low, bounds, counts)) / total


def _rank(value: float, bounds: Floats, counts: Floats) -> float:
    """The estimated number of observations up to value."""
    at = int(np.searchsorted(bounds, value, side="left"))
    lower = float(bounds[at - 1]) if at else (0.0 if bounds[0] > 0 else -math.inf)
    under = float(counts[at - 1]) if at else 0.0
    upper, count = float(bounds[min(at, len(bounds) - 1)]), float(counts[min(at, len(bounds) - 1)])
    if value == upper:
        return count
    if value <= lower:
        return under
    # There is no interpolating in a bucket without an end: in the lowest all counts as below, in the highest nothing.
    if math.isinf(lower):
        return count
    if math.isinf(upper):
        return under
    return under + (count - under) * (value - lower) / (upper - lower)
