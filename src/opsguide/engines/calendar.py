"""Cadences and clock times to cron, and when a cron line was last and is next due. Pure: `now` is an argument.

Daylight saving follows Debian's cron (cronsim): a time that the clock skips runs right after, one that it repeats
runs once.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

CADENCES = ("daily", "weekly", "monthly", "quarterly", "yearly")
DEFAULT_AT = "09:00"
_DAYS = {"daily": "* * *", "weekly": "* * 1", "monthly": "1 * *", "quarterly": "1 1,4,7,10 *", "yearly": "1 1 *"}
_PERIOD_S = {"daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "quarterly": 7776000.0, "yearly": 31536000.0}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SPOKEN = re.compile(r"\b(1[0-2]|0?[1-9])(?::([0-5]\d))?\s*([ap])\.?m\b", re.IGNORECASE)
_WHOLE = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")


class CalendarFault(ValueError):  # noqa: N818 -- the guide's fault, not ours
    """The cadence, clock time, cron line or time zone means nothing; the text says which."""


def cron_of(cadence: str, at: str | None = None) -> str:
    """Five cron fields for a cadence at `HH:MM`.

    Without a time 09:00; weekly is Monday, monthly the 1st, quarterly the 1st of January, April, July and October,
    yearly the 1st of January. Raises CalendarFault.
    """
    if cadence not in _DAYS:
        raise CalendarFault(f"{cadence!r} is no cadence; they are {', '.join(CADENCES)}")
    found = _CLOCK.fullmatch(at or DEFAULT_AT)
    if found is None:
        raise CalendarFault(f"{at!r} is no clock time; write it as 09:00")
    return f"{int(found[2])} {int(found[1])} {_DAYS[cadence]}"


def clock_time(text: str) -> str | None:
    """`HH:MM` of "9:00 AM", "2 AM UTC", "at 14:30"; None where the text has no clock time."""
    spoken = _SPOKEN.search(text)
    if spoken:
        hour = int(spoken[1]) % 12 + (12 if spoken[3].lower() == "p" else 0)
        return f"{hour:02}:{spoken[2] or '00'}"
    found = _WHOLE.search(text)
    return f"{int(found[1]):02}:{found[2]}" if found else None


def period_s(cadence: str) -> float:
    """About how long a cadence is, for words and sorting: a month 30 days, a quarter 90, a year 365."""
    return _PERIOD_S[cadence]


def next_due(cron: str, tz: str, now: float) -> float | None:
    """The first time after `now` (exclusive), Unix seconds; None where the line never comes true again.

    Raises CalendarFault for a cron line or time zone that means nothing.
    """
    return _first(cron, tz, datetime.fromtimestamp(now // 1, tz=UTC), backwards=False)


def previous_due(cron: str, tz: str, now: float) -> float | None:
    """The last time at or before `now`, Unix seconds; None where the line never was true. Raises CalendarFault."""
    return _first(cron, tz, datetime.fromtimestamp(now // 1, tz=UTC) + timedelta(seconds=1), backwards=True)


def until_next_s(cron: str, tz: str, now: float) -> float | None:
    """Seconds from `now` to the next due time."""
    due = next_due(cron, tz, now)
    return None if due is None else due - now


def fault_of(cron: str, tz: str = "UTC") -> str:
    """What is wrong with the line or the zone, "" where nothing is."""
    try:
        _first(cron, tz, datetime(2026, 1, 1, tzinfo=UTC), backwards=False)
    except CalendarFault as fault:
        return str(fault)
    return ""


@lru_cache(maxsize=4096)
def _first(cron: str, tz: str, start: datetime, *, backwards: bool) -> float | None:
    """Cached: hundreds of tasks share a handful of lines, and a turn asks for the same second again and again."""
    try:
        zone = UTC if tz == "UTC" else ZoneInfo(tz)  # a bare system has no zone files, and needs none for UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CalendarFault(f"{tz!r} is no time zone; write one of the IANA names, e.g. Europe/Berlin") from None
    try:
        times = CronSim(cron, start.astimezone(zone), reverse=backwards)
    except CronSimError as error:
        raise CalendarFault(f"{cron!r} is no cron line: {error}") from None
    found = next(iter(times), None)
    return None if found is None else found.timestamp()
