"""Times as the outside sees them: ISO 8601 in answers, "4 s ago" on pages."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def iso(at: float) -> str | None:
    """Unix seconds as ISO 8601 UTC with milliseconds where there are any; None for 0, which stands for never."""
    if at <= 0:
        return None
    moment = datetime.fromtimestamp(round(at, 3), UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")


def exact(at: float) -> str:
    """The moment to the second, as a page shows it on hover; "" for never."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at > 0 else ""


def from_iso(text: str) -> float | None:
    """Unix seconds of an ISO 8601 time; without a zone it is UTC. None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def span(seconds: float) -> str:
    """A length of time in the largest unit of which there are two or more: "90 s", "11 min", "3 h", "6 days"."""
    left = max(0.0, seconds)
    for name, size in (("days", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if left >= 2 * size:
            return f"{int(left // size)} {name}"
    return f"{int(left)} s"


def ago(at: float, now: float) -> str:
    """How long ago; "" for never."""
    return f"{span(now - at)} ago" if at > 0 else ""
