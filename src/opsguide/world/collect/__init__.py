"""Native collectors: what a guide names and no exporter serves, under the common exporters' names.

A server that cannot be asked raises WorldFault and gives no samples; kind scrape then appends `up 0` beside the
collector's own `pg_up`, `mysql_up` or `redis_up` 0, and everything else of it becomes stale.
"""

from __future__ import annotations

import asyncio
import importlib.util
from typing import TYPE_CHECKING, Any

from opsguide.core.ports import WorldFault
from opsguide.world.collect.sheet import dsn_parts
from opsguide.world.sim.loop import real_io

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from opsguide.core.ports import Collector, Samples, Secrets
    from opsguide.world.collect.sheet import Dsn


class RealCollect:
    """Collectors on this machine and its databases. Libraries are imported at the first use of their kind."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._busy: set[str] = set()

    async def collect(self, collector: Collector, timeout_s: float) -> Samples:
        """Current samples; fault `timeout` also where an older collection of the same name still hangs."""
        if collector.name in self._busy:
            raise WorldFault("timeout", f"the last collection of {collector.name} has not ended")
        ask = _asking(collector.kind)
        try:
            dsn = dsn_parts(collector.dsn, lambda text: self._secrets.resolve(text, collector.kind))
            return await self._limited(collector.name, ask(dsn, timeout_s), timeout_s)
        except WorldFault as fault:
            raise WorldFault(fault.says, self._secrets.mask(fault.detail)) from None

    async def _limited(self, name: str, asked: Coroutine[Any, Any, Samples], timeout_s: float) -> Samples:
        self._busy.add(name)
        task = asyncio.ensure_future(asked)
        task.add_done_callback(lambda done: self._landed(name, done))
        with real_io():
            done, _ = await asyncio.wait([task], timeout=timeout_s)
        if done:
            return task.result()
        # Not cancelled: a thread cannot be, and the name stays busy until it really ended. What talks over a socket
        # has limits of its own and ends soon.
        raise WorldFault("timeout", f"{name} did not answer within {timeout_s:g} s")

    def _landed(self, name: str, done: asyncio.Future[Samples]) -> None:
        self._busy.discard(name)
        if not done.cancelled():
            done.exception()  # looked at, so that a late fault is not reported as lost


def _asking(kind: str) -> Callable[[Dsn, float], Coroutine[Any, Any, Samples]]:
    """The `ask` of the module that is called as the kind: a new collector is a new file."""
    if not kind.isidentifier() or importlib.util.find_spec(f"{__name__}.{kind}") is None:
        raise WorldFault("not_found", f"no collector is called {kind}")
    asking: Callable[[Dsn, float], Coroutine[Any, Any, Samples]] = importlib.import_module(f"{__name__}.{kind}").ask
    return asking
