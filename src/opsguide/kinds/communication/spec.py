"""What a communication plan claims; its judge remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Communication:
    """One statement of who is told what of an incident.

    audience: as written. severities: the levels it is for, () for all. every_s: how often, within_s: how soon the first
    time (0: at once). hours: "business hours" where the guide limits it to them. channel: slack, email,
    "status page", ... steps: the steps of a plan that is written as a list.
    """

    text: str
    audience: str = ""
    severities: tuple[str, ...] = ()
    every_s: float | None = None
    within_s: float | None = None
    hours: str = ""
    channel: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommunicationMemory:
    """Nothing: no incident is recorded yet."""
