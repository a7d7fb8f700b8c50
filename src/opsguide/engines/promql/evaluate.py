"""One evaluation of one or many queries: every node on a grid of times, equal nodes once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.labelsets import LabelSets
from opsguide.engines.promql import aggregate, binary, functions, overtime, relabel
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.frame import Frame, Grid, Scalar, Value, Words, empty, merged, stacked
from opsguide.engines.promql.histogram import histogram_fraction, histogram_quantile
from opsguide.engines.promql.tree import (
    Aggregate,
    At,
    Binary,
    Call,
    Minus,
    Node,
    Number,
    RangeSelector,
    Selector,
    Subquery,
    Text,
)
from opsguide.engines.promql.windows import Windows
from opsguide.engines.series import LOOKBACK_MS, NOTHING_BITS, present

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from opsguide.engines.series import Slab, Source

SUBQUERY_STEP_MS = 60_000


class Evaluation:
    """The context of one pass over a source: what was selected or computed once is not done again."""

    def __init__(self, source: Source) -> None:
        """Nothing is evaluated yet."""
        self.source = source
        self._values: dict[tuple[Node, Grid], Value] = {}
        self._windows: dict[tuple[Node, Grid], list[Windows]] = {}
        self._latest: dict[tuple[Selector, Grid], tuple[Frame, NDArray[np.float64]]] = {}
        self._down: dict[int, Mapping[str, int]] = {}

    def down(self, at_ms: int) -> Mapping[str, int]:
        """The targets that are down at that time, each with since when (ms)."""
        if at_ms not in self._down:
            self._down[at_ms] = self.source.down(at_ms)
        return self._down[at_ms]

    def value(self, node: Node, grid: Grid) -> Value:
        """The node's value at each time of the grid."""
        key = (node, grid)
        found = self._values.get(key)
        if found is None:
            found = self._values[key] = self._evaluate(node, grid)
        return found

    def _evaluate(self, node: Node, grid: Grid) -> Value:
        match node:
            case Number():
                return Scalar(np.full(grid.steps, node.value))
            case Text():
                return Words(node.value)
            case Selector():
                return self.latest(node, grid)[0]
            case Minus():
                inner = self.value(node.inner, grid)
                return (
                    Scalar(-inner.values)
                    if isinstance(inner, Scalar)
                    else _vector(inner).with_values(-_vector(inner).values)
                )
            case Call():
                return self._call(node, grid)
            case Aggregate():
                return self._aggregate(node, grid)
            case Binary():
                return self._binary(node, grid)
        raise QueryFault("the answer would be a range vector; wrap it in a function such as rate()")

    # ---- selectors ---------------------------------------------------------------------------------------------------

    def latest(self, node: Selector, grid: Grid) -> tuple[Frame, NDArray[np.float64]]:
        """The newest sample within the lookback at each time, and when it was taken (seconds, same shape)."""
        key = (node, grid)
        if key not in self._latest:
            self._latest[key] = self._select_latest(node, grid)
        return self._latest[key]

    def _select_latest(self, node: Selector, grid: Grid) -> tuple[Frame, NDArray[np.float64]]:
        ends = _ends(grid, node.offset_ms, node.at)
        slabs = self._slabs(node, int(ends.min()) - LOOKBACK_MS, int(ends.max()))
        frames = [_latest(slab, ends) for slab in slabs]
        frame = stacked([f for f, _ in frames], grid.steps)
        when = np.concatenate([w for _, w in frames]) if frames else np.empty((0, grid.steps))
        if not frame.sets.unique():
            stamps = merged(Frame(frame.sets, when, frame.mask), strict=False)
            return merged(frame, strict=False), stamps.values
        return frame, when

    def _slabs(self, node: Selector, start_ms: int, end_ms: int) -> Sequence[Slab]:
        return [slab for way in node.ways for slab in self.source.select(way, start_ms, end_ms)]

    def windows(self, node: RangeSelector | Subquery, grid: Grid) -> list[Windows]:
        """The windows of a range selector or subquery, target by target."""
        key = (node, grid)
        if key not in self._windows:
            if isinstance(node, RangeSelector):
                self._windows[key] = self._of_selector(node, grid)
            else:
                self._windows[key] = self._of_subquery(node, grid)
        return self._windows[key]

    def _of_selector(self, node: RangeSelector, grid: Grid) -> list[Windows]:
        ends = _ends(grid, node.selector.offset_ms, node.selector.at)
        slabs = self._slabs(node.selector, int(ends.min()) - node.range_ms, int(ends.max()))
        return [
            Windows(s.sets, s.times, s.values, present(s.values), ends=ends, at=grid.times, range_ms=node.range_ms)
            for s in slabs
            if len(s.times)
        ]

    def _of_subquery(self, node: Subquery, grid: Grid) -> list[Windows]:
        inner_grid = subquery_grid(node, grid)
        if inner_grid is None:
            return []
        inner = _vector(self.value(node.inner, inner_grid))
        here = None if inner.mask.all() else inner.mask
        ends = _ends(grid, node.offset_ms, node.at)
        times = inner_grid.times
        return [Windows(inner.sets, times, inner.values, here, ends=ends, at=grid.times, range_ms=node.range_ms)]

    # ---- calls -------------------------------------------------------------------------------------------------------

    def _call(self, node: Call, grid: Grid) -> Value:
        name = node.name
        if name in overtime.FUNCTIONS:
            function = overtime.FUNCTIONS[name]
            return self._over_time(node.args[0], grid, function, keeps=name in overtime.KEEPS_NAME)
        if name in functions.ELEMENTWISE:
            frame = self.vector(node.args[0], grid)
            return frame.with_values(functions.ELEMENTWISE[name](frame.values))
        if name in functions.CALENDAR:
            frame = self.vector(node.args[0], grid) if node.args else _one(grid.times / 1000)
            return frame.with_values(functions.CALENDAR[name](frame.values))
        return _CALLS[name](self, node, grid)

    def _over_time(
        self,
        node: Node,
        grid: Grid,
        function: Callable[[Windows], tuple[NDArray[np.float64], NDArray[np.bool_]]],
        *,
        keeps: bool = False,
    ) -> Frame:
        if not isinstance(node, RangeSelector | Subquery):
            raise QueryFault("a range vector is needed here, such as x[5m]")
        frames = []
        for w in self.windows(node, grid):
            values, mask = function(w)
            frames.append(Frame(w.sets if keeps else w.sets.dropping(), values, mask))
        return merged(stacked(frames, grid.steps), strict=False)

    def vector(self, node: Node, grid: Grid) -> Frame:
        """The node's value, which must be an instant vector."""
        return _vector(self.value(node, grid))

    def scalar(self, node: Node, grid: Grid) -> NDArray[np.float64]:
        """The node's value, which must be a scalar: float64 [steps]."""
        found = self.value(node, grid)
        if not isinstance(found, Scalar):
            raise QueryFault("a scalar is needed here")
        return found.values

    def _aggregate(self, node: Aggregate, grid: Grid) -> Frame:
        frame = self.vector(node.inner, grid)
        if node.op in {"topk", "bottomk"} and node.param is not None:
            return aggregate.extreme(node.op, self.scalar(node.param, grid), frame, node.labels, keep=node.keep)
        if node.op == "quantile" and node.param is not None:
            return aggregate.quantile(self.scalar(node.param, grid), frame, node.labels, keep=node.keep)
        if node.op == "count_values" and node.param is not None:
            return aggregate.count_values(words(node.param), frame, node.labels, keep=node.keep)
        return aggregate.aggregate(node.op, frame, node.labels, keep=node.keep)

    def _binary(self, node: Binary, grid: Grid) -> Value:
        left, right = self.value(node.left, grid), self.value(node.right, grid)
        if isinstance(left, Scalar) and isinstance(right, Scalar):
            return binary.of_scalars(node.op, left, right)
        if isinstance(right, Scalar):
            return binary.with_scalar(node.op, _vector(left), right, swapped=False, as_bool=node.as_bool)
        if isinstance(left, Scalar):
            return binary.with_scalar(node.op, _vector(right), left, swapped=True, as_bool=node.as_bool)
        if node.op in binary.SETS:
            return binary.of_sets(node.op, _vector(left), _vector(right), node.matching)
        return binary.of_vectors(node.op, _vector(left), _vector(right), node.matching, as_bool=node.as_bool)


def subquery_grid(node: Subquery, grid: Grid) -> Grid | None:
    """The times at which the inside is evaluated: multiples of the step within all windows of the outer grid."""
    ends = _ends(grid, node.offset_ms, node.at)
    step = node.step_ms or SUBQUERY_STEP_MS
    start = (int(ends.min()) - node.range_ms) // step * step + step
    steps = (int(ends.max()) - start) // step + 1
    return Grid(start, step, steps, grid.first_ms, grid.last_ms) if steps > 0 else None


def _ends(grid: Grid, offset_ms: int, at: At | None) -> NDArray[np.int64]:
    if at is None:
        return grid.times - offset_ms
    fixed = {"start": grid.first_ms, "end": grid.last_ms}.get(at.edge, at.at_ms)
    return np.full(grid.steps, fixed - offset_ms, dtype=np.int64)


def _latest(slab: Slab, ends: NDArray[np.int64]) -> tuple[Frame, NDArray[np.float64]]:
    shape = (len(slab.sets), len(ends))
    low = np.searchsorted(slab.times, ends - LOOKBACK_MS, side="right")
    high = np.searchsorted(slab.times, ends, side="right")
    if not len(slab.times):
        return Frame(slab.sets, np.zeros(shape), np.zeros(shape, dtype=np.bool_)), np.zeros(shape)
    here = present(slab.values)
    if here is None:
        slots = np.clip(high - 1, 0, None)
        mask = np.broadcast_to(high > low, shape)
        return Frame(slab.sets, slab.values[:, slots], mask), np.broadcast_to(slab.times[slots] / 1000, shape)
    # A stale marker hides what came before it, "nothing" does not: look for the last cell that says anything.
    numbers = np.arange(len(slab.times), dtype=np.intp)
    says = np.where(slab.values.view(np.int64) != NOTHING_BITS, numbers, -1)
    last = np.full((len(says), len(numbers) + 1), -1, dtype=np.intp)
    np.maximum.accumulate(says, axis=1, out=last[:, 1:])
    slots = last[:, high]
    within = slots >= low
    slots = np.clip(slots, 0, None)
    mask = within & np.take_along_axis(here, slots, axis=1)
    return Frame(slab.sets, np.take_along_axis(slab.values, slots, axis=1), mask), slab.times[slots] / 1000


def _vector(value: Value) -> Frame:
    if not isinstance(value, Frame):
        raise QueryFault("an instant vector is needed here")
    return value


def words(node: Node) -> str:
    """The text of a string literal."""
    if not isinstance(node, Text):
        raise QueryFault("a string literal is needed here")
    return node.value


def _one(values: NDArray[np.float64]) -> Frame:
    """A vector of one series without labels."""
    return Frame(LabelSets([()]), values[np.newaxis, :], np.ones((1, len(values)), dtype=np.bool_))


# ---- functions with arguments of their own ---------------------------------------------------------------------------


def _absent(ev: Evaluation, node: Call, grid: Grid) -> Value:
    frame = ev.vector(node.args[0], grid)
    return _where_none(np.asarray(frame.mask.any(axis=0)), node.args[0], grid)


def _absent_over_time(ev: Evaluation, node: Call, grid: Grid) -> Value:
    frame = ev._over_time(node.args[0], grid, overtime.present_over_time)  # noqa: SLF001 -- same module
    return _where_none(np.asarray(frame.mask.any(axis=0)), node.args[0], grid)


def _where_none(some: NDArray[np.bool_], node: Node, grid: Grid) -> Frame:
    """1 where there is nothing, with the labels that the selector asks for by equality, each once."""
    selector = node.selector if isinstance(node, RangeSelector) else node
    labels: dict[str, str] = {}
    if isinstance(selector, Selector) and len(selector.ways) == 1:
        seen: set[str] = set()
        for matcher in selector.ways[0]:
            if matcher.name == "__name__":
                continue
            if matcher.op == "=" and matcher.name not in seen:
                labels[matcher.name] = matcher.value
            else:
                labels.pop(matcher.name, None)
            seen.add(matcher.name)
    row = tuple(sorted((name, value) for name, value in labels.items() if value))
    return Frame(LabelSets([row]), np.ones((1, grid.steps)), ~some[np.newaxis, :])


def _scalar(ev: Evaluation, node: Call, grid: Grid) -> Value:
    frame = ev.vector(node.args[0], grid)
    alone = frame.mask.sum(axis=0) == 1
    values = np.where(frame.mask, frame.values, 0.0).sum(axis=0)
    return Scalar(np.where(alone, values, np.nan))


def _timestamp(ev: Evaluation, node: Call, grid: Grid) -> Value:
    arg = node.args[0]
    if isinstance(arg, Selector):
        frame, when = ev.latest(arg, grid)
        return frame.with_values(when)
    frame = ev.vector(arg, grid)
    return frame.with_values(np.broadcast_to(grid.times / 1000, frame.values.shape))


def _round(ev: Evaluation, node: Call, grid: Grid) -> Value:
    frame = ev.vector(node.args[0], grid)
    to = ev.scalar(node.args[1], grid) if len(node.args) > 1 else np.ones(grid.steps)
    return frame.with_values(functions.rounded(frame.values, to))


def _clamp(ev: Evaluation, node: Call, grid: Grid) -> Value:
    frame = ev.vector(node.args[0], grid)
    bounds = [ev.scalar(arg, grid) for arg in node.args[1:]]
    if node.name == "clamp_min":
        return frame.with_values(np.maximum(frame.values, bounds[0]))
    if node.name == "clamp_max":
        return frame.with_values(np.minimum(frame.values, bounds[0]))
    low, high = bounds
    clamped = np.maximum(low, np.minimum(high, frame.values))
    return Frame(frame.sets.dropping(), clamped, frame.mask & ~(low > high))


def _quantile_over_time(ev: Evaluation, node: Call, grid: Grid) -> Value:
    q = ev.scalar(node.args[0], grid)
    return ev._over_time(node.args[1], grid, lambda w: overtime.quantile_over_time(w, q))  # noqa: SLF001 -- same module


def _predict_linear(ev: Evaluation, node: Call, grid: Grid) -> Value:
    ahead = ev.scalar(node.args[1], grid)
    return ev._over_time(node.args[0], grid, lambda w: overtime.predict_linear(w, ahead))  # noqa: SLF001 -- same module


def _smoothing(ev: Evaluation, node: Call, grid: Grid) -> Value:
    smoothing, trend = (float(ev.scalar(arg, grid)[0]) for arg in node.args[1:])
    return ev._over_time(node.args[0], grid, lambda w: overtime.smoothed(w, smoothing, trend))  # noqa: SLF001 -- same module


def _histogram_quantile(ev: Evaluation, node: Call, grid: Grid) -> Value:
    return histogram_quantile(ev.scalar(node.args[0], grid), ev.vector(node.args[1], grid))


def _histogram_fraction(ev: Evaluation, node: Call, grid: Grid) -> Value:
    low, high = ev.scalar(node.args[0], grid), ev.scalar(node.args[1], grid)
    return histogram_fraction(low, high, ev.vector(node.args[2], grid))


def _label_replace(ev: Evaluation, node: Call, grid: Grid) -> Value:
    into, replacement, source, pattern = (words(arg) for arg in node.args[1:])
    return relabel.label_replace(ev.vector(node.args[0], grid), into, replacement, source, pattern)


def _label_join(ev: Evaluation, node: Call, grid: Grid) -> Value:
    into, separator, *sources = (words(arg) for arg in node.args[1:])
    return relabel.label_join(ev.vector(node.args[0], grid), into, separator, sources)


def _sort(ev: Evaluation, node: Call, grid: Grid) -> Value:
    return relabel.by_value(ev.vector(node.args[0], grid), descending=node.name.endswith("_desc"))


def _sort_by_label(ev: Evaluation, node: Call, grid: Grid) -> Value:
    names = [words(arg) for arg in node.args[1:]]
    return relabel.by_label(ev.vector(node.args[0], grid), names, descending=node.name.endswith("_desc"))


_CALLS: dict[str, Callable[[Evaluation, Call, Grid], Value]] = {
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "scalar": _scalar,
    "vector": lambda ev, node, grid: _one(ev.scalar(node.args[0], grid)),
    "time": lambda _ev, _node, grid: Scalar(grid.times / 1000),
    "pi": lambda _ev, _node, grid: Scalar(np.full(grid.steps, np.pi)),
    "timestamp": _timestamp,
    "round": _round,
    "clamp": _clamp,
    "clamp_min": _clamp,
    "clamp_max": _clamp,
    "quantile_over_time": _quantile_over_time,
    "predict_linear": _predict_linear,
    "double_exponential_smoothing": _smoothing,
    "histogram_quantile": _histogram_quantile,
    "histogram_fraction": _histogram_fraction,
    "label_replace": _label_replace,
    "label_join": _label_join,
    "sort": _sort,
    "sort_desc": _sort,
    "sort_by_label": _sort_by_label,
    "sort_by_label_desc": _sort_by_label,
}

__all__ = ["Evaluation", "empty", "subquery_grid"]
