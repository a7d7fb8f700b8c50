from __future__ import annotations

import pytest

from opsguide.web.moment import ago, exact, from_iso, iso, span


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0.0, None),
        (1.0, "1970-01-01T00:00:01Z"),
        (1800000000.25, "2027-01-15T08:00:00.250Z"),
        (1800000000.9999, "2027-01-15T08:00:01Z"),
    ],
)
def test_a_moment_is_said_in_iso_8601(at: float, said: str | None) -> None:
    assert iso(at) == said


def test_what_was_said_is_read_back() -> None:
    assert from_iso("2027-01-15T08:00:00.250Z") == 1800000000.25
    assert from_iso("2027-01-15T09:00:00+01:00") == 1800000000.0
    assert from_iso("2027-01-15T08:00:00") == 1800000000.0
    assert from_iso("yesterday") is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (4.9, "4 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172800, "2 days"), (1e7, "115 days")],
)
def test_a_span_takes_the_largest_unit_of_which_there_are_two(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_never_has_no_age() -> None:
    assert (ago(0, 10), exact(0)) == ("", "")
    assert ago(6, 10) == "4 s ago"
