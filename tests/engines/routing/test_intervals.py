"""Time intervals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from opsguide.engines.routing.intervals import IntervalFault, muted, read_interval


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("entry", "when", "inside"),
    [
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-03-02T09:00", True),
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-03-02T17:00", False),
        ({"times": [{"start_time": 540, "end_time": 1440}]}, "2026-03-02T23:59", True),
        ({"weekdays": ["monday:friday"]}, "2026-03-02T00:00", True),
        ({"weekdays": ["monday:friday"]}, "2026-03-01T00:00", False),
        ({"weekdays": ["sunday"]}, "2026-03-01T00:00", True),
        ({"days_of_month": ["1:5", "-1"]}, "2026-02-28T12:00", True),
        ({"days_of_month": ["1:5", "-1"]}, "2026-02-27T12:00", False),
        ({"days_of_month": ["-3:-1"]}, "2024-02-27T12:00", True),
        ({"days_of_month": ["25:-1"]}, "2026-04-30T12:00", True),
        ({"months": ["march:may", 12]}, "2026-04-30T12:00", True),
        ({"months": ["march:may", 12]}, "2026-06-01T00:00", False),
        ({"years": ["2025:2026"]}, "2026-06-01T00:00", True),
        (
            {"times": [{"start_time": "09:00", "end_time": "10:00"}], "location": "Europe/Berlin"},
            "2026-07-01T07:30",
            True,
        ),
        (
            {"times": [{"start_time": "09:00", "end_time": "10:00"}], "location": "Europe/Berlin"},
            "2026-12-01T07:30",
            False,
        ),
        ({"months": [3], "weekdays": ["monday"]}, "2026-03-03T00:00", False),
    ],
)
def test_an_instant_lies_inside_where_every_stated_field_agrees(entry: dict[str, Any], when: str, inside: bool) -> None:  # noqa: FBT001 -- a table's column
    assert read_interval(entry).contains(at(when)) is inside


@pytest.mark.parametrize(
    "entry",
    [
        {"times": [{"start_time": "10:00", "end_time": "09:00"}]},
        {"times": [{"start_time": "24:30", "end_time": "25:00"}]},
        {"times": [{"start_time": "9"}]},
        {"weekdays": ["friday:monday"]},
        {"days_of_month": ["0"]},
        {"months": ["smarch"]},
        {"location": "Mars/Olympus"},
    ],
)
def test_what_is_no_interval_is_a_fault(entry: dict[str, Any]) -> None:
    with pytest.raises(IntervalFault):
        read_interval(entry)


def test_a_route_is_quiet_inside_a_mute_and_outside_of_every_active_interval() -> None:
    known = {"night": (read_interval({"times": [{"start_time": "00:00", "end_time": "06:00"}]}),)}
    night, day = at("2026-03-02T03:00"), at("2026-03-02T12:00")
    assert [muted(["night"], [], known, t) for t in (night, day)] == [True, False]
    assert [muted([], ["night"], known, t) for t in (night, day)] == [False, True]
    assert not muted([], [], known, night)
