"""One turn at a time: inputs that wait and timers that are due become one draft and one commit; then memory follows.

Memory is never ahead of the disk. A turn that could not be written is worked again from the same inputs.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from opsguide.core.ports import Conflict, StoreFault
from opsguide.kernel.draft import Draft
from opsguide.kernel.fold import KindFault
from opsguide.kernel.inputs import Attempted, Faulted, Reloaded, Seen
from opsguide.kernel.ledger import Ledger
from opsguide.kernel.live import EMPTY, Live
from opsguide.kernel.once import Once
from opsguide.kernel.reload import take_over
from opsguide.kernel.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from opsguide.core.ports import Clock, State
    from opsguide.kernel.inputs import Input
    from opsguide.kernel.ledger import Timer

log = logging.getLogger("opsguide.kernel")
INPUTS_A_TURN = 256
LOOK_AT_CLOCK_S = 60.0
BACKOFF_LIMIT_S = 30.0
CONFLICTS_STUCK = 5
AFTER_FAULT_S = 60.0
"""When a timer is worked again whose work raised: a fault of ours must not put a group to sleep for ever."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    given: Input | Reloaded
    done: asyncio.Future[None]


class Turns:
    """Owns what is live and the ledger; everything that happens comes in through `submit`."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.live = EMPTY
        self.ledger = Ledger()
        self.counts: Counter[str] = Counter()
        self.stuck_since: float | None = None
        self.turned_at = 0.0
        self.applied: list[Callable[[Draft], None]] = []
        self._state = state
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._bell = asyncio.Event()
        self._conflicts = 0
        self._once = Once()

    @property
    def waits(self) -> bool:
        """Whether inputs wait for a turn."""
        return bool(self._waiting)

    async def open(self, live: Live) -> None:
        """Load the store, and let `live` take over from what it remembers."""
        self.live = Live(live.editions, {}, live.machines)
        self.ledger = Ledger.load(await self._state.open(), live.machines)
        self._conflicts = 0
        self.turned_at = self._clock.now()

    def submit(self, given: Input | Reloaded) -> asyncio.Future[None]:
        """Have an input worked in the next turn; the future is done when it is on disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(given, done))
        self._bell.set()
        return done

    async def run(self) -> None:
        """Turn for ever. Ends only by cancellation."""
        while True:
            await self._wait()
            await self.turn()

    async def turn(self) -> None:
        """Work one turn, again and again until it is on disk."""
        await self._turn(list(self._take()), self.ledger.due(self._clock.now()))

    async def _turn(self, taken: Sequence[_Waiting], timers: list[Timer]) -> None:
        pause_s = 1.0
        while True:
            now = self._clock.now()
            try:
                draft, live = self._work(taken, timers, now)
                if draft.is_durable:
                    await self._state.commit(draft.changes(self.ledger))
                    self.counts["commits"] += 1
                break
            except Conflict:
                await self._reload(now)
                timers = self.ledger.due(now)
            except StoreFault as fault:
                self._stuck(now, str(fault))
            except Exception as fault:  # noqa: BLE001 -- a value that no table can keep; the others stand
                await self._without(taken, timers, fault)
                return
            if self.stuck_since is not None:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, BACKOFF_LIMIT_S)
        self._done(draft, live, taken)

    async def _without(self, taken: Sequence[_Waiting], timers: list[Timer], fault: Exception) -> None:
        """Find what cannot be written by halves, and drop it alone."""
        if len(taken) + len(timers) > 1:
            half, half_timers = (len(taken) + 1) // 2, len(timers) // 2
            await self._turn(taken[:half], timers[:half_timers])
            await self._turn(taken[half:], timers[half_timers:])
            return
        self.counts["faults"] += 1
        if self._once.is_first(repr(fault)):
            log.error("an input could not be written and was dropped", exc_info=fault)
        for waiting in taken:
            if isinstance(waiting.given, Seen):
                self.submit(
                    Faulted(
                        tuple(_claims(waiting.given)), f"a fault of opsguide: evidence could not be written: {fault!r}"
                    )
                )
            if waiting.done.done():
                continue
            if isinstance(waiting.given, Reloaded):
                waiting.done.set_exception(fault)
            else:
                waiting.done.set_result(None)

    def _done(self, draft: Draft, live: Live, taken: Sequence[_Waiting]) -> None:
        self.ledger.apply(draft)
        self.live = live
        self.turned_at = self._clock.now()
        self.stuck_since, self._conflicts = None, 0
        for heard in self.applied:
            heard(draft)
        for waiting in taken:
            if not waiting.done.done():
                waiting.done.set_result(None)

    async def _wait(self) -> None:
        """Until an input waits or a timer is due; a changed wall clock is noticed within a minute."""
        while not self._waiting:
            self._bell.clear()
            at = self.ledger.next_at()
            left_s = LOOK_AT_CLOCK_S if at is None else min(at - self._clock.now(), LOOK_AT_CLOCK_S)
            if left_s <= 0:
                return
            try:
                async with asyncio.timeout(left_s):
                    await self._bell.wait()
            except TimeoutError:
                self.turned_at = self._clock.now()

    def _take(self) -> Iterator[_Waiting]:
        """The inputs of the next turn, in order. A reload is alone."""
        for _ in range(INPUTS_A_TURN):
            if not self._waiting:
                return
            waiting = self._waiting.popleft()
            yield waiting
            if isinstance(waiting.given, Reloaded) or (self._waiting and isinstance(self._waiting[0].given, Reloaded)):
                return

    def _work(self, taken: Sequence[_Waiting], timers: Sequence[Timer], now: float) -> tuple[Draft, Live]:
        draft, live = Draft(self.ledger), self.live
        if taken and isinstance(taken[0].given, Reloaded) and self._try(taken[0], taken[0].given.live, draft, now):
            live = taken[0].given.live
        for part in _apart(timers):
            later = partial(Step.postpone, timers=part, until=now + AFTER_FAULT_S)
            self._one(draft, live, now, partial(Step.wake, timers=part), rescues=(later,))
        for waiting in taken:
            if not isinstance(waiting.given, Reloaded):
                for given in _parts(waiting.given):
                    rescues = _rescues(given)
                    self._one(draft, live, now, partial(Step.work, given=given), _claims(given), rescues)
        return draft, live

    def _try(self, waiting: _Waiting, live: Live, draft: Draft, now: float) -> bool:
        """Take over; a reload that raises is told to whoever asked for it, and nothing of it stays."""
        upper = Draft(draft)
        try:
            take_over(Step(live, upper, now, self.ledger.notices), self.ledger)
        except Exception as fault:  # noqa: BLE001 -- handed on as it is
            if not waiting.done.done():
                waiting.done.set_exception(fault)
            return False
        draft.absorb(upper)
        return True

    def _one(
        self,
        draft: Draft,
        live: Live,
        now: float,
        work: Callable[[Step], None],
        claims: Sequence[str] = (),
        rescues: Sequence[Callable[[Step], None]] = (),
    ) -> None:
        """Work one input in a draft of its own; if it raises, it is dropped alone and its claims are unknown.

        rescues: what must become of it all the same; the first that does not raise is taken.
        """
        upper = Draft(draft)
        try:
            work(Step(live, upper, now, self.ledger.notices))
        except Exception as fault:
            self.counts["faults"] += 1
            if self._once.is_first(repr(fault)):
                log.exception("an input was dropped")
            upper = Draft(draft)
            if not isinstance(fault, KindFault):
                fault = KindFault(claims, f"a fault of opsguide: {fault!r}")
            Step(live, upper, now, self.ledger.notices).work(Faulted(tuple(fault.claims), fault.text))
            self._rescue(upper, live, now, rescues)
        draft.absorb(upper)

    def _rescue(self, draft: Draft, live: Live, now: float, rescues: Sequence[Callable[[Step], None]]) -> None:
        for rescue in rescues:
            upper = Draft(draft)
            try:
                rescue(Step(live, upper, now, self.ledger.notices))
            except Exception:
                log.debug("a rescue raised too", exc_info=True)  # the next one asks for less
                continue
            draft.absorb(upper)
            return

    async def _reload(self, now: float) -> None:
        """Somebody else wrote: what we know is old."""
        self._conflicts += 1
        self.counts["conflicts"] += 1
        if self._conflicts >= CONFLICTS_STUCK:
            self._stuck(now, "another run writes to the same store")
        try:
            self.ledger = Ledger.load(await self._state.open(), self.live.machines)
        except StoreFault as fault:
            self._stuck(now, str(fault))

    def _stuck(self, now: float, why: str) -> None:
        if self.stuck_since is None:
            self.stuck_since = now
            log.error("the store cannot write, trying again: %s", why)
        self.counts["store_faults"] += 1


def _claims(given: Input) -> Sequence[str]:
    """Whose evidence an input is, for a fault that names nobody."""
    return [seen.claim for seen in given.evidence] if isinstance(given, Seen) else []


def _rescues(given: Input) -> Sequence[Callable[[Step], None]]:
    """An attempt was made, whatever its consequences raise: unwritten, it would be made again without a pause."""
    if not isinstance(given, Attempted):
        return ()
    return partial(Step.settle, tried=given), partial(Step.attempt, tried=given)


def _parts(given: Input) -> Iterator[Input]:
    """Evidence piece by piece, so that one that cannot be judged is dropped alone; documents go with the last."""
    if not isinstance(given, Seen) or len(given.evidence) < 2:  # noqa: PLR2004 -- one piece has no parts
        yield given
        return
    *first, last = given.evidence
    for evidence in first:
        yield Seen((evidence,))
    yield replace(given, evidence=(last,))


def _apart(timers: Sequence[Timer]) -> Iterator[Sequence[Timer]]:
    """Each timer alone, in order; those of trials together at last, for they share a digest."""
    for timer in timers:
        if timer.what != "trial":
            yield (timer,)
    trials = [timer for timer in timers if timer.what == "trial"]
    if trials:
        yield trials
