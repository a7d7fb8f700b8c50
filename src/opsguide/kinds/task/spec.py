"""What a task claims, and what its judge remembers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done again and again.

    cadence: daily, weekly, monthly, quarterly, yearly. at: HH:MM as the guide states it, "" where it does not (then
    it is due at 09:00). cron, tz: when it is due. machine: the quantity whose measurement answers it, "" for none.
    """

    text: str
    cadence: str
    cron: str
    at: str = ""
    tz: str = "UTC"
    machine: str = ""


@dataclass(frozen=True, slots=True)
class TaskMemory:
    """first_seen: when the task came to life; last_done: when it was last done (0: never); by: who or what did it."""

    first_seen: float = 0.0
    last_done: float = 0.0
    by: str = ""
