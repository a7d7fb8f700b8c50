from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.units import duration_s, number, prometheus_duration, said, size_bytes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("500ms", 0.5),
        ("5 minutes", 300.0),
        ("1 week", 604800.0),
        ("30 days", 2592000.0),
        ("24 hours", 86400.0),
        ("1 day", 86400.0),
        ("2\N{NO-BREAK SPACE}h", 7200.0),
        ("3 months", 7776000.0),
        ("1,000 ms", 1.0),
        ("Varies", None),
        ("5", None),
        ("", None),
        ("5 parsecs", None),
    ],
)
def test_a_duration_is_seconds(text: str, seconds: float | None) -> None:
    assert duration_s(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10GB", 1e10),
        ("4Gi", 4 * 2**30),
        ("128Mi", 128 * 2**20),
        ("512 MiB", 512 * 2**20),
        ("1.5 kB", 1500.0),
        ("5 x", None),
    ],
)
def test_a_size_is_bytes(text: str, size: float | None) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,000", 1000.0), ("10 000", 10000.0), ("99.9", 99.9), ("1,5", None), ("-3", -3.0), ("x", None), ("1e3", 1000.0)],
)
def test_a_number_keeps_its_thousands(text: str, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.71, "ratio", "71 %"),
        (0.999, "ratio", "99.9 %"),
        (0.5, "seconds", "500 ms"),
        (300.0, "seconds", "5 min"),
        (2592000.0, "seconds", "30 d"),
        (1.5e9, "bytes", "1.5 GB"),
        (1.5e6, "bytes_per_second", "1.5 MB/s"),
        (12.34, "per_second", "12.3/s"),
        (12345.0, "per_second", "12,345/s"),
        (1000.0, "count", "1,000"),
        (0.5, "count", "0.5"),
        (5000.0, "", "5000"),
        (3.0, "replicas", "3 replicas"),
        (math.nan, "ratio", "no value"),
    ],
)
def test_a_number_is_said_as_people_read_it(value: float, unit: str, text: str) -> None:
    assert said(value, unit) == text


@given(st.integers(0, 10**9))
def test_prometheus_durations_come_back(ms: int) -> None:
    assert duration_s(prometheus_duration(ms / 1000)) == pytest.approx(ms / 1000)


@given(st.text(max_size=40))
def test_no_text_crashes_a_parser(text: str) -> None:
    assert duration_s(text) is None or duration_s(text) is not None
    number(text)
    size_bytes(text)


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["", "ratio", "seconds", "bytes", "per_second", "count"]),
)
def test_every_number_can_be_said(value: float, unit: str) -> None:
    assert said(value, unit)
