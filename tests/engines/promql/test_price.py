"""The price of a query is known before it runs, and too dear a one is refused with the figure."""

from __future__ import annotations

import numpy as np
import pytest

from opsguide.engines.promql import QueryFault, instant, many, parse, range_
from opsguide.engines.promql.frame import Grid
from opsguide.engines.promql.price import price
from opsguide.engines.series import Head


@pytest.fixture(scope="module")
def head() -> Head:
    head = Head()
    keys = [f'm{{n="{n}"}}' for n in range(100)]
    for i in range(100):
        head.append("t", (), i * 15.0, keys, np.full(100, float(i)))
    return head


GRID = Grid(1_000_000, 15_000, 10, 1_000_000, 1_135_000)


@pytest.mark.parametrize(
    ("expr", "cost"),
    [
        ("m", 100 * 10),
        ("m + m", 2 * 100 * 10),
        ("1", 0),
        ("rate(m[5m])", 100 * (10 + 29)),
        ("max_over_time(m[5m])", 100 * 10 * 21),
        ("max_over_time(m[5m:1m])", 100 * 7 + 100 * 10 * 6),
        ("nothing", 10),
    ],
)
def test_the_price_counts_what_is_read(head: Head, expr: str, cost: int) -> None:
    assert price(parse(expr).tree, head, GRID) == cost


def test_a_query_above_the_limit_is_refused_with_the_figure(head: Head) -> None:
    with pytest.raises(QueryFault, match=r"would read 2 million values and the limit is 1 million"):
        range_(parse("max_over_time(m[5m])"), head, 500, 1485, 1, limit=1_000_000)
    with pytest.raises(QueryFault, match="11001 steps are more than 11000"):
        range_(parse("m"), head, 0, 11_000, 1)
    with pytest.raises(QueryFault, match="limit"):
        instant(parse("max_over_time(max_over_time(m[1h:1ms])[1h:1ms])"), head, 1500)


def test_a_dear_query_among_many_is_refused_alone(head: Head) -> None:
    first, dear, last = many([parse("count(m)"), parse("m[1h:1ms]"), parse("vector(1)")], head, 1485.0, limit=10_000)
    assert isinstance(dear, QueryFault)
    assert not isinstance(first, QueryFault)
    assert not isinstance(last, QueryFault)
    assert first.values.tolist() == [100.0]
    assert last.values.tolist() == [1.0]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((parse('"x"'), 0.0, 1.0, 1.0), "not a string"),
        ((parse("m[5m]"), 0.0, 1.0, 1.0), "not a matrix"),
        ((parse("m"), 0.0, 1.0, 0.0), "step"),
        ((parse("m"), 1.0, 0.0, 1.0), "before the start"),
    ],
)
def test_a_range_that_cannot_be_is_refused(head: Head, args: tuple[object, ...], message: str) -> None:
    with pytest.raises(QueryFault, match=message):
        range_(args[0], head, *args[1:])  # type: ignore[arg-type]
