"""Properties: an instant answer is the range answer's column; sharing changes nothing; no text crashes the parser."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.engines.promql import QueryFault, instant, many, parse, range_
from opsguide.engines.series import Head

EXPRESSIONS = [
    "c",
    'c{k="1"}',
    "rate(c[1m])",
    "increase(c[2m])",
    "irate(c[1m])",
    "delta(g[90s])",
    "idelta(g[1m])",
    "deriv(g[2m])",
    "predict_linear(g[2m], 60)",
    "changes(g[2m])",
    "resets(c[2m])",
    "sum_over_time(g[1m])",
    "avg_over_time(g[1m])",
    "min_over_time(g[1m])",
    "max_over_time(g[1m])",
    "count_over_time(g[1m])",
    "stddev_over_time(g[1m])",
    "quantile_over_time(0.3, g[1m])",
    "last_over_time(g[1m])",
    "absent_over_time(g[30s])",
    "max_over_time(rate(c[1m])[2m:20s])",
    "sum by (k) (c)",
    "avg without (k) (g)",
    "topk(1, g)",
    "quantile(0.5, g)",
    'count_values("v", g)',
    "c / on (k) g",
    "c and on (k) g > 2",
    "c unless on (k) g > 2",
    "c or g",
    "g > bool 2",
    "absent(g)",
    "c offset 30s",
    "timestamp(g)",
    "histogram_quantile(0.5, b)",
    'label_replace(g, "z", "$1", "k", "(.)")',
    "time() - hour()",
    'scalar(g{k="1"}) + g',
]
KEYS = ['c{k="1"}', 'c{k="2"}', 'g{k="1"}', 'g{k="2"}', 'b{le="1"}', 'b{le="2"}', 'b{le="+Inf"}']
SAMPLES = st.one_of(st.integers(0, 9).map(float), st.just(float("nan")), st.just(float("inf")))
SCRAPES = st.lists(
    st.tuples(st.integers(1, 40_000), st.lists(st.one_of(st.none(), SAMPLES), min_size=len(KEYS), max_size=len(KEYS))),
    max_size=25,
)


def built(scrapes: list[tuple[int, list[float | None]]]) -> Head:
    head, at_ms = Head(), 1_000_000
    for gap_ms, values in scrapes:
        at_ms += gap_ms
        found = [(key, value) for key, value in zip(KEYS, values, strict=True) if value is not None]
        head.append("t", (("job", "x"),), at_ms / 1000, [k for k, _ in found], np.array([v for _, v in found]))
    return head


@settings(max_examples=60, deadline=None)
@given(SCRAPES, st.sampled_from(EXPRESSIONS), st.integers(1, 60))
def test_an_instant_is_a_column_of_the_range(
    scrapes: list[tuple[int, list[float | None]]], expr: str, step_s: int
) -> None:
    head, query = built(scrapes), parse(expr)
    whole = range_(query, head, 1000.0, 1000.0 + 12 * step_s, step_s)
    for i, at in enumerate(whole.times):
        alone = instant(query, head, float(at))
        column = {labels: whole.values[row, i] for row, labels in enumerate(whole.labels) if whole.mask[row, i]}
        found = dict(zip(alone.labels, alone.values, strict=True))
        assert found.keys() == column.keys()
        for labels, value in found.items():
            np.testing.assert_allclose(value, column[labels], rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(SCRAPES)
def test_many_queries_together_answer_what_each_answers_alone(scrapes: list[tuple[int, list[float | None]]]) -> None:
    head = built(scrapes)
    queries = [parse(expr) for expr in EXPRESSIONS]
    for query, together in zip(queries, many(queries, head, 1200.0), strict=True):
        alone = instant(query, head, 1200.0)
        assert not isinstance(together, QueryFault)
        assert (together.labels, together.blind) == (alone.labels, alone.blind)
        np.testing.assert_array_equal(together.values, alone.values)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="rate()sumby[]{}5m=~\"'x+-*/> @offset1.,\\\n", max_size=60),
        st.tuples(st.sampled_from(EXPRESSIONS), st.integers(0, 40), st.characters()).map(
            lambda t: t[0][: t[1]] + t[2] + t[0][t[1] :]
        ),
    )
)
def test_no_text_crashes_parser_or_evaluation(expr: str) -> None:
    head = built([(15_000, [1.0] * len(KEYS))] * 3)
    fault = QueryFault("none", 0)
    try:
        instant(parse(expr), head, 1030.0)
    except QueryFault as raised:
        fault = raised
    assert fault.message
    assert 0 <= fault.column <= len(expr) + 1
