"""An App on this machine: SQLite and series under one folder, the real world, systemd if it listens."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from opsguide.kernel.app import App, Parts
from opsguide.kernel.deliver import receivers
from opsguide.kernel.kinds import discover
from opsguide.store.series import SeriesStore
from opsguide.store.sqlite import SqliteState
from opsguide.world.clock import SystemClock
from opsguide.world.real import close_world, real_world
from opsguide.world.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path


@asynccontextmanager
async def real_app(
    paths: Sequence[str],
    data: Path,
    *,
    external_url: str = "",
    bindings: Mapping[str, str] | None = None,
    watch_s: float | None = 1.0,
) -> AsyncIterator[App]:
    """A running App of these guides, its state and samples under `data` (made if need be).

    Raises Unusable (a guide or setting), StoreFault (another run has the folder, the disk is full).
    """
    await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
    systemd = Systemd()
    series = SeriesStore(data / "series")
    parts = Parts(
        state=SqliteState(data / "state.db"),
        series=series,
        clock=SystemClock(),
        world=lambda edition, trusted: real_world(edition.folder, edition.settings, series, trusted),
        kinds=discover(),
        receivers=receivers(),
        close_world=close_world,
        watch_s=watch_s,
        notify=systemd.notify,
        watchdog_s=systemd.watchdog_s,
        bindings=bindings or {},
        external_url=external_url,
    )
    try:
        async with App(paths, parts) as app:
            yield app
    finally:
        await series.close()
