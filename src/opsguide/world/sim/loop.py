"""An event loop in virtual time: when nothing is ready, the clock jumps to the next timer instead of sleeping.

With real work in flight it must not jump: a virtual timeout would fire falsely while a socket is still answering.
Executors are counted by the loop itself; everything else that leaves the process (sockets, children, threads of its
own) wraps the wait in `real_io()`. While that count is above zero the loop waits really, and the clock follows.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Executor

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
NEW_YEAR_2026 = 1767225600.0
"""Unix time of 2026-01-01T00:00:00Z: where simulated clocks begin unless told otherwise."""


class _JumpingSelector(selectors.DefaultSelector):
    """Answers what is ready; where nothing is, moves the loop's clock instead of waiting."""

    loop: SimLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(None)
        if self.loop.in_flight == 0:
            self.loop.now += timeout
            return []
        began = time.monotonic()
        ready = super().select(timeout)
        # Never past the next timer: so ticks stay exact however coarse the real wait was.
        self.loop.now += timeout if not ready else min(time.monotonic() - began, timeout)
        return ready


class SimLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose `time()` is virtual seconds from `start`.

    in_flight: pieces of real work that are being waited for; the clock does not jump while there is one.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.now = start
        self.in_flight = 0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds."""
        return self.now

    @contextmanager
    def real_io(self) -> Iterator[None]:
        """Hold the clock to real time inside; floors that may not import world find it with `getattr` on their loop."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As asyncio's, counted in flight until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self.in_flight += 1
        future.add_done_callback(self._landed)
        return future

    async def shutdown_default_executor(self, *args: float | None) -> None:
        """As asyncio's; joining threads is real work (since 3.12 it has a timeout that must not fire falsely)."""
        with self.real_io():
            await super().shutdown_default_executor(*args)

    def _landed(self, _future: asyncio.Future[Any]) -> None:
        self.in_flight -= 1


@contextmanager
def real_io() -> Iterator[None]:
    """Count real work in flight, so that virtual time does not jump over it. Costs nothing on an ordinary loop."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SimLoop):
        yield
        return
    with loop.real_io():
        yield


def run(coroutine: Coroutine[Any, Any, T], start: float = 0.0) -> T:
    """Run a coroutine to its end in virtual time that begins at `start`; tasks left over are cancelled."""
    with asyncio.Runner(loop_factory=lambda: SimLoop(start)) as runner:
        return runner.run(coroutine)


class SimClock:
    """Wall time of a simulated world: `base` plus the loop's virtual time."""

    def __init__(self, base: float = NEW_YEAR_2026, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.base = base
        self._loop = loop

    def now(self) -> float:
        """Unix seconds UTC."""
        return self.base + (self._loop or asyncio.get_running_loop()).time()
