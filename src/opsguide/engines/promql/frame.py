"""Values on a grid of times: what every node of a query evaluates to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.labelsets import LabelSets, join
from opsguide.engines.promql.fault import QueryFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Grid:
    """The times of an evaluation, ms: start, start + step, ...

    first and last are those of the whole query, which @ start() and @ end() mean.
    """

    start_ms: int
    step_ms: int
    steps: int
    first_ms: int
    last_ms: int

    @property
    def times(self) -> NDArray[np.int64]:
        """int64 [steps]."""
        return self.start_ms + self.step_ms * np.arange(self.steps, dtype=np.int64)

    @property
    def end_ms(self) -> int:
        """The last time."""
        return self.start_ms + self.step_ms * (self.steps - 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """An instant vector at every time of a grid. values: float64 [series, steps]; mask: where there is a value."""

    sets: LabelSets
    values: NDArray[np.float64]
    mask: NDArray[np.bool_]

    def with_values(self, values: NDArray[np.float64], *, drop: bool = True) -> Frame:
        """The same series with other values; drop: their names go."""
        return Frame(self.sets.dropping() if drop else self.sets, values, self.mask)

    def take(self, index: NDArray[np.intp]) -> Frame:
        """The rows of index."""
        return Frame(self.sets.take(index), self.values[index], self.mask[index])

    def compact(self) -> Frame:
        """Without the rows that have no value at all."""
        some = self.mask.any(axis=1)
        return self if some.all() else self.take(np.flatnonzero(some))


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar at every time of a grid: float64 [steps]."""

    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Words:
    """A string."""

    value: str


Value = Frame | Scalar | Words


def empty(steps: int) -> Frame:
    """No series."""
    return Frame(LabelSets(()), np.empty((0, steps)), np.empty((0, steps), dtype=np.bool_))


def stacked(frames: Sequence[Frame], steps: int) -> Frame:
    """The series of all frames, in order; nothing is merged."""
    if not frames:
        return empty(steps)
    if len(frames) == 1:
        return frames[0]
    return Frame(
        join([f.sets for f in frames]),
        np.concatenate([f.values for f in frames]),
        np.concatenate([f.mask for f in frames]),
    )


def merged(frame: Frame, *, strict: bool = True) -> Frame:
    """One row for each label set. Two values of one at the same time are a fault (strict), or the first wins."""
    if frame.sets.unique():
        return frame
    first: dict[object, int] = {}
    values, mask = frame.values.copy(), frame.mask.copy()
    for row, identity in enumerate(frame.sets.identities()):
        into = first.setdefault(identity, row)
        if into == row:
            continue
        if strict and (mask[into] & mask[row]).any():
            raise QueryFault("vector cannot contain metrics with the same labelset")
        fill = mask[row] & ~mask[into]
        values[into][fill] = values[row][fill]
        mask[into] |= fill
    index = np.array(list(first.values()), dtype=np.intp)
    return Frame(frame.sets.take(index), values[index], mask[index])


def finished(frame: Frame) -> Frame:
    """As it leaves the evaluation: names dropped that are to go, one row for each label set, no empty rows."""
    compact = frame.compact()
    return merged(Frame(compact.sets.named(), compact.values, compact.mask))
