from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.calendar import (
    CADENCES,
    CalendarFault,
    clock_time,
    cron_of,
    fault_of,
    next_due,
    period_s,
    previous_due,
    until_next_s,
)


def at(text: str, tz: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).timestamp()


@pytest.mark.parametrize(
    ("cadence", "clock", "cron"),
    [
        ("daily", None, "0 9 * * *"),
        ("daily", "13:05", "5 13 * * *"),
        ("weekly", None, "0 9 * * 1"),
        ("monthly", "02:00", "0 2 1 * *"),
        ("quarterly", None, "0 9 1 1,4,7,10 *"),
        ("yearly", None, "0 9 1 1 *"),
    ],
)
def test_a_cadence_is_a_cron_line(cadence: str, clock: str | None, cron: str) -> None:
    assert cron_of(cadence, clock) == cron
    assert fault_of(cron) == ""


@pytest.mark.parametrize(("cadence", "clock"), [("hourly-ish", None), ("daily", "25:00"), ("daily", "nine")])
def test_what_is_no_cadence_says_so(cadence: str, clock: str | None) -> None:
    with pytest.raises(CalendarFault):
        cron_of(cadence, clock)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("Morning Check (9:00 AM)", "09:00"),
        ("Midday Check (1:00 PM)", "13:00"),
        ("daily at 2 AM UTC", "02:00"),
        ("12 am", "00:00"),
        ("12:30 p.m.", "12:30"),
        ("at 14:30", "14:30"),
        ("Daily tasks", None),
        ("24/7", None),
    ],
)
def test_clock_times_are_read_as_people_write_them(text: str, clock: str | None) -> None:
    assert clock_time(text) == clock


def test_due_times_lie_on_both_sides_of_now() -> None:
    now = at("2026-03-04T10:00")
    assert next_due("0 9 * * 1", "UTC", now) == at("2026-03-09T09:00")
    assert previous_due("0 9 * * 1", "UTC", now) == at("2026-03-02T09:00")
    assert until_next_s("0 11 * * *", "UTC", now) == 3600.0


def test_the_due_second_itself_is_the_previous_one() -> None:
    due = at("2026-03-04T09:00")
    assert previous_due("0 9 * * *", "UTC", due) == due
    assert previous_due("0 9 * * *", "UTC", due - 0.5) == due - 86400
    assert next_due("0 9 * * *", "UTC", due) == due + 86400


def test_a_zone_moves_the_time_and_daylight_saving_keeps_the_clock() -> None:
    winter, summer = at("2026-03-28T12:00"), at("2026-03-29T12:00")
    assert next_due("0 9 * * *", "Europe/Berlin", winter) == at("2026-03-29T07:00")
    assert previous_due("0 9 * * *", "Europe/Berlin", winter) == at("2026-03-28T08:00")
    assert next_due("0 9 * * *", "Europe/Berlin", summer) == at("2026-03-30T07:00")


@pytest.mark.parametrize(
    ("cron", "tz"), [("* *", "UTC"), ("0 0 30 2 *", "UTC"), ("61 * * * *", "UTC"), ("0 9 * * *", "Mars/Base"), ("", "")]
)
def test_a_line_or_zone_that_means_nothing_is_named(cron: str, tz: str) -> None:
    assert fault_of(cron, tz)
    with pytest.raises(CalendarFault):
        next_due(cron, tz, 0.0)


@given(
    st.sampled_from(CADENCES),
    st.integers(946684800, 4102444800),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
)
def test_previous_and_next_enclose_every_moment(cadence: str, now: int, tz: str) -> None:
    cron = cron_of(cadence)
    before, after = previous_due(cron, tz, now), next_due(cron, tz, now)
    assert before is not None
    assert after is not None
    assert before <= now < after
    assert after - before <= period_s(cadence) * 1.1 + 3600
    assert previous_due(cron, tz, after - 1) == before
    assert next_due(cron, tz, before) == after
