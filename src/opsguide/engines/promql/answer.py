"""From a query and a source to an answer: one or many vectors at an instant, or a matrix over a range."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.promql.blind import Blindness, blind, partly
from opsguide.engines.promql.evaluate import Evaluation
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.frame import Grid, Scalar, Words, finished
from opsguide.engines.promql.price import LIMIT, refuse_dear
from opsguide.engines.series import to_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from opsguide.engines.labelsets import Labels
    from opsguide.engines.promql.frame import Value
    from opsguide.engines.promql.syntax import Query
    from opsguide.engines.series import Source


@dataclass(frozen=True, slots=True)
class Vector:
    """An instant answer: labels[i] has values[i] (float64; NaN is a value). A scalar has one value and no labels.

    kind: vector, scalar or string (then `text`). blind: selectors that had nothing fresh to see though they should.
    partly: targets that are down and whose series are missing, while others of the same selector are there.
    """

    labels: tuple[Labels, ...]
    values: NDArray[np.float64]
    blind: tuple[Blindness, ...] = ()
    partly: tuple[Blindness, ...] = ()
    kind: str = "vector"
    text: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A range answer. times: Unix seconds [steps]; values: float64 [series, steps], NaN for none.

    mask: where there is a value (which may be NaN itself).
    """

    labels: tuple[Labels, ...]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    blind: tuple[Blindness, ...] = ()
    kind: str = field(default="vector")


def instant(query: Query, source: Source, t: float, *, limit: int = LIMIT) -> Vector:
    """The query's value at t (Unix seconds) and its blindness; raises QueryFault."""
    found = many([query], source, t, limit=limit)[0]
    if isinstance(found, QueryFault):
        raise found
    return found


def many(queries: Sequence[Query], source: Source, t: float, *, limit: int = LIMIT) -> list[Vector | QueryFault]:
    """The values of all queries at t. Equal parts of them are evaluated once; a fault stays with its query."""
    ev = Evaluation(source)
    at_ms = to_ms(t)
    grid = Grid(at_ms, 1000, 1, at_ms, at_ms)
    answers: list[Vector | QueryFault] = []
    with np.errstate(all="ignore"):
        for query in queries:
            try:
                refuse_dear(query.text, query.tree, source, grid, limit)
                value = ev.value(query.tree, grid)
                answers.append(_vector(value, blind(ev, query.tree, grid), partly(ev, query.tree, grid)))
            except QueryFault as fault:
                answers.append(fault)
            except RecursionError:
                answers.append(QueryFault("the query is nested too deeply"))
    return answers


def _vector(value: Value, blind_: tuple[Blindness, ...], partly_: tuple[Blindness, ...]) -> Vector:
    if isinstance(value, Scalar):
        return Vector(((),), value.values, blind_, partly_, "scalar")
    if isinstance(value, Words):
        return Vector((), np.empty(0), kind="string", text=value.value)
    done = finished(value)
    return Vector(done.sets.rows, done.values[:, 0], blind_, partly_)


def range_(query: Query, source: Source, t0: float, t1: float, step: float, *, limit: int = LIMIT) -> Matrix:
    """The query's values at t0, t0 + step, ... <= t1 (seconds); blindness as of the last of them. Raises QueryFault."""
    if query.kind not in {"vector", "scalar"}:
        raise QueryFault(f"a range query needs an instant vector or a scalar, not a {query.kind}")
    start_ms, end_ms, step_ms = to_ms(t0), to_ms(t1), to_ms(step)
    if step_ms <= 0:
        raise QueryFault("the step must be at least one millisecond")
    if end_ms < start_ms:
        raise QueryFault("the end lies before the start")
    steps = (end_ms - start_ms) // step_ms + 1
    grid = Grid(start_ms, step_ms, steps, start_ms, end_ms)
    last = Grid(grid.end_ms, step_ms, 1, start_ms, end_ms)
    ev = Evaluation(source)
    with np.errstate(all="ignore"):
        refuse_dear(query.text, query.tree, source, grid, limit)
        value = ev.value(query.tree, grid)
        seen = blind(ev, query.tree, last)
    times = grid.times / 1000
    if isinstance(value, Scalar):
        every = np.ones((1, steps), dtype=np.bool_)
        return Matrix(((),), times, value.values[np.newaxis, :], every, seen, "scalar")
    if isinstance(value, Words):
        raise QueryFault("a range query cannot answer a string")
    done = finished(value)
    return Matrix(done.sets.rows, times, np.where(done.mask, done.values, np.nan), done.mask, seen)
