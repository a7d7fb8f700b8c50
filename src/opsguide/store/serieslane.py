"""The series thread: it alone owns head and log; the event loop asks it, rules before scrapes before pages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from queue import Empty, PriorityQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from opsguide.core.ports import StoreFault

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

T = TypeVar("T")
_IDLE_S = 1.0


class Turn(IntEnum):
    """Who goes first where several wait; within one turn, first come first served."""

    RULE = 0
    SCRAPE = 1
    PAGE = 2
    LAST = 3


@dataclass(frozen=True, slots=True, order=True)
class _Asked:
    turn: Turn
    number: int
    errand: Callable[[], Any] | None = field(compare=False)
    answer: asyncio.Future[Any] | None = field(compare=False)


class SeriesThread:
    """Runs errands in one thread; `idle` runs after a second without any. real_io is entered around every wait."""

    def __init__(self, idle: Callable[[], None], real_io: Callable[[], AbstractContextManager[None]]) -> None:
        """Start the thread."""
        self._idle = idle
        self._real_io = real_io
        self._queue: PriorityQueue[_Asked] = PriorityQueue()
        self._numbers = count()
        self._closed = False
        # A daemon: what has not returned need not be finished when the process is told to end.
        self._thread = Thread(target=self._serve, name="series", daemon=True)
        self._thread.start()

    async def run(self, turn: Turn, errand: Callable[[], T]) -> T:
        """What the errand returns or raises."""
        if self._closed:
            raise StoreFault("the series store is closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Asked(turn, next(self._numbers), errand, answer))
        with self._real_io():
            return await answer

    async def close(self) -> None:
        """Finish what waits, then end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(_Asked(Turn.LAST, next(self._numbers), None, None))
        with self._real_io():
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    def _serve(self) -> None:
        while True:
            try:
                asked = self._queue.get(timeout=_IDLE_S)
            except Empty:
                self._idle()
                continue
            if asked.errand is None or asked.answer is None:
                return
            _settle(asked.answer, _outcome(asked.errand))


def _outcome(errand: Callable[[], Any]) -> object:
    try:
        return errand()
    except Exception as fault:  # noqa: BLE001 -- its caller raises it; the thread must live on for the others
        return fault


def _settle(answer: asyncio.Future[Any], outcome: object) -> None:
    def settle() -> None:
        if answer.done():
            return  # its caller was cancelled
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    try:
        answer.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop was closed: nobody waits any more


class Inline:
    """The same lane without a thread: every errand runs in the caller, at once."""

    async def run(self, turn: Turn, errand: Callable[[], T]) -> T:  # noqa: ARG002 -- nobody waits, so nobody goes first
        """What the errand returns or raises."""
        return errand()

    async def close(self) -> None:
        """Nothing waits."""
