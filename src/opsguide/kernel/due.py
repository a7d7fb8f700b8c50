"""When batches run: intervals exactly after a jitter that their hash decides; calendars late rather than never."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import floor
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from opsguide.core.kind import Batch
from opsguide.core.nouns import Calendar, Every

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opsguide.core.kind import AnyKind
    from opsguide.core.nouns import Claim, Job, Lane
    from opsguide.kernel.live import Live

SPREAD_S = 5.0
"""First runs are spread over this at most, so that a page is live soon after the start."""
SLEWED_S = 1.0
"""A clock that goes back by less is being slewed, and moves nobody's phase."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A batch of one guide with its schedule. name: its identity; the same over a reload keeps its phase."""

    name: str
    guide: str
    kind: AnyKind
    batch: Batch[object]
    schedule: Every | Calendar | None
    lane: Lane
    timeout_s: float

    def only(self, claims: Iterable[str]) -> Planned | None:
        """The same with the jobs of these claims alone."""
        wanted = frozenset(claims)
        jobs = tuple((claim, job) for claim, job in self.batch.jobs if claim.id in wanted)
        return self._with(jobs) if jobs else None

    def job(self, claim: str, name: str) -> Planned | None:
        """The same with one job alone."""
        jobs = tuple((c, job) for c, job in self.batch.jobs if (c.id, job.name) == (claim, name))
        return self._with(jobs) if jobs else None

    def _with(self, jobs: tuple[tuple[Claim[object], Job], ...]) -> Planned:
        return Planned(
            self.name, self.guide, self.kind, Batch(self.batch.key, jobs), self.schedule, self.lane, self.timeout_s
        )


def batches(live: Live) -> dict[str, Planned]:
    """Jobs of one guide and kind with the same key, schedule and lane, by the batch's name."""
    found: dict[str, list[tuple[Claim[object], Job]]] = {}
    kinds: dict[str, tuple[str, AnyKind]] = {}
    for known in live.claims.values():
        for job in known.plan.jobs:
            guide = known.edition.guide.key
            name = "|".join((guide, known.claim.kind, job.key, _spelled(job.schedule), job.lane))
            found.setdefault(name, []).append((known.claim, job))
            kinds[name] = (guide, known.kind)
    return {
        name: Planned(
            name,
            *kinds[name],
            Batch(jobs[0][1].key, tuple(jobs)),
            jobs[0][1].schedule,
            jobs[0][1].lane,
            max(job.timeout_s for _, job in jobs),
        )
        for name, jobs in found.items()
    }


def _spelled(schedule: Every | Calendar | None) -> str:
    match schedule:
        case Every(interval_s):
            return f"every {interval_s:g}"
        case Calendar(cron, tz):
            return f"{cron} {tz}"
    return "asked"


def jitter(name: str, interval_s: float) -> float:
    """Seconds before the first run: a part of min(interval, 5 s) that the name decides."""
    part = int.from_bytes(sha256(name.encode()).digest()[:4], "big") / 2**32
    return part * min(interval_s, SPREAD_S)


def next_of(calendar: Calendar, after: float) -> float:
    """The first time of a calendar after `after`, Unix seconds. Raises CronSimError where cron is no cron."""
    zone = ZoneInfo(calendar.tz)
    start = datetime.fromtimestamp(after, UTC).astimezone(zone)
    found: datetime = next(CronSim(calendar.cron, start))
    return found.timestamp()


def _next_or_none(calendar: Calendar, after: float) -> float | None:
    try:
        return next_of(calendar, after)
    except (CronSimError, ZoneInfoNotFoundError, StopIteration, ValueError):
        return None


class Schedule:
    """What is due next."""

    def __init__(self) -> None:
        self.planned: dict[str, Planned] = {}
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._seen = 0.0

    def reload(
        self, planned: Mapping[str, Planned], last: Mapping[str, float], since: Mapping[str, float], now: float
    ) -> list[Planned]:
        """Take over new batches. last: when a calendar batch was last run; since: first seen, where it never was.

        Batches that were there before keep their time. Returns those whose calendar is none, which are never due.
        """
        faulty: list[Planned] = []
        self._at = {name: at for name, at in self._at.items() if name in planned}
        self.planned = dict(planned)
        for name, batch in planned.items():
            if name in self._at:
                continue
            match batch.schedule:
                case Every(interval_s):
                    self._at[name] = now + jitter(name, interval_s)
                case Calendar() as calendar:
                    at = _next_or_none(calendar, last.get(name, since.get(name, now)))
                    if at is None:
                        faulty.append(batch)
                    else:
                        self._at[name] = at
        self._heap = [(at, name) for name, at in self._at.items()]
        heapq.heapify(self._heap)
        return faulty

    def noticed(self, now: float) -> None:
        """Look at the clock: where it was set back, intervals begin afresh, for else they wait until it is that late.

        Calendars keep their times: what was run at three is not run again because it is three again.
        """
        back, self._seen = now < self._seen, now
        if not back:
            return
        for name, batch in self.planned.items():
            match batch.schedule:
                case Every(interval_s) if self._at[name] > now + interval_s + SLEWED_S:
                    self._at[name] = now + jitter(name, interval_s)
        self._heap = [(at, name) for name, at in self._at.items()]
        heapq.heapify(self._heap)

    def next_at(self) -> float | None:
        """When the next batch is due."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[tuple[float, Planned]]:
        """Take what is due, with the time it was due at; each is set to its next time after `now`."""
        found: list[tuple[float, Planned]] = []
        while self._heap and self._heap[0][0] <= now:
            at, name = self._heap[0]
            batch = self.planned[name]
            found.append((at, batch))
            self._at[name] = _following(batch, at, now)
            heapq.heapreplace(self._heap, (self._at[name], name))
        return found


def _following(batch: Planned, at: float, now: float) -> float:
    match batch.schedule:
        case Every(interval_s):
            # Counted from the first run, so that no error adds up; what a suspend swallowed is left out.
            return at + interval_s * (floor((now - at) / interval_s) + 1)
        case Calendar() as calendar:
            return next_of(calendar, now)
    raise ValueError(f"batch {batch.name} has no schedule")
