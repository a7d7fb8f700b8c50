"""Expositions: text to samples and back; nonsense becomes faults."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.exposition import key_of, parse, render, said, split_key

SMALL = b"""# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3

# a comment of no kind
# TYPE temperature gauge
temperature -4.5e-1
latency_seconds_bucket{le="+Inf"} +Inf
nothing NaN
"""


def test_samples_kinds_helps_and_timestamps_are_read() -> None:
    found = parse(SMALL)
    assert found.keys == [
        'http_requests_total{method="post",code="200"}',
        'http_requests_total{method="post",code="400"}',
        "temperature",
        'latency_seconds_bucket{le="+Inf"}',
        "nothing",
    ]
    assert found.values[:4].tolist() == [1027, 3, -0.45, math.inf]
    assert math.isnan(found.values[4])
    assert found.kinds == {"http_requests_total": "counter", "temperature": "gauge"}
    assert found.helps == {"http_requests_total": "The total number of HTTP requests."}
    assert found.timestamps is not None
    assert found.timestamps[0] == 1395066363000
    assert np.isnan(found.timestamps[1:]).all()
    assert found.faults == ()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('a{b="c d"} 1', 'a{b="c d"}'),
        ('a{b="}"} 1', 'a{b="}"}'),
        ('a{b="x # y"} 1', 'a{b="x # y"}'),
        ('a { b = "c" , } 1', 'a{b="c"}'),
        ("a{} 1", "a"),
        ('a{b="1",c="2"}1', 'a{b="1",c="2"}'),
        ('a\t{b="c"}\t1', 'a{b="c"}'),
        (r'a{b="\"\\\n"} 1', r'a{b="\"\\\n"}'),
        (r'a{b="C:\dir"} 1', r'a{b="C:\\dir"}'),
        ('{"a.b",c="d"} 1', 'a.b{c="d"}'),
        ('a{"l.m"="d"} 1', 'a{l.m="d"}'),
        ('a{b="ü€"} 1', 'a{b="ü€"}'),
        ("job:rate:5m 1", "job:rate:5m"),
        ('a{b="c"} 1 # {trace="x y"} 0.5 123', 'a{b="c"}'),
        ('  a{b="c"} 1  \r', 'a{b="c"}'),
    ],
)
def test_every_spelling_of_a_series_has_one_key(line: str, key: str) -> None:
    for _ in range(2):  # once walked, once from the cache
        found = parse(line.encode())
        assert (found.keys, found.values.tolist(), found.faults) == ([key], [1.0], ())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("<html>", "a metric name starts"),
        ("a", "a sample is a series"),
        ("a b", "is no number"),
        ("a 1_000", "is no number"),
        ("a 1 2 3", "a sample is a series"),
        ("a 1 soon", "is no number"),
        ('a{b="c" 1', "not closed"),
        ("a{b=c} 1", "labels are written"),
        ('a{b="c" d="e"} 1', "labels are written"),
        ('a{b="1",b="2"} 1', "stands twice"),
        ('{b="1"} 1', "no metric name"),
        ('1a{b="1"} 1', "a metric name starts"),
    ],
)
def test_a_line_that_is_no_sample_is_a_fault_with_its_number_and_stops_nothing_else(line: str, why: str) -> None:
    found = parse(f"ok 1\n{line}\nok2 2\n".encode())
    assert found.keys == ["ok", "ok2"]
    (fault,) = found.faults
    assert fault.line == 2
    assert why in fault.why


def test_a_known_series_with_a_broken_value_is_a_fault() -> None:
    parse(b"a 1")
    assert parse(b"a x").faults[0].why == "'x' is no number"


def test_a_series_exposed_twice_keeps_its_first_value_and_is_reported() -> None:
    found = parse(b'a{b="1"} 1\nc 5\na{ b="1" } 2\n')
    assert (found.keys, found.values.tolist()) == (['a{b="1"}', "c"], [1.0, 5.0])
    assert "exposed twice" in found.faults[0].why


def test_openmetrics_ends_at_eof_and_counts_seconds() -> None:
    found = parse(b"# TYPE a counter\n# UNIT a seconds\na_total 1 1000.5\n# EOF\nrubbish here\n")
    assert found.keys == ["a_total"]
    assert found.timestamps is not None
    assert found.timestamps.tolist() == [1000500.0]
    assert found.faults == ()


def test_a_web_page_is_faults_and_is_not_read_to_its_end() -> None:
    page = b"<!DOCTYPE html>\n" + b"<p>not metrics</p>\n" * 100_000
    found = parse(page)
    assert found.keys == []
    assert len(found.faults) == 20
    assert found.faulty < 300


def test_bytes_that_are_no_text_are_one_fault() -> None:
    found = parse(b"a 1\n\xff\xfe\x00")
    assert found.keys == []
    assert found.faults[0].line == 2
    assert "not UTF-8" in found.faults[0].why


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    found = parse(data)
    assert len(found.keys) == len(found.values)


LABELS = st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True), st.text(max_size=8), max_size=4)


@given(st.from_regex(r"[a-z_:][a-z0-9_:]{0,8}", fullmatch=True), LABELS, st.floats())
def test_what_is_rendered_is_read_back(name: str, labels: dict[str, str], value: float) -> None:
    key = key_of(name, sorted(labels.items()))
    assert split_key(key) == (name, tuple(sorted(labels.items())))
    if any("\r" in text or "\x85" in text for text in labels.values()):
        return
    found = parse(render([(key, value)]).encode("utf-8", "surrogatepass"))
    assert found.keys == [key] or not found.keys
    if found.keys:
        np.testing.assert_array_equal(found.values, [value])


def test_families_are_rendered_together_with_type_and_help() -> None:
    text = render(
        [("a_total", 1.0), ('h_bucket{le="1"}', 2.0), ("h_sum", 0.5), ("h_count", 2.0)],
        {"a_total": "counter", "h": "histogram"},
        {"h": "How long."},
    )
    assert text == (
        "# TYPE a_total counter\na_total 1\n# HELP h How long.\n# TYPE h histogram\n"
        'h_bucket{le="1"} 2\nh_sum 0.5\nh_count 2\n'
    )


def test_values_are_said_as_expositions_write_them() -> None:
    assert [said(v) for v in (math.nan, math.inf, -math.inf, 5.0, 0.1, 1e300)] == [
        "NaN", "+Inf", "-Inf", "5", "0.1", "1e+300",
    ]  # fmt: skip


def test_split_key_sorts_the_labels() -> None:
    assert split_key('m{z="1",a="2"}') == ("m", (("a", "2"), ("z", "1")))
    with pytest.raises(ValueError, match="metric name"):
        split_key("1x")
