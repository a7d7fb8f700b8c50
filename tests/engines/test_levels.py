from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.levels import Level, level_key, levels_in, read_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("SEV-1 (Critical)", Level("SEV-1", ("Critical",))),
        ("P0 - Critical", Level("P0", ("Critical",))),
        ("Critical (P1)", Level("Critical", ("P1",))),
        ("P0 Critical", Level("P0", ("Critical",))),
        ("P1 - Site down", Level("P1", (), "Site down")),
        ("Severity 1: total loss", Level("Severity 1", (), "total loss")),
        ("🔴 Critical", Level("Critical")),
        ("Critical severity", Level("Critical")),
        ("Critical (service down)", Level("Critical", (), "service down")),
        ("严重", Level("严重")),
    ],
)
def test_the_names_of_one_level(text: str, level: Level) -> None:
    assert read_level(text) == level


@pytest.mark.parametrize(
    "text",
    [
        *("SEV-1/SEV-2", "P1/P2", "High/Critical", "High CPU Usage", "Critical Data", "Critical Alerts", "S3 bucket"),
        *("P95", "P99 latency", "Response Time", "", "P1 (P2)", "low-stock alerts", "Low%"),
    ],
)
def test_what_is_no_name_of_one_level(text: str) -> None:
    assert read_level(text) is None


def test_the_levels_of_a_text_in_its_order_each_once() -> None:
    assert levels_in("Every 30 minutes for SEV-1/SEV-2, sev1 first") == ("SEV-1", "SEV-2")
    assert levels_in("p95 below 500 ms") == ()


@pytest.mark.parametrize(
    "names",
    [("SEV-1", "sev1", "Severity 1", "SEV 1", "Severity Level 1"), ("P1", "p-1", "Priority 1"), ("High", "HIGH")],
)
def test_equal_names_have_one_key(names: tuple[str, ...]) -> None:
    assert len({level_key(name) for name in names}) == 1


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    read_level(text)
    read_level(f"P1 {text}")
    assert len(levels_in(text)) <= len(text)
