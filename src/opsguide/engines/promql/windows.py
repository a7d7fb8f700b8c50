"""The samples of a range selector or subquery, seen through one window for each time of the grid."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from opsguide.engines.labelsets import LabelSets

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]


_EXACT = 1e12
"""Differences of a running sum below this are exact to some 1e-4, which no counter notices."""


class Windows:
    """values [series, slots] at times [slots]; window i is the samples in (ends[i] - range, ends[i]].

    here: which cells hold a sample, None where all do. at: the times of the grid (`ends` differ by offset and @).
    Arrays that are the same for every series have one row.
    """

    def __init__(
        self,
        sets: LabelSets,
        times: NDArray[np.int64],
        values: Floats,
        here: Bools | None,
        *,
        ends: NDArray[np.int64],
        at: NDArray[np.int64],
        range_ms: int,
    ) -> None:
        """Find each window's edges."""
        self.sets = sets
        self.times = times
        self.values = values
        self.here = here
        self.ends = ends
        self.at = at
        self.range_ms = range_ms
        self.low = np.searchsorted(times, ends - range_ms, side="right")
        self.high = np.searchsorted(times, ends, side="right")

    @property
    def shape(self) -> tuple[int, int]:
        """[series, steps]."""
        return len(self.sets), len(self.ends)

    @cached_property
    def _previous(self) -> Ints:
        """[series, slots + 1]: the last slot before this one that holds a sample, -1 where none."""
        assert self.here is not None
        slots = np.arange(self.here.shape[1], dtype=np.intp)
        last = np.full((len(self.here), len(slots) + 1), -1, dtype=np.intp)
        np.maximum.accumulate(np.where(self.here, slots, -1), axis=1, out=last[:, 1:])
        return last

    @cached_property
    def _next(self) -> Ints:
        """[series, slots + 1]: the first slot from this one on that holds a sample, slots where none."""
        assert self.here is not None
        count = self.here.shape[1]
        found = np.full((len(self.here), count + 1), count, dtype=np.intp)
        marked = np.where(self.here, np.arange(count, dtype=np.intp), count)
        found[:, :count] = np.minimum.accumulate(marked[:, ::-1], axis=1)[:, ::-1]
        return found

    @cached_property
    def count(self) -> Ints:
        """Samples in each window, [series or 1, steps]."""
        if self.here is None:
            return (self.high - self.low)[np.newaxis, :]
        return _differences(self.here, self.low, self.high)

    @cached_property
    def first(self) -> Ints:
        """Slot of the first sample of each window; any valid slot where it has none."""
        found = self.low[np.newaxis, :] if self.here is None else self._next[:, self.low]
        return np.clip(found, 0, max(len(self.times) - 1, 0))

    @cached_property
    def last(self) -> Ints:
        """Slot of the last sample of each window; any valid slot where it has none."""
        found = self.high[np.newaxis, :] - 1 if self.here is None else self._previous[:, self.high]
        return np.clip(found, 0, max(len(self.times) - 1, 0))

    def before(self, slots: Ints) -> Ints:
        """The slot of the sample before each of these."""
        if self.here is None:
            return np.clip(slots - 1, 0, None)
        return np.clip(np.take_along_axis(self._previous, slots, axis=1), 0, None)

    def pick(self, slots: Ints) -> Floats:
        """The values in these slots."""
        if not len(self.times):
            return np.zeros(self.shape)
        if len(slots) == 1 and len(self.values) != 1:
            return self.values[:, slots[0]]
        return np.take_along_axis(self.values, slots, axis=1)

    def moments(self, slots: Ints) -> NDArray[np.int64]:
        """The times of these slots, ms."""
        if not len(self.times):
            return np.zeros(slots.shape, dtype=np.int64)
        return self.times[slots]

    @cached_property
    def predecessors(self) -> tuple[Floats, Bools]:
        """For each cell the sample before it in its series, and where both it and this one are samples."""
        count = len(self.times)
        if self.here is None:
            before = np.empty_like(self.values)
            before[:, 1:] = self.values[:, :-1]
            valid = np.ones((1, count), dtype=np.bool_)
            if count:
                before[:, 0] = 0.0
                valid[:, 0] = False
            return before, np.broadcast_to(valid, self.values.shape)
        slots = self._previous[:, :-1]
        before = np.take_along_axis(self.values, np.clip(slots, 0, None), axis=1)
        return before, self.here & (slots >= 0)

    def tally(self, flags: Bools) -> Ints:
        """How many flagged cells each window has after its first sample: flags speak of a cell and the one before."""
        total = np.zeros((flags.shape[0], flags.shape[1] + 1), dtype=np.intp)
        np.cumsum(flags, axis=1, out=total[:, 1:])
        return np.asarray(_slots(total, self.last + 1) - _slots(total, self.first + 1))

    def total(self, amounts: Floats) -> Floats:
        """Sum of the cells' amounts in each window after its first sample."""
        if not (np.abs(amounts) < _EXACT).all():
            return self._total_apart(amounts)
        total = np.zeros((amounts.shape[0], amounts.shape[1] + 1))
        np.cumsum(amounts, axis=1, out=total[:, 1:])
        return np.asarray(_slots(total, self.last + 1) - _slots(total, self.first + 1))

    def _total_apart(self, amounts: Floats) -> Floats:
        """As `total`, each window for itself: a running sum would drown small amounts in large or infinite ones."""
        slots = np.arange(amounts.shape[1])
        found = np.zeros(self.shape)
        for i in range(self.shape[1]):
            first, last = (np.broadcast_to(edge, self.shape)[:, i, np.newaxis] for edge in (self.first, self.last))
            found[:, i] = np.where((slots > first) & (slots <= last), amounts, 0.0).sum(axis=1)
        return found

    def each(self) -> Iterator[tuple[int, Floats, Bools | None, NDArray[np.int64]]]:
        """Window by window: number, values [series, width], mask or None, times [width]. Empty ones are left out."""
        for i, (low, high) in enumerate(zip(self.low.tolist(), self.high.tolist(), strict=True)):
            if high > low:
                here = None if self.here is None else self.here[:, low:high]
                yield i, self.values[:, low:high], here, self.times[low:high]


C = TypeVar("C", np.float64, np.intp)


def _slots(total: NDArray[C], slots: Ints) -> NDArray[C]:
    if len(slots) == 1:
        return total[:, slots[0]]
    return np.take_along_axis(total, slots, axis=1)


def _differences(cells: Bools, low: Ints, high: Ints) -> Ints:
    total = np.zeros((cells.shape[0], cells.shape[1] + 1), dtype=np.intp)
    np.cumsum(cells, axis=1, out=total[:, 1:])
    return total[:, high] - total[:, low]
