"""Parsing: what a query reads, what is refused, and where in its text."""

from __future__ import annotations

import pytest

from opsguide.engines.promql import QueryFault, parse


def test_a_query_tells_its_selectors_and_metrics() -> None:
    query = parse('sum(rate(a_total{code=~"5.."}[5m])) / on (x) b > 0.1 or absent({job="z"} offset 5m)')
    assert [s.text for s in query.selectors] == ['a_total{code=~"5.."}', "b", '{job="z"}']
    assert query.metrics == ("a_total", "b")
    assert query.kind == "vector"
    assert [parse(text).kind for text in ("1 + 2", '"x"', "x[5m]", "x", "time()")] == [
        "scalar", "string", "matrix", "vector", "scalar",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "column", "message"),
    [
        ("", 1, "the query is empty"),
        ("rat(x[5m])", 1, "unknown function rat"),
        ("1 + rat(x[5m])", 5, "unknown function rat"),
        ("sum(rate(x[5m])", 4, "unclosed left parenthesis"),
        ("up = 0", 4, "this is no PromQL from here on"),
        ("rate(x)", 1, "expected type matrix"),
        ('x{a=~"("}', 7, "regular expression"),
        ('x{a=~"a(?=b)"}', 7, "regular expression"),
        ("histogram_count(x)", 1, "native histograms are not stored"),
        ("sum(histogram_avg(x))", 5, "native histograms are not stored"),
        ("info(x)", 1, "not supported"),
        ("limitk(2, x)", 1, "limitk is not supported"),
        ("x $ y", 3, "unexpected character"),
        ("x{a=b}", 5, "expected string"),
    ],
)
def test_a_fault_is_a_sentence_with_its_column(expr: str, column: int, message: str) -> None:
    with pytest.raises(QueryFault) as caught:
        parse(expr)
    assert message in caught.value.message
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("expr", "hint"),
    [
        ("histogram_quantil(0.9, x)", "write histogram_quantile"),
        ("now() > 3", "one of PromQL's functions"),
        ("rate(x)", "[5m]"),
        ("abs(x[5m])", "rate()"),
        ("sum(rate(x[5m])", "close this bracket"),
        ("rate(x[5m", "close this bracket"),
        ("x{a=b}", "quote the value"),
    ],
)
def test_a_fault_says_what_to_write_where_that_is_known(expr: str, hint: str) -> None:
    with pytest.raises(QueryFault) as caught:
        parse(expr)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200_000,
        "(" * 5_000 + "1" + ")" * 5_000,
        "-" * 50_000 + "1",
        "sum(" * 2000 + "x" + ")" * 2000,
        "1+" * 45_000 + "1",
        "1^" * 45_000 + "1",
        "x or " * 18_000 + "x",
        "x" + "[5m:]" * 10_000,
        "x" + '{a="b"}' * 10_000,
    ],
    ids=lambda text: text[:8],
)
def test_a_monstrous_query_is_refused_and_ends_nothing(text: str) -> None:
    with pytest.raises(QueryFault):
        parse(text)


def test_a_long_query_of_a_reasonable_shape_is_taken() -> None:
    assert parse(" + ".join(f'm{{n=~"{"|".join(map(str, range(300)))}"}}' for _ in range(40))).kind == "vector"
    assert parse("(" * 90 + "x" + ")" * 90).metrics == ("x",)
