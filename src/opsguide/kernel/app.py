"""A running opsguide: store, turns, runner, outbox and the watch over the guide's files, put together."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from opsguide.core.facts import TaskTicked
from opsguide.core.machine import RunJob
from opsguide.core.mend import Unusable
from opsguide.core.nouns import Evidence
from opsguide.kernel.codec import Trust, hash_text
from opsguide.kernel.deliver import Deliver, Post
from opsguide.kernel.foresee import foresee
from opsguide.kernel.inputs import Noted, Put, Reloaded, Seen
from opsguide.kernel.live import live as live_of
from opsguide.kernel.loss import lost
from opsguide.kernel.plan import editions, load, signature
from opsguide.kernel.pulse import Pulse
from opsguide.kernel.run import Runner
from opsguide.kernel.turns import Turns
from opsguide.kernel.upkeep import upkeep
from opsguide.kernel.view import Change, ClaimView, Foreseen, Health
from opsguide.kernel.views import find, view, views

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from opsguide.core.guide import Guide
    from opsguide.core.kind import AnyKind
    from opsguide.core.mend import Mend
    from opsguide.core.ports import Clock, FlipRow, LoggedEvidence, Series, State, StoredNotice, World
    from opsguide.kernel.deliver import Receiver
    from opsguide.kernel.draft import Draft
    from opsguide.kernel.live import Edition, Live

log = logging.getLogger("opsguide.kernel")
CHANGES_KEPT = 256
TICKED = "task.ticked"


async def _nothing(_world: World) -> None:
    """A world that holds nothing open."""


def _unheard(_message: str) -> bool:
    """No service manager listens."""
    return False


@dataclass(frozen=True, slots=True)
class Parts:
    """What an App is made of. world: makes the world of an edition; its second argument tells what a person trusted.

    watch_s: how often files are looked at, None: never (an edit is then taken by `reload`). notify: systemd's.
    """

    state: State
    series: Series
    clock: Clock
    world: Callable[[Edition, Callable[[str, str], bool]], World]
    kinds: Sequence[AnyKind]
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    close_world: Callable[[World], Awaitable[None]] = _nothing
    watch_s: float | None = 1.0
    notify: Callable[[str], bool] = _unheard
    watchdog_s: float | None = None
    bindings: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""


class App:
    """`async with App(paths, parts) as app:` implements kernel/view.py:Running."""

    def __init__(self, paths: Sequence[str], parts: Parts) -> None:
        self._paths = tuple(paths)
        self._parts = parts
        self._turns = Turns(parts.state, parts.clock)
        self._worlds: dict[str, World] = {}
        self._broken: dict[str, tuple[Mend, ...]] = {}
        self._watchers: set[asyncio.Queue[Change]] = set()
        self._refused_edit = ""
        self._ready = False
        self._stack = AsyncExitStack()

    # ---- start and stop ---------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Compile, load the store, let the guides go live. Raises Unusable or StoreFault."""
        self._signature = await asyncio.to_thread(signature, self._paths)
        live = live_of(await asyncio.to_thread(self._compiled), self._parts.kinds, self._parts.external_url)
        try:
            await self._turns.open(live)
        except BaseException:
            await self._parts.state.close()
            raise
        outer = await self._stack.enter_async_context(asyncio.TaskGroup())
        started = asyncio.get_running_loop().create_future()
        self._main = outer.create_task(self._serve(live, started))
        try:
            await started
        except BaseException as fault:
            await self._failed(fault)
            raise
        self._ready = True
        self._parts.notify("READY=1")
        return self

    async def _failed(self, fault: BaseException) -> None:
        """Raise what really kept the house from starting; the group only says that it was cancelled."""
        self._main.cancel()
        try:
            await self._stack.__aexit__(type(fault), fault, fault.__traceback__)
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            await self._close()

    async def _serve(self, live: Live, started: asyncio.Future[None]) -> None:
        """Everything that runs, in one group: cancelling this task stops it, and a fault in one of them ends all."""
        async with asyncio.TaskGroup() as group:
            clock = self._parts.clock
            self._runner = Runner(self._turns, clock, self._world_of, group)
            self._outbox = Deliver(self._turns, clock, self._post_of, self._parts.receivers, group)
            self._pulse = Pulse(self._turns, self._runner, self._outbox, clock)
            self._turns.applied.append(self._heard)
            self._make_worlds(live)
            taken = self._turns.submit(Reloaded(live))
            group.create_task(self._turns.run())
            await taken
            self._runner.reload()
            parts, pulse = self._parts, self._pulse
            services = (pulse.heartbeats(self._world_of), pulse.dogs(parts.notify, parts.watchdog_s), pulse.digests())
            daily = upkeep(parts.state, clock, self._keep_s)
            for service in (self._runner.run(), self._outbox.run(), daily, *services):
                group.create_task(service)
            if self._parts.watch_s is not None:
                group.create_task(self._watch(self._parts.watch_s))
            started.set_result(None)

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything that runs, then close worlds and store. What is not committed will be seen again."""
        self._ready = False
        self._parts.notify("STOPPING=1")
        self._main.cancel()
        # Only a cancellation may be the group's own doing; a fault of the body leaves as it is, in no group.
        own = (kind, fault, trace) if isinstance(fault, asyncio.CancelledError) else (None, None, None)
        try:
            await self._stack.__aexit__(*own)
        finally:
            await self._close()

    async def _close(self) -> None:
        for world in self._worlds.values():
            await self._parts.close_world(world)
        await self._parts.state.close()

    def _compiled(self) -> tuple[Edition, ...]:
        return editions(load(self._paths), self._parts.kinds, self._parts.bindings)

    # ---- reload -----------------------------------------------------------------------------------------------------

    async def _watch(self, every_s: float) -> None:
        """Take an edit once the files have kept still for one look: an editor may be half through its writing."""
        taken = seen = self._signature
        while True:
            await asyncio.sleep(every_s)
            before, seen = seen, await asyncio.to_thread(signature, self._paths)
            if taken == seen or seen != before:
                continue
            taken = seen
            try:
                await self.reload()
            except Exception:
                log.exception("reloading")

    async def reload(self) -> bool:
        """Take what is on disk now, if it differs and can be used; whether a new edition went live."""
        try:
            loaded = await asyncio.to_thread(load, self._paths)
            seen = " ".join(one.fingerprint for one in loaded)
            if seen in {self._refused_edit, " ".join(e.fingerprint for e in self._turns.live.editions)}:
                self._mended(seen)
                return False
            found = await asyncio.to_thread(editions, loaded, self._parts.kinds, self._parts.bindings)
        except Unusable as fault:
            self._refuse(self._by_path(fault.mends), "")
            return False
        old = {e.guide.path: e for e in self._turns.live.editions}
        broken = {e.guide.path: faults for e in found if (faults := lost(old.get(e.guide.path), e))}
        kept = tuple(old[e.guide.path] if e.guide.path in broken else e for e in found)
        self._refuse(broken, seen if broken else "")
        if kept == self._turns.live.editions:
            return False
        live = live_of(kept, self._parts.kinds, self._parts.external_url)
        await self._take_over(live)
        return True

    async def _take_over(self, live: Live) -> None:
        """Let an edition go live in worlds of its own; where it cannot (our fault), all stays as it was."""
        before = self._worlds
        over = self._make_worlds(live)
        try:
            await self._turns.submit(Reloaded(live))
        except BaseException:
            over = [world for world in self._worlds.values() if world not in before.values()]
            self._worlds = before
            raise
        finally:
            for world in over:
                await self._parts.close_world(world)
        self._runner.reload()
        self._publish(Change("reload", "", self._parts.clock.now()))

    def _mended(self, seen: str) -> None:
        """An edit that was taken back needs no complaint."""
        if seen != self._refused_edit and self._broken:
            self._refuse({}, "")

    def _by_path(self, mends: Sequence[Mend]) -> dict[str, tuple[Mend, ...]]:
        """Faults by the path that was given; those of a file beside the guides go with the first."""
        found: dict[str, tuple[Mend, ...]] = {}
        for mend in mends:
            path = next((p for p in self._paths if mend.at.file.startswith(p)), self._paths[0])
            found[path] = (*found.get(path, ()), mend)
        return found

    def _refuse(self, broken: dict[str, tuple[Mend, ...]], seen: str) -> None:
        if broken != self._broken:
            self._broken = broken
            self._publish(Change("reload", "", self._parts.clock.now()))
        self._refused_edit = seen

    def _keep_s(self) -> float:
        """How long evidence is kept: guides of one run share the store, so the longest wish holds."""
        return max(edition.settings.state.keep_s for edition in self._turns.live.editions)

    def _make_worlds(self, live: Live) -> list[World]:
        """A world for each edition that has another folder or other settings than before; the worlds that are over."""
        before = self._worlds
        old = {e.guide.key: e for e in self._turns.live.editions}
        self._worlds = {}
        for edition in live.editions:
            key = edition.guide.key
            same = key in before and key in old and old[key].settings == edition.settings
            self._worlds[key] = before[key] if same else self._parts.world(edition, self._trusted)
        return [world for world in before.values() if world not in self._worlds.values()]

    def _world_of(self, guide: str) -> World:
        return self._worlds.get(guide) or next(iter(self._worlds.values()))

    def _post_of(self, guide: str) -> Post:
        found = [e for e in self._turns.live.editions if e.guide.key == guide or not guide]
        edition = (found or self._turns.live.editions)[0]
        return Post(self._world_of(edition.guide.key), edition.settings.email)

    def _trusted(self, claim: str, text: str) -> bool:
        """Whether a person trusted exactly this text, still."""
        trust: Trust | None = self._turns.ledger.record("trust", claim)
        now = self._parts.clock.now()
        return trust is not None and trust.hash == hash_text(text) and (trust.until == 0 or now < trust.until)

    # ---- what goes on beside ----------------------------------------------------------------------------------------

    def _heard(self, draft: Draft) -> None:
        """After each commit: the outbox, asked-for jobs and watchers."""
        now = self._parts.clock.now()
        if draft.notices or draft.deliveries:
            self._outbox.wake()
            self._publish(Change("notice", "", now))
        for run in draft.runs:
            self._runner.start_job(run)
        for claim in draft.touched:
            self._publish(Change("claim", claim, now))

    def _publish(self, change: Change) -> None:
        for queue in self._watchers:
            if queue.full():
                # A reader that is too slow reads everything again instead of holding everything for itself.
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Change("reload", "", change.at))
            else:
                queue.put_nowait(change)

    # ---- Running ----------------------------------------------------------------------------------------------------

    @property
    def guides(self) -> Sequence[Guide]:
        """The live guides."""
        return tuple(edition.guide for edition in self._turns.live.editions)

    @property
    def editions(self) -> Sequence[Edition]:
        """The live guides with their settings and folders."""
        return self._turns.live.editions

    @property
    def broken_edits(self) -> Mapping[str, tuple[Mend, ...]]:
        """Guide path -> faults of an edit on disk that could not go live."""
        return self._broken

    @property
    def state(self) -> State:
        """The state store, for reading."""
        return self._parts.state

    @property
    def series(self) -> Series:
        """The time series."""
        return self._parts.series

    def claims(self) -> Sequence[ClaimView]:
        """All live claims in the order of the guide."""
        return views(self._turns)

    def claim(self, claim_id: str) -> ClaimView | None:
        """One claim, by id or alias."""
        found = find(self._turns, claim_id)
        return None if found is None else view(self._turns, found)

    def would_tell(self, claim_id: str) -> Foreseen | None:
        """Who would be told if this claim broke now; None for a claim that is not live."""
        found = find(self._turns, claim_id)
        if found is None:
            return None
        return foresee(self._turns.live, self._turns.ledger, found, self._parts.clock.now())

    def health(self) -> Health:
        """Whether evaluation, outbox and disk move."""
        if not self._ready:
            return Health(ready=False, stuck=(), counters={})
        found = self._pulse.health()
        return replace(found, counters={**found.counters, "opsguide_broken_edits": len(self._broken)})

    async def changes(self) -> AsyncIterator[Change]:
        """Everything that happens from now on. A slow reader gets one `reload` instead of what it missed."""
        queue: asyncio.Queue[Change] = asyncio.Queue(CHANGES_KEPT)
        self._watchers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    async def tick(self, claim_id: str, by: str, note: str) -> str:
        """Record that a person did a task; returns "" or why not. On disk when it returns."""
        found = find(self._turns, claim_id)
        if found is None:
            return f"no claim is called {claim_id}"
        if not found.bound:
            return f"{claim_id} lacks a value for {', '.join(found.claim.needs)}"
        if not any(want.topic == TICKED for want in (*found.plan.wants, *found.plan.serves)):
            return f"{claim_id} is no task"
        act = Evidence(
            claim=found.claim.id,
            subject="",
            at=self._parts.clock.now(),
            ok=True,
            says="ticked",
            because=f"done by {by}" + (f": {note}" if note else ""),
            topic=TICKED,
            scope=found.claim.id,
            fact=TaskTicked(note),
            by=by,
        )
        await self._turns.submit(Seen((act,)))
        return ""

    async def trust(self, claim_id: str, by: str, until: float) -> str:
        """Record that a person trusts exactly this claim's command text; returns "" or why not. until 0: no end."""
        found = find(self._turns, claim_id)
        if found is None:
            return f"no claim is called {claim_id}"
        text = getattr(found.claim.spec, "command", None)
        if not isinstance(text, str) or not text:
            return f"{claim_id} has no command to trust"
        now = self._parts.clock.now()
        if until and until <= now:
            return "the consent would have ended already"
        consent = Trust(hash_text(text), by, now, until)
        act = Evidence(found.claim.id, "", now, ok=True, says="trusted", because=f"{by} trusts: {text}", by=by)
        trusted = self._turns.submit(Put((("trust", found.claim.id, consent),)))
        await self._turns.submit(Noted(act))
        await trusted
        for job in found.plan.jobs:
            # Whoever trusts a command wants to see it run, and not only when it is due again.
            self._runner.start_job(RunJob(found.claim.id, job.name))
        return ""

    async def run_now(self, claim_ids: Sequence[str]) -> None:
        """Run all jobs of these claims once, now, and wait for their evidence to be judged."""
        await self._runner.once(found.claim.id for i in claim_ids if (found := find(self._turns, i)) is not None)

    async def notices(self, limit: int = 100) -> Sequence[StoredNotice]:
        """The outbox, newest first."""
        return await self._parts.state.notices(limit=limit)

    async def evidence(self, claim_id: str, limit: int = 100) -> Sequence[LoggedEvidence]:
        """The log of one claim, or of all (""), newest first."""
        found = [
            row for known in self._ids(claim_id) for row in await self._parts.state.evidence(claim=known, limit=limit)
        ]
        return sorted(found, key=lambda row: -row.number)[:limit]

    async def flips(self, claim_id: str, limit: int = 100) -> Sequence[FlipRow]:
        """Flips of one claim, or of all (""), newest first."""
        found = [
            row for known in self._ids(claim_id) for row in await self._parts.state.flips(claim=known, limit=limit)
        ]
        return sorted(found, key=lambda row: -row.at)[:limit] if claim_id else found

    def _ids(self, claim_id: str) -> Sequence[str]:
        """A claim's id and those it once had: its history goes by all of them."""
        live = find(self._turns, claim_id)
        if live is None:
            return (claim_id,)
        aliases: Mapping[str, str] = self._turns.ledger.bucket("aliases")
        return (live.claim.id, *(old for old in aliases if find(self._turns, old) is live))


def _first(fault: BaseException) -> BaseException:
    """The first fault of a group of groups."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
