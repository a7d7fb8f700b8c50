"""PromQL as Prometheus 3 means it, over matrices: parse, price, evaluate, and say what could not be seen.

parse(expr) -> Query                                raises QueryFault(message, column)
instant(query, source, t) -> Vector                 t in Unix seconds
many(queries, source, t) -> [Vector | QueryFault]   equal parts of the queries are evaluated once
range_(query, source, t0, t1, step) -> Matrix       times t0, t0 + step, ... <= t1; step in seconds
"""

from __future__ import annotations

from opsguide.engines.promql.answer import Matrix, Vector, instant, many, range_
from opsguide.engines.promql.blind import Blindness
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.syntax import Query, parse

__all__ = ["Blindness", "Matrix", "Query", "QueryFault", "Vector", "instant", "many", "parse", "range_"]
