"""The writer's lane: callers ask on the event loop, one thread writes what waits as one group and answers in order.

A group is what arrived while the last one was being synced; nobody waits for it to fill.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import groupby, islice
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from opsguide.core.ports import StoreFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from opsguide.core.ports import Changes
    from opsguide.store.steps import Outcome

T = TypeVar("T")
_GROUP = 500
"""Steps in one transaction at most, so that the first of them does not wait for a flood behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A step to write, or an errand to run between transactions, and the caller who waits for it."""

    changes: Changes | None
    errand: Callable[[], Any] | None
    answer: asyncio.Future[Any]


_PATIENCE_S, _PAUSE_S, _EVERY_S = 0.01, 0.001, 0.005
"""After this wait for an answer the event loop begins to stand still for so long, every so often."""


class WriterThread:
    """Runs `write` on groups of steps, and errands between them, all in one thread and in the order of the calls.

    real_io is entered around every wait, so that virtual time does not jump over the disk.

    An event loop that is never idle starves other threads of the interpreter lock: each turn of it lets go of the
    lock in `select`, too briefly to be taken, yet often enough to start the lock's 5 ms switch interval anew. Writes
    then took seconds (bench/state.py, "busy loop"). So while an answer is overdue the loop stands still for a moment
    now and then.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Changes]], Sequence[Outcome]],
        real_io: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._write = write
        self._real_io = real_io
        self._queue: SimpleQueue[_Asked | None] = SimpleQueue()
        self._closed = False
        self._waiting_callers = 0
        self._overdue: asyncio.TimerHandle | None = None
        self._answered = Event()
        # A daemon: what has not returned need not be finished when the process is told to end.
        self._thread = Thread(target=self._serve, name="state-writer", daemon=True)
        self._thread.start()

    async def commit(self, changes: Changes) -> int:
        """The step's evidence number once it is on disk; raises Conflict, StoreFault or the step's own fault."""
        number: int = await self._ask(changes, None)
        return number

    async def run(self, errand: Callable[[], T]) -> T:
        """What `errand` returns, run after everything that was asked before it."""
        result: T = await self._ask(None, errand)
        return result

    async def close(self) -> None:
        """Write what waits, then end the thread. Later calls raise StoreFault."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        with self._real_io():
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    async def _ask(self, changes: Changes | None, errand: Callable[[], Any] | None) -> Any:
        if self._closed:
            raise StoreFault("the state store is closed")
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._queue.put(_Asked(changes, errand, answer))
        self._waiting_callers += 1
        if self._overdue is None:
            self._overdue = loop.call_later(_PATIENCE_S, self._give_way, loop)
        try:
            with self._real_io():
                return await answer
        finally:
            self._waiting_callers -= 1
            if self._waiting_callers == 0 and self._overdue is not None:
                self._overdue.cancel()
                self._overdue = None

    def _give_way(self, loop: asyncio.AbstractEventLoop) -> None:
        self._answered.clear()
        self._answered.wait(_PAUSE_S)
        self._overdue = loop.call_later(_EVERY_S, self._give_way, loop)

    def _serve(self) -> None:
        for waiting in self._batches():
            for is_step, run in groupby(waiting, key=lambda asked: asked.changes is not None):
                asked = list(run)
                _reply(asked, self._steps(asked) if is_step else [_errand(one) for one in asked])
                self._answered.set()

    def _batches(self) -> Iterator[list[_Asked]]:
        """Whatever waits, again and again, until the closing mark."""
        while (first := self._queue.get()) is not None:
            batch, ends = [first], False
            for asked in islice(self._waiting(), _GROUP - 1):
                if asked is None:
                    ends = True
                    break
                batch.append(asked)
            yield batch
            if ends:
                return

    def _waiting(self) -> Iterator[_Asked | None]:
        while True:
            try:
                yield self._queue.get_nowait()
            except Empty:
                return

    def _steps(self, asked: Sequence[_Asked]) -> Sequence[Outcome]:
        try:
            return self._write([one.changes for one in asked if one.changes is not None])
        except Exception as fault:  # noqa: BLE001 -- the callers raise it; the thread must live on for the others
            return [fault] * len(asked)


def _errand(asked: _Asked) -> object:
    assert asked.errand is not None
    try:
        return asked.errand()
    except Exception as fault:  # noqa: BLE001 -- its caller raises it
        return fault


def _reply(asked: Sequence[_Asked], outcomes: Sequence[object]) -> None:
    """Settle every future on its own loop, in order, with one wake-up."""
    pairs = [(one.answer, outcome) for one, outcome in zip(asked, outcomes, strict=True)]
    for loop, run in groupby(pairs, key=lambda pair: pair[0].get_loop()):
        settled = list(run)
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            continue  # the loop was closed: nobody waits any more


def _settle(pairs: Sequence[tuple[asyncio.Future[Any], object]]) -> None:
    for answer, outcome in pairs:
        if answer.done():
            continue  # its caller was cancelled
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)


class InlineWriter:
    """The same lane without a thread: everything runs in the caller, at once."""

    def __init__(self, write: Callable[[Sequence[Changes]], Sequence[Outcome]]) -> None:
        self._write = write
        self._closed = False

    async def commit(self, changes: Changes) -> int:
        """As WriterThread's."""
        self._must_be_open()
        outcome = self._write([changes])[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def run(self, errand: Callable[[], T]) -> T:
        """As WriterThread's."""
        self._must_be_open()
        return errand()

    async def close(self) -> None:
        """Later calls raise StoreFault."""
        self._closed = True

    def _must_be_open(self) -> None:
        if self._closed:
            raise StoreFault("the state store is closed")
