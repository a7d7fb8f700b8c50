from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.conditions import compare, read_condition, read_conditions

COMPARISONS = [
    ("< 70%", ("", "<", 0.7, "ratio")),
    ("> 1000 req/s", ("req rate", ">", 1000.0, "per_second")),
    ("< 80% of max", ("", "<", 0.8, "ratio")),
    ("> 500ms for 5 minutes", ("", ">", 0.5, "seconds")),
    ("High error rate (> 5%)", ("error rate", ">", 0.05, "ratio")),
    ("Queue buildup (>1000 messages)", ("Queue buildup", ">", 1000.0, "count")),
    ("Low disk space (< 10%)", ("free disk space", "<", 0.1, "ratio")),
    ("Disk space low (<20% free)", ("free Disk space", "<", 0.2, "ratio")),
    ("Certificate expiration (< 30 days)", ("Certificate expiration", "<", 2592000.0, "seconds")),
    ("Memory usage > 90%", ("Memory usage", ">", 0.9, "ratio")),
    ("lag > 10,000 for 5m", ("lag", ">", 10000.0, "")),
    ("memory > 4Gi", ("memory", ">", 4294967296.0, "bytes")),
    ("memory > 4 GB", ("memory", ">", 4e9, "bytes")),
    ("network > 100 MB/s", ("network", ">", 1e8, "bytes_per_second")),
    ("≥ 99.9 %", ("", ">=", 0.999, "ratio")),
    ("Error rate ≤ 0.1\N{NO-BREAK SPACE}%", ("Error rate", "<=", 0.001, "ratio")),
    ("Disk usage above 85%", ("Disk usage", ">", 0.85, "ratio")),
    ("CPU utilization stays above 80 percent", ("CPU utilization", ">", 0.8, "ratio")),
    ("CPU exceeds 80%", ("CPU", ">", 0.8, "ratio")),
    ("free memory drops below 512 MiB", ("free memory", "<", 536870912.0, "bytes")),
    ("at least 3 replicas", ("replicas", ">=", 3.0, "count")),
    ("> 10k messages", ("messages", ">", 10000.0, "count")),
    ("> 5 million rows", ("rows", ">", 5e6, "count")),
    ("errors: > 10/min", ("errors", ">", 10 / 60, "per_second")),
    ("more than 5 failed logins per minute", ("failed logins rate", ">", 5 / 60, "per_second")),
    ("jvm_threads_live > 500", ("jvm_threads_live", ">", 500.0, "")),
    ("> 80% capacity", ("", ">", 0.8, "ratio")),
    ("`kafka.consumer.lag` **>** 5000", ("kafka.consumer.lag", ">", 5000.0, "")),
]


@pytest.mark.parametrize(("text", "told"), COMPARISONS)
def test_a_comparison_is_read_in_its_base_unit(text: str, told: tuple[str, str, float, str]) -> None:
    found = read_condition(text)
    assert found is not None
    assert (found.quantity, found.op, found.unit) == (told[0], told[1], told[3])
    assert found.value == pytest.approx(told[2], rel=1e-9)
    assert not found.event


@pytest.mark.parametrize(
    ("text", "quantile"),
    [
        ("< 500ms (95th percentile)", 0.95),
        ("High latency (>1s p95)", 0.95),
        ("P99 Latency < 500ms", 0.99),
        ("p99.9 < 2s", 0.999),
        ("p999 < 2s", 0.999),
        ("median latency < 50ms", 0.5),
        ("99% of requests < 250ms", 0.99),
        ("CPU > 80%", None),
        ("> 500 ms", None),
    ],
)
def test_a_percentile_is_a_ratio_however_it_is_written(text: str, quantile: float | None) -> None:
    found = read_condition(text)
    assert found is not None
    assert found.quantile == quantile


@pytest.mark.parametrize(
    ("text", "for_s"),
    [
        ("> 500ms for 5 minutes", 300.0),
        ("Consistently > 70% for 1 week", 604800.0),
        ("High error rate (>5% for 5 minutes)", 300.0),
        ("CPU > 80% for more than 10 minutes", 600.0),
        ("CPU > 80% for 10min", 600.0),
        ("CPU > 80%, sustained for 2h", 7200.0),
        ("> 70%", None),
    ],
)
def test_how_long_it_must_last_is_read_apart_from_the_limit(text: str, for_s: float | None) -> None:
    found = read_condition(text)
    assert found is not None
    assert found.for_s == for_s


@pytest.mark.parametrize(
    ("text", "quantity", "for_s"),
    [
        ("Service down for > 1 minute", "Service down", 60.0),
        ("Service down", "Service down", None),
        ("Database connection failure", "Database connection failure", None),
        ("All replicas down for 2 min", "All replicas down", 120.0),
        ("/ready fails", "/ready fails", None),
    ],
)
def test_an_event_has_no_limit_but_may_have_a_duration(text: str, quantity: str, for_s: float | None) -> None:
    found = read_condition(text)
    assert found is not None
    assert (found.quantity, found.op, found.value, found.for_s) == (quantity, "", None, for_s)
    assert found.event
    assert found.polarity == "alert"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Varies",
        "Monitor for spikes",
        "Target 99.9%",
        "Requests per second",
        "10-20",
        "> 2x baseline",
        "rate(http_server_errors_total[5m]) > 5",
        "sum(rate(x_total[5m])) by (le) > 5",
        'up{job="api"} == 0',
        "2026-01-01 to 2026-02-01",
        "see section 3-4 of the manual",
        "Access Control",
        "95th and 99.9th percentile",
        "5 minutes and 10 minutes",
    ],
)
def test_what_states_no_limit_is_no_condition(text: str) -> None:
    assert read_conditions(text) == ()


def test_an_average_and_a_share_of_a_maximum_are_kept() -> None:
    average, share = read_condition("> 1 second average"), read_condition("> 90% of max")
    assert average is not None
    assert share is not None
    assert (average.aggregate, average.value) == ("avg", 1.0)
    assert (share.of, share.aggregate) == ("max", "")


def test_a_window_is_no_duration() -> None:
    found = read_condition("error rate > 5% over 10 minutes")
    assert found is not None
    assert (found.window_s, found.for_s) == (600.0, None)


def test_levels_and_limits_in_one_text_are_conditions_of_their_own() -> None:
    found = read_conditions("Warning >5s, Critical >15s")
    assert [(c.level, c.value) for c in found] == [("warning", 5.0), ("critical", 15.0)]
    found = read_conditions("CPU > 80% and memory > 90% for 5m")
    assert [(c.quantity, c.value, c.for_s) for c in found] == [("CPU", 0.8, None), ("memory", 0.9, 300.0)]
    found = read_conditions("Error rate > 1% or p95 > 2s for 10 minutes")
    assert [(c.quantity, c.quantile) for c in found] == [("Error rate", None), ("response time", 0.95)]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("200ms–500ms", 0.2, 0.5), ("between 10 and 20 %", 0.1, 0.2), ("0.5 - 1.5 s", 0.5, 1.5), ("40-60%", 0.4, 0.6)],
)
def test_a_range_is_two_conditions_that_hold_together(text: str, low: float, high: float) -> None:
    found = read_conditions(text)
    assert [(c.op, c.value) for c in found] == [(">=", low), ("<=", high)]


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("High CPU usage (> 80%)", "alert"),
        ("Alert if latency exceeds 2s", "alert"),
        ("latency should be < 500ms", "normal"),
        ("Normal: < 70%", "normal"),
        ("CPU < 70%", ""),
    ],
)
def test_the_words_say_whether_the_good_or_the_bad_state_is_meant(text: str, polarity: str) -> None:
    found = read_condition(text)
    assert found is not None
    assert found.polarity == polarity


def test_comparing_with_no_number_is_never_true() -> None:
    assert compare(1.0, "<", 2.0)
    assert compare(2.0, ">=", 2.0)
    assert not any(compare(math.nan, op, 1.0) for op in ("<", "<=", ">", ">=", "=="))


@given(st.text(max_size=300))
def test_no_text_crashes_the_reader(text: str) -> None:
    for condition in read_conditions(text):
        assert condition.value is None or math.isfinite(condition.value)


@given(st.text(alphabet="<>=≤≥0123456789.,% msMGkBp95-/()for and range of", max_size=120))
def test_no_text_of_signs_and_units_crashes_the_reader(text: str) -> None:
    for condition in read_conditions(text):
        assert condition.event == (condition.op == "")
