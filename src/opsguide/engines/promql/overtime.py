"""Functions of a range vector. Each takes windows and answers values and a mask, both [series, steps].

`rate` and its like follow Prometheus 3: extrapolation to the window's edges where the samples come close to them
(within 1.1 times their average distance), half a distance otherwise, and never past a counter's zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.promql.fault import QueryFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from opsguide.engines.promql.windows import Windows

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Answer = tuple[Floats, Bools]

_CLOSE = 1.1
_BIG = 1e12


def rate(w: Windows) -> Answer:
    """Per-second increase of a counter."""
    values, mask = _extrapolated(w, counter=True)
    return values / (w.range_ms / 1000), mask


def increase(w: Windows) -> Answer:
    """Increase of a counter over the window."""
    return _extrapolated(w, counter=True)


def delta(w: Windows) -> Answer:
    """Difference of a gauge over the window."""
    return _extrapolated(w, counter=False)


def _extrapolated(w: Windows, *, counter: bool) -> Answer:
    mask = np.broadcast_to(w.count >= 2, w.shape)  # noqa: PLR2004 -- a slope needs two samples
    first = w.pick(w.first)
    gained = w.pick(w.last) - first
    if counter:
        before, both = w.predecessors
        fell = both & (w.values < before)
        if fell.any():
            gained = gained + w.total(np.where(fell, before, 0.0))
    first_ms, last_ms = w.moments(w.first), w.moments(w.last)
    to_start = (first_ms - (w.ends - w.range_ms)) / 1000
    to_end = (w.ends - last_ms) / 1000
    sampled = (last_ms - first_ms) / 1000
    apart = sampled / np.maximum(w.count - 1, 1)
    to_start = np.where(to_start >= apart * _CLOSE, apart / 2, to_start)
    if counter:
        to_zero = sampled * (first / gained)
        to_start = np.where((gained > 0) & (first >= 0) & (to_zero < to_start), to_zero, to_start)
    to_end = np.where(to_end >= apart * _CLOSE, apart / 2, to_end)
    return gained * ((sampled + to_start + to_end) / sampled), mask


def irate(w: Windows) -> Answer:
    """Per-second increase between the last two samples; a fall counts from zero."""
    values, mask, seconds = _last_two(w, counter=True)
    return values / seconds, mask & (seconds > 0)


def idelta(w: Windows) -> Answer:
    """Difference between the last two samples."""
    values, mask, _ = _last_two(w, counter=False)
    return values, mask


def _last_two(w: Windows, *, counter: bool) -> tuple[Floats, Bools, Floats]:
    mask = np.broadcast_to(w.count >= 2, w.shape)  # noqa: PLR2004 -- the last two
    before = w.before(w.last)
    now, then = w.pick(w.last), w.pick(before)
    values = np.where(now < then, now, now - then) if counter else now - then
    return values, mask, (w.moments(w.last) - w.moments(before)) / 1000


def changes(w: Windows) -> Answer:
    """How often the value changed within the window."""
    before, both = w.predecessors
    differ = both & (w.values != before) & ~(np.isnan(w.values) & np.isnan(before))
    return _counted(w, differ)


def resets(w: Windows) -> Answer:
    """How often the value fell within the window."""
    before, both = w.predecessors
    return _counted(w, both & (w.values < before))


def _counted(w: Windows, flags: Bools) -> Answer:
    return w.tally(flags).astype(np.float64), np.broadcast_to(w.count >= 1, w.shape)


def last_over_time(w: Windows) -> Answer:
    """The newest sample of the window."""
    return np.broadcast_to(w.pick(w.last), w.shape), np.broadcast_to(w.count >= 1, w.shape)


def first_over_time(w: Windows) -> Answer:
    """The oldest sample of the window."""
    return np.broadcast_to(w.pick(w.first), w.shape), np.broadcast_to(w.count >= 1, w.shape)


def ts_of_last_over_time(w: Windows) -> Answer:
    """Unix seconds of the newest sample."""
    return np.broadcast_to(w.moments(w.last) / 1000, w.shape), np.broadcast_to(w.count >= 1, w.shape)


def ts_of_first_over_time(w: Windows) -> Answer:
    """Unix seconds of the oldest sample."""
    return np.broadcast_to(w.moments(w.first) / 1000, w.shape), np.broadcast_to(w.count >= 1, w.shape)


def count_over_time(w: Windows) -> Answer:
    """How many samples the window has."""
    count = np.broadcast_to(w.count, w.shape)
    return count.astype(np.float64), count >= 1


def present_over_time(w: Windows) -> Answer:
    """1 where the window has a sample."""
    return np.ones(w.shape), np.broadcast_to(w.count >= 1, w.shape)


def _reduced(reduce: Callable[[Floats, Bools | None], Floats]) -> Callable[[Windows], Answer]:
    """A function of each window's values, from one of (values [series, width], mask or None)."""

    def function(w: Windows) -> Answer:
        values = np.zeros(w.shape)
        for i, cells, here, _ in w.each():
            values[:, i] = reduce(cells, here)
        return values, np.broadcast_to(w.count >= 1, w.shape)

    return function


def total(cells: Floats, here: Bools | None) -> Floats:
    """Sum of each row, compensated (Neumaier) where large and small numbers could meet."""
    kept = cells if here is None else np.where(here, cells, 0.0)
    plain: Floats = kept.sum(axis=1)
    if not kept.size:
        return plain
    largest = np.abs(kept).max(axis=1)
    if not ((largest > _BIG) | (np.abs(plain) < largest * 1e-6)).any():
        return plain
    return compensated(kept)


def compensated(cells: Floats) -> Floats:
    """Neumaier's sum of each row: exact to the last bit or two whatever the order of magnitudes."""
    sums = np.zeros(len(cells))
    lost = np.zeros(len(cells))
    for column in cells.T:
        new = sums + column
        lost += np.where(np.abs(sums) >= np.abs(column), (sums - new) + column, (column - new) + sums)
        sums = new
    return np.where(np.isfinite(sums), sums + lost, sums)


def _amount(cells: Floats, here: Bools | None) -> Floats:
    return np.full(len(cells), float(cells.shape[1])) if here is None else here.sum(axis=1).astype(np.float64)


def mean(cells: Floats, here: Bools | None) -> Floats:
    """Mean of each row; where the sum would overflow it is taken of the parts."""
    amount = _amount(cells, here)
    summed = total(cells, here)
    if np.isinf(summed).any():
        kept = cells if here is None else np.where(here, cells, 0.0)
        parts = compensated(kept / np.maximum(amount, 1)[:, np.newaxis])
        infinite = np.isinf(kept).any(axis=1)
        return np.where(np.isinf(summed) & ~infinite, parts, summed / amount)
    return summed / amount


def _variance(cells: Floats, here: Bools | None) -> Floats:
    # Counted from the row's smallest value, so that a constant row deviates by exactly nothing.
    cells = cells - np.where(np.isfinite(lowest(cells, here)), lowest(cells, here), 0.0)[:, np.newaxis]
    away = cells - mean(cells, here)[:, np.newaxis]
    kept = away if here is None else np.where(here, away, 0.0)
    return np.asarray((kept * kept).sum(axis=1) / _amount(cells, here))


def lowest(cells: Floats, here: Bools | None) -> Floats:
    """Smallest of each row; NaN only where nothing else is."""
    kept = cells if here is None else np.where(here, cells, np.nan)
    return np.asarray(np.fmin.reduce(kept, axis=1))


def highest(cells: Floats, here: Bools | None) -> Floats:
    """Largest of each row; NaN only where nothing else is."""
    kept = cells if here is None else np.where(here, cells, np.nan)
    return np.asarray(np.fmax.reduce(kept, axis=1))


def quantile_of(q: float, cells: Floats, here: Bools | None) -> Floats:
    """The q-quantile of each row, interpolated between ranks; NaN sorts first; q outside [0, 1] is infinite."""
    if math.isnan(q):
        return np.full(len(cells), np.nan)
    if not 0 <= q <= 1:
        return np.full(len(cells), math.copysign(math.inf, q))
    amount = _amount(cells, here).astype(np.intp)
    # NaN sorts first in Prometheus: it becomes -inf for the order, and what is no sample +inf behind everything.
    unknown = np.isnan(cells) if here is None else np.isnan(cells) & here
    order = np.where(unknown, -np.inf, cells)
    order = np.sort(order if here is None else np.where(here, order, np.inf), axis=1)
    order = np.where(np.arange(order.shape[1]) < unknown.sum(axis=1)[:, np.newaxis], np.nan, order)
    rank = q * (amount - 1)
    low = np.clip(np.floor(rank), 0, None).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(amount - 1, 0))
    weight = rank - np.floor(rank)
    rows = np.arange(len(cells))
    return np.asarray(order[rows, low] * (1 - weight) + order[rows, high] * weight)


def _deviation(cells: Floats, here: Bools | None) -> Floats:
    middle = quantile_of(0.5, cells, here)
    return quantile_of(0.5, np.abs(cells - middle[:, np.newaxis]), here)


def quantile_over_time(w: Windows, q: Floats) -> Answer:
    """The q-quantile of each window; q [steps]."""
    values = np.zeros(w.shape)
    for i, cells, here, _ in w.each():
        values[:, i] = quantile_of(float(q[i]), cells, here)
    return values, np.broadcast_to(w.count >= 1, w.shape)


def _when(pick: Callable[[Floats], NDArray[np.intp]]) -> Callable[[Windows], Answer]:
    def function(w: Windows) -> Answer:
        values = np.zeros(w.shape)
        for i, cells, here, times in w.each():
            kept = cells if here is None else np.where(here, cells, np.nan)
            values[:, i] = times[pick(kept)] / 1000
        return values, np.broadcast_to(w.count >= 1, w.shape)

    return function


def _last_lowest(kept: Floats) -> NDArray[np.intp]:
    order = np.where(np.isnan(kept), np.inf, kept)[:, ::-1]
    return np.asarray(kept.shape[1] - 1 - order.argmin(axis=1))


def _last_highest(kept: Floats) -> NDArray[np.intp]:
    order = np.where(np.isnan(kept), -np.inf, kept)[:, ::-1]
    return np.asarray(kept.shape[1] - 1 - order.argmax(axis=1))


def deriv(w: Windows) -> Answer:
    """Per-second slope by least squares."""
    slope, _, mask = _line(w, w.moments(w.first))
    return slope, mask


def predict_linear(w: Windows, ahead: Floats) -> Answer:
    """Where the least-squares line stands `ahead` [steps] seconds after the time of the evaluation."""
    slope, intercept, mask = _line(w, np.broadcast_to(w.at, (1, len(w.at))))
    return slope * ahead + intercept, mask


def _line(w: Windows, origin: NDArray[np.int64]) -> tuple[Floats, Floats, Bools]:
    """Slope and value at `origin` ([series or 1, steps], ms) of the least-squares line through each window."""
    slope, intercept = np.zeros(w.shape), np.zeros(w.shape)
    origin = np.broadcast_to(origin, w.shape)
    for i, cells, here, times in w.each():
        slope[:, i], intercept[:, i] = _least_squares(cells, here, times, origin[:, i])
    return slope, intercept, np.broadcast_to(w.count >= 2, w.shape)  # noqa: PLR2004 -- a line needs two points


def _least_squares(
    cells: Floats, here: Bools | None, times: NDArray[np.int64], origin: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    x = (times[np.newaxis, :] - origin[:, np.newaxis]) / 1000
    y = cells
    if here is not None:
        x, y = np.where(here, x, 0.0), np.where(here, y, 0.0)
    amount = _amount(cells, here)
    mean_x, mean_y = x.sum(axis=1) / amount, y.sum(axis=1) / amount
    # Distances from the mean: the textbook sums cancel badly for Unix seconds and large values.
    away_x, away_y = x - mean_x[:, np.newaxis], y - mean_y[:, np.newaxis]
    if here is not None:
        away_x, away_y = np.where(here, away_x, 0.0), np.where(here, away_y, 0.0)
    slope = (away_x * away_y).sum(axis=1) / (away_x * away_x).sum(axis=1)
    flat = (away_y == 0).all(axis=1)
    slope = np.where(flat, 0.0, slope)
    return slope, mean_y - slope * mean_x


def smoothed(w: Windows, smoothing: float, trend: float) -> Answer:
    """Double exponential smoothing (Holt's linear trend); both factors strictly between 0 and 1."""
    for name, factor in (("smoothing", smoothing), ("trend", trend)):
        if not 0 < factor < 1:
            raise QueryFault(f"invalid {name} factor. Expected: 0 < {name} < 1, got: {factor:g}")
    values = np.zeros(w.shape)
    for i, cells, here, _ in w.each():
        for row, line in enumerate(cells):
            kept = line if here is None else line[here[row]]
            if len(kept) >= 2:  # noqa: PLR2004 -- a trend needs two
                values[row, i] = _holt(kept, smoothing, trend)
    return values, np.broadcast_to(w.count >= 2, w.shape)  # noqa: PLR2004 -- as above


def _holt(line: Floats, smoothing: float, trend: float) -> float:
    level = before = float(line[0])
    slope = float(line[1] - line[0])
    for turn, value in enumerate(line[1:].tolist()):
        if turn:
            slope = trend * (level - before) + (1 - trend) * slope
        before = level
        level = smoothing * value + (1 - smoothing) * (level + slope)
    return level


FUNCTIONS: dict[str, Callable[[Windows], Answer]] = {
    "rate": rate,
    "increase": increase,
    "delta": delta,
    "irate": irate,
    "idelta": idelta,
    "changes": changes,
    "resets": resets,
    "deriv": deriv,
    "last_over_time": last_over_time,
    "first_over_time": first_over_time,
    "count_over_time": count_over_time,
    "present_over_time": present_over_time,
    "sum_over_time": _reduced(total),
    "avg_over_time": _reduced(mean),
    "min_over_time": _reduced(lowest),
    "max_over_time": _reduced(highest),
    "stdvar_over_time": _reduced(_variance),
    "stddev_over_time": _reduced(lambda cells, here: np.sqrt(_variance(cells, here))),
    "mad_over_time": _reduced(_deviation),
    "ts_of_last_over_time": ts_of_last_over_time,
    "ts_of_first_over_time": ts_of_first_over_time,
    "ts_of_min_over_time": _when(_last_lowest),
    "ts_of_max_over_time": _when(_last_highest),
}
"""Functions of the windows alone. quantile_over_time, predict_linear and smoothing take scalars besides."""

KEEPS_NAME = frozenset({"last_over_time", "first_over_time"})
NEEDS_TWO = frozenset(
    {"rate", "increase", "delta", "irate", "idelta", "deriv", "predict_linear", "double_exponential_smoothing"}
)
