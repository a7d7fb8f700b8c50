"""Runs batches in lanes with limits of their own; what still runs when it is due again is skipped and recorded."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from opsguide.core.nouns import Calendar, Evidence, Lane
from opsguide.kernel.due import Schedule, batches
from opsguide.kernel.inputs import Faulted, Noted, Seen
from opsguide.kernel.measured import measured
from opsguide.kernel.once import Once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from opsguide.core.machine import RunJob
    from opsguide.core.ports import Clock, World
    from opsguide.kernel.codec import Registered
    from opsguide.kernel.due import Planned
    from opsguide.kernel.turns import Turns

log = logging.getLogger("opsguide.kernel")
LIMITS = {Lane.PROBE: 32, Lane.SCRAPE: 16, Lane.RULE: 1, Lane.DELIVER: 8, Lane.COMMAND: 2}
GRACE_S = 1.0
"""Beyond a job's own limit, so that a run that keeps its limit itself says better what was slow."""
LOOK_AT_CLOCK_S = 60.0


class Runner:
    """Starts batches when they are due, and hands what they saw to the turns."""

    def __init__(self, turns: Turns, clock: Clock, world_of: Callable[[str], World], group: asyncio.TaskGroup) -> None:
        self.counts: Counter[str] = Counter()
        self.runs: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.lag_s = 0.0
        self._turns = turns
        self._clock = clock
        self._world_of = world_of
        self._group = group
        self._schedule = Schedule()
        self._lanes = {lane: asyncio.Semaphore(limit) for lane, limit in LIMITS.items()}
        self._running: dict[str, bool] = {}
        self._bell = asyncio.Event()
        self._once = Once()

    def reload(self) -> None:
        """Plan what is live now; batches that stay keep their phase."""
        planned = batches(self._turns.live)
        seen: dict[str, Registered] = self._turns.ledger.bucket("claims")
        since = {
            name: min(seen[c.id].first_seen for c, _ in p.batch.jobs if c.id in seen)
            for name, p in planned.items()
            if any(c.id in seen for c, _ in p.batch.jobs)
        }
        last = self._turns.ledger.bucket("jobs")
        for faulty in self._schedule.reload(planned, last, since, self._clock.now()):
            text = f"a fault of opsguide: {faulty.schedule} is no calendar"
            self._turns.submit(Faulted(tuple(claim.id for claim, _ in faulty.batch.jobs), text))
        self._bell.set()

    @property
    def late_s(self) -> float:
        """How long the most overdue batch has waited to be started."""
        at = self._schedule.next_at()
        return 0.0 if at is None else max(0.0, self._clock.now() - at)

    async def run(self) -> None:
        """Start what is due, for ever."""
        while True:
            await self._wait()
            now = self._clock.now()
            for at, planned in self._schedule.due(now):
                if planned.lane is Lane.RULE:
                    self.lag_s = now - at
                self._start(planned)

    async def once(self, claims: Iterable[str]) -> None:
        """Run all jobs of these claims now, beside their schedule, and wait until their evidence is judged."""
        wanted = tuple(claims)
        only = [part for p in self._schedule.planned.values() if (part := p.only(wanted)) is not None]
        await asyncio.gather(*(self._run(part) for part in only))

    def start_job(self, asked: RunJob) -> None:
        """Run one job of a claim now, as an effect asked."""
        for planned in self._schedule.planned.values():
            if (part := planned.job(asked.claim, asked.job)) is not None:
                self._group.create_task(self._run(part))

    def _start(self, planned: Planned) -> None:
        if planned.name in self._running:
            self.counts["overruns"] += 1
            if not self._running[planned.name]:
                self._running[planned.name] = True
                self._turns.submit(Noted(self._overrun(planned)))
            return
        self._running[planned.name] = False
        self._group.create_task(self._scheduled(planned))

    async def _scheduled(self, planned: Planned) -> None:
        try:
            await self._run(planned)
        finally:
            del self._running[planned.name]

    async def _run(self, planned: Planned) -> None:
        async with self._lanes[planned.lane]:
            began = self._clock.now()
            given = await self._observe(planned)
        self.runs[planned.kind.name] += len(planned.batch.jobs)
        documents = (("jobs", planned.name, began),) if isinstance(planned.schedule, Calendar) else ()
        if isinstance(given, Faulted):
            self.counts["faults"] += 1
            self._turns.submit(Seen((), documents))
            await self._turns.submit(given)
            return
        self.seen.update(evidence.claim for evidence in given)
        if given or documents:
            await self._turns.submit(Seen(tuple(given), documents))
        await self._measure(planned, given)

    async def _measure(self, planned: Planned, given: Sequence[Evidence]) -> None:
        """Numbers of evidence become samples of `opsguide_claim_value`, one target for each claim."""
        series = self._world_of(planned.guide).series
        for target, at, samples in measured(planned.kind.name, given):
            try:
                await series.append(target, at, samples)
            except Exception as fault:
                if self._once.is_first(f"append {fault!r}"):
                    log.exception("appending what %s measured", target.key)

    async def _observe(self, planned: Planned) -> Sequence[Evidence] | Faulted:
        """What the run saw; a run over its limit is evidence, a run that raises is our fault."""
        limit = asyncio.timeout(planned.timeout_s + GRACE_S)
        try:
            async with limit:
                return await planned.kind.run(planned.batch, self._world_of(planned.guide))
        except Exception as fault:
            if limit.expired() and isinstance(fault, TimeoutError):
                return [self._timeout(claim.id, planned.timeout_s) for claim, _ in planned.batch.jobs]
            if self._once.is_first(f"{planned.name} {fault!r}"):
                log.exception("running %s", planned.name)
            claims = tuple(claim.id for claim, _ in planned.batch.jobs)
            said = self._world_of(planned.guide).secrets.mask(repr(fault))
            return Faulted(claims, f"a fault of opsguide: running failed: {said}")

    def _timeout(self, claim: str, limit_s: float) -> Evidence:
        because = f"not done within {limit_s:g} s"
        return Evidence(claim, "", self._clock.now(), ok=False, says="timeout", because=because)

    def _overrun(self, planned: Planned) -> Evidence:
        claim, job = planned.batch.jobs[0]
        because = f"{job.name} of {planned.batch.key} is still running when it is due again; skipped"
        return Evidence(claim.id, "", self._clock.now(), ok=False, says="overrun", topic="job.overrun", because=because)

    async def _wait(self) -> None:
        while True:
            self._bell.clear()
            now = self._clock.now()
            self._schedule.noticed(now)
            at = self._schedule.next_at()
            left_s = LOOK_AT_CLOCK_S if at is None else min(at - now, LOOK_AT_CLOCK_S)
            if left_s <= 0:
                return
            try:
                async with asyncio.timeout(left_s):
                    await self._bell.wait()
            except TimeoutError:
                continue
