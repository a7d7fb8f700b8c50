"""What is known of a level: its times, and that nothing measures them yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, State, Verdict
from opsguide.core.units import said

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.severity.spec import Severity, SeverityMemory


def judge(
    claim: Claim[Severity], memory: SeverityMemory, evidence: Evidence | None, now: float
) -> Judged[SeverityMemory]:
    """Always unknown: the times are shown, and no incident is recorded to hold them against."""
    del evidence, now
    limit = times_of(claim.spec)
    because = (
        f"{claim.spec.level} has its times; unknown until opsguide records incidents and their clocks"
        if limit
        else f"{claim.spec.level} states no response or resolution time, so there is nothing to measure"
    )
    return Judged(Verdict(State.UNKNOWN, because, limit=limit), memory)


def times_of(spec: Severity) -> str:
    """The level's times as shown: "response within 5 min, resolution within 1 h"; "" where it states none."""
    parts = [
        _time("response", spec.response_s, spec.response),
        _time("resolution", spec.resolution_s, spec.resolution),
    ]
    return ", ".join(part for part in parts if part)


def _time(what: str, seconds: float | None, written: str) -> str:
    if seconds is not None:
        return f"{what} within {_duration(seconds)}"
    return f"{what}: {written}" if written else ""


def _duration(seconds: float) -> str:
    """In the unit the guide would use: 60 min is 1 h, 24 h is 1 d."""
    for name, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {name}"
    return said(seconds, "seconds")
