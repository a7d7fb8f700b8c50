"""Alertmanager's time intervals: named lists of times, weekdays, days of the month, months and years."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)
_LAST_MINUTE = 24 * 60


class IntervalFault(Exception):  # noqa: N818 -- the guide's fault, shown as a sentence
    """A time interval that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """All fields that are stated must agree; each is a list of inclusive ranges. times: minutes, end exclusive.

    weekdays: 0 is Sunday. days: of the month, negative from its end. location: an IANA zone, "" is UTC.
    """

    times: tuple[tuple[int, int], ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    months: tuple[tuple[int, int], ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    location: str = ""

    def contains(self, now: float) -> bool:
        """Whether the instant (Unix seconds) lies inside."""
        at = datetime.fromtimestamp(now, ZoneInfo(self.location) if self.location else UTC)
        return (
            _times(self.times, at.hour * 60 + at.minute)
            and _inside(self.weekdays, at.isoweekday() % 7)
            and _day(self.days, at)
            and _inside(self.months, at.month)
            and _inside(self.years, at.year)
        )


def _inside(ranges: tuple[tuple[int, int], ...], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _times(ranges: tuple[tuple[int, int], ...], minute: int) -> bool:
    return not ranges or any(first <= minute < last for first, last in ranges)


def _day(ranges: tuple[tuple[int, int], ...], at: datetime) -> bool:
    if not ranges:
        return True
    length = calendar.monthrange(at.year, at.month)[1]
    return any(_from_end(a, length) <= at.day <= _from_end(b, length) for a, b in ranges)


def _from_end(day: int, length: int) -> int:
    return day if day > 0 else max(length + day + 1, 1)


def muted(
    mutes: Sequence[str],
    actives: Sequence[str],
    known: Mapping[str, tuple[TimeInterval, ...]],
    now: float,
) -> bool:
    """Whether a route is quiet: inside a mute interval, or outside of every active one where some are named."""

    def inside(name: str) -> bool:
        return any(interval.contains(now) for interval in known.get(name, ()))

    return any(inside(name) for name in mutes) or (bool(actives) and not any(inside(name) for name in actives))


def read_interval(entry: Mapping[str, object]) -> TimeInterval:
    """One entry of `time_intervals:` as plain Python; raises IntervalFault."""
    location = str(entry.get("location") or "")
    if location:
        try:
            ZoneInfo(location)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise IntervalFault(f"no time zone is called {location}") from None
    return TimeInterval(
        times=tuple(_time_range(item) for item in _list(entry.get("times"))),
        weekdays=_ranges(entry.get("weekdays"), _DAYS, (0, 6), "weekday"),
        days=_ranges(entry.get("days_of_month"), (), (-31, 31), "day of the month"),
        months=_ranges(entry.get("months"), _MONTHS, (1, 12), "month"),
        years=_ranges(entry.get("years"), (), (1970, 9999), "year"),
        location=location,
    )


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _time_range(item: object) -> tuple[int, int]:
    if not isinstance(item, dict) or "start_time" not in item or "end_time" not in item:
        raise IntervalFault("a time range needs start_time and end_time")
    first, last = _minute(item["start_time"]), _minute(item["end_time"])
    if first >= last:
        raise IntervalFault(f"start_time {item['start_time']} is not before end_time {item['end_time']}")
    return first, last


def _minute(value: object) -> int:
    """Minutes of "09:30"; YAML 1.1 reads an unquoted 09:30 as sixty-base, which is minutes already."""
    if isinstance(value, int):
        return value
    hours, _, minutes = str(value).partition(":")
    if not (hours.isdigit() and minutes.isdigit()):
        raise IntervalFault(f"{value} is no time of day; write HH:MM")
    found = int(hours) * 60 + int(minutes)
    if found > _LAST_MINUTE or int(minutes) > 59:  # noqa: PLR2004 -- minutes of an hour
        raise IntervalFault(f"{value} is no time of day")
    return found


def _ranges(value: object, names: tuple[str, ...], bounds: tuple[int, int], what: str) -> tuple[tuple[int, int], ...]:
    found = []
    for item in _list(value):
        first, _, last = str(item).lower().partition(":")
        low = _ordinal(first, names, bounds, what)
        high = _ordinal(last, names, bounds, what) if last else low
        if low > high and (low < 0) == (high < 0):
            raise IntervalFault(f"{item} runs backwards")
        found.append((low, high))
    return tuple(found)


def _ordinal(text: str, names: tuple[str, ...], bounds: tuple[int, int], what: str) -> int:
    word = text.strip()
    if word and word in names:
        return names.index(word)
    try:
        found = int(word)
    except ValueError:
        raise IntervalFault(f"{text} is no {what}") from None
    if not bounds[0] <= found <= bounds[1] or (found == 0 and what == "day of the month"):
        raise IntervalFault(f"{text} is no {what}")
    return found
