"""Aggregations: rows of a frame by their labels, all steps at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.exposition import said
from opsguide.engines.labelsets import LabelSets, with_label
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.frame import Frame, merged
from opsguide.engines.promql.overtime import compensated, quantile_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from opsguide.engines.labelsets import Grouping

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_BIG = 1e12


def aggregate(op: str, frame: Frame, labels: tuple[str, ...], *, keep: bool) -> Frame:
    """sum, avg, min, max, count, group, stddev or stdvar by (keep) or without the labels."""
    grouping = frame.sets.grouped(labels, keep=keep)
    if not len(grouping.sets):
        return Frame(grouping.sets, frame.values[:0], frame.mask[:0])
    values, mask = frame.values[grouping.order], frame.mask[grouping.order]
    count = np.add.reduceat(mask, grouping.starts, axis=0, dtype=np.float64)
    return Frame(grouping.sets, _REDUCE[op](values, mask, grouping, count), count > 0)


def _sums(values: Floats, mask: Bools, grouping: Grouping, _: Floats) -> Floats:
    kept = np.where(mask, values, 0.0)
    sums: Floats = np.add.reduceat(kept, grouping.starts, axis=0)
    largest = np.maximum.reduceat(np.abs(kept), grouping.starts, axis=0)
    # Large and small numbers that cancel are summed again, group by group, with compensation.
    doubtful = (largest > _BIG) | (np.abs(sums) < largest * 1e-6)
    for group in np.flatnonzero(doubtful.any(axis=1)):
        sums[group] = compensated(kept[_rows(grouping, int(group))].T)
    return sums


def _rows(grouping: Grouping, group: int) -> slice:
    end = grouping.starts[group + 1] if group + 1 < len(grouping.starts) else len(grouping.order)
    return slice(int(grouping.starts[group]), int(end))


def _means(values: Floats, mask: Bools, grouping: Grouping, count: Floats) -> Floats:
    sums = _sums(values, mask, grouping, count)
    if not np.isinf(sums).any():
        return sums / count
    kept = np.where(mask, values, 0.0)
    parts = kept / np.maximum(count, 1)[grouping.codes[grouping.order]]
    infinite = np.logical_or.reduceat(np.isinf(kept), grouping.starts, axis=0)
    return np.where(np.isinf(sums) & ~infinite, np.add.reduceat(parts, grouping.starts, axis=0), sums / count)


def _variances(values: Floats, mask: Bools, grouping: Grouping, count: Floats) -> Floats:
    # Counted from the group's smallest value, so that equal values deviate by exactly nothing.
    lowest = _lowest(values, mask, grouping, count)
    values = values - np.where(np.isfinite(lowest), lowest, 0.0)[grouping.codes[grouping.order]]
    mean = _means(values, mask, grouping, count)
    away = np.where(mask, values - mean[grouping.codes[grouping.order]], 0.0)
    return np.asarray(np.add.reduceat(away * away, grouping.starts, axis=0) / count)


def _lowest(values: Floats, mask: Bools, grouping: Grouping, _: Floats) -> Floats:
    return np.asarray(np.fmin.reduceat(np.where(mask, values, np.nan), grouping.starts, axis=0))


def _highest(values: Floats, mask: Bools, grouping: Grouping, _: Floats) -> Floats:
    return np.asarray(np.fmax.reduceat(np.where(mask, values, np.nan), grouping.starts, axis=0))


_REDUCE: dict[str, Callable[[Floats, Bools, Grouping, Floats], Floats]] = {
    "sum": _sums,
    "avg": _means,
    "min": _lowest,
    "max": _highest,
    "stdvar": _variances,
    "stddev": lambda v, m, g, c: np.sqrt(_variances(v, m, g, c)),
    "count": lambda _v, _m, _g, count: count,
    "group": lambda _v, _m, _g, count: np.ones_like(count),
}


def quantile(q: Floats, frame: Frame, labels: tuple[str, ...], *, keep: bool) -> Frame:
    """The q-quantile ([steps]) of each group."""
    grouping = frame.sets.grouped(labels, keep=keep)
    values = np.full((len(grouping.sets), frame.values.shape[1]), np.nan)
    mask = np.zeros(values.shape, dtype=np.bool_)
    for group in range(len(grouping.sets)):
        rows = grouping.order[_rows(grouping, group)]
        cells, here = frame.values[rows], frame.mask[rows]
        mask[group] = here.any(axis=0)
        for i in np.flatnonzero(mask[group]):
            values[group, i] = quantile_of(float(q[i]), cells[:, i][np.newaxis], here[:, i][np.newaxis])[0]
    return Frame(grouping.sets, values, mask)


def extreme(op: str, k: Floats, frame: Frame, labels: tuple[str, ...], *, keep: bool) -> Frame:
    """Keep the k ([steps]) largest (topk) or smallest (bottomk) series of each group, with all their labels.

    On a single step the rows come in order of value; NaN counts as worse than any number.
    """
    grouping = frame.sets.grouped(labels, keep=keep)
    chosen = np.zeros(frame.mask.shape, dtype=np.bool_)
    order: list[int] = []
    sign = -1.0 if op == "topk" else 1.0
    for i in range(frame.mask.shape[1]):
        limit = _whole(k[i])
        for group in range(len(grouping.sets)):
            rows = grouping.order[_rows(grouping, group)]
            rows = rows[frame.mask[rows, i]]
            ranked = np.argsort(sign * frame.values[rows, i], kind="stable")  # NaN sorts last
            best = rows[ranked[: max(limit, 0)]]
            chosen[best, i] = True
            order.extend(best.tolist())
    kept = Frame(frame.sets, frame.values, chosen)
    if frame.mask.shape[1] == 1:
        return kept.take(np.array(order, dtype=np.intp))
    return kept


def _whole(k: float) -> int:
    if math.isnan(k):
        raise QueryFault("Parameter value is NaN")
    if abs(k) >= 2.0**63:
        raise QueryFault(f"Scalar value {k:g} overflows int64")
    return int(k)


def count_values(label: str, frame: Frame, labels: tuple[str, ...], *, keep: bool) -> Frame:
    """How many series of each group have each value; the value becomes label `label`."""
    if not label or not (label[0].isalpha() or label[0] == "_") or not label.replace("_", "a").isalnum():
        raise QueryFault(f"invalid label name {label!r}")
    grouping = frame.sets.grouped(labels, keep=keep)
    steps = frame.values.shape[1]
    found: dict[object, Floats] = {}
    drops: list[bool] = []
    for row, i in zip(*np.nonzero(frame.mask), strict=True):
        group = grouping.codes[row]
        key = with_label(grouping.sets.rows[group], label, said(float(frame.values[row, i])))
        if key not in found:
            found[key] = np.zeros(steps)
            drops.append(bool(grouping.sets.drops[group]))
        found[key][i] += 1
    values = np.array(list(found.values())).reshape(len(found), steps)
    sets = LabelSets(list(found), np.array(drops, dtype=np.bool_))  # type: ignore[arg-type]
    return merged(Frame(sets, values, values > 0), strict=False)
