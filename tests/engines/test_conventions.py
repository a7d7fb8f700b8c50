"""The table of conventions: every expression is PromQL, every pattern compiles, every quantity is found by its name."""

from __future__ import annotations

import re

import pytest

from opsguide.engines.binding import canonical
from opsguide.engines.conventions import CONVENTIONS, OWN, Convention, Way
from opsguide.engines.promql import parse

UNITS = {"", "ratio", "seconds", "bytes", "bytes_per_second", "per_second", "count"}
MODES = {"", "quantile", "summary", "avg", "max", "status", "database job"}
VALUES = {
    "$0": "first_total",
    "$1": "second_total",
    "$w": "5m",
    "$quoted": '"0.95"',
    "$q": "0.95",
    "$bad": 'code=~"5.."',
    "$fs": 'fstype!~"tmpfs"',
    "$db": 'job=~".*db.*"',
}
WAYS = [(convention.quantity, way) for convention in CONVENTIONS for way in convention.ways]


@pytest.mark.parametrize(
    ("quantity", "way"), WAYS, ids=lambda value: value if isinstance(value, str) else value.needs[0]
)
def test_every_way_is_promql_over_the_metrics_that_it_needs(quantity: str, way: Way) -> None:
    expr = re.sub(r"\$(?:quoted|bad|fs|db|[01wq])", lambda found: VALUES[found[0]], way.expr)
    assert "$" not in expr
    parse(expr)
    assert way.unit in UNITS, quantity
    assert way.mode in MODES, quantity
    assert ("$1" in way.expr) == (len(way.needs) == 2)
    for pattern in way.needs:
        re.compile(pattern.replace("$stem", "stem"))
    assert not way.needs[0].startswith(OWN)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: convention.quantity)
def test_every_quantity_is_known_by_its_own_name_and_says_what_would_bind_it(convention: Convention) -> None:
    assert canonical(convention.quantity) == convention.quantity
    assert convention.would


def test_no_quantity_stands_twice() -> None:
    names = [convention.quantity for convention in CONVENTIONS]
    assert len(names) == len(set(names))
