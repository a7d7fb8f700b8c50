"""What keeps the store from growing for ever: once a day the day is sealed, and what is old enough is dropped."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from opsguide.core.ports import StoreFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsguide.core.ports import Clock, State

log = logging.getLogger("opsguide.kernel")
NOTICES_KEPT_S = 30 * 86400.0
"""Settled ones. Nothing asks for older ones: flips and evidence say what happened."""
FIRST_S = 60.0
"""A start has better things to do at once."""
LOOK_S = 3600.0


async def upkeep(state: State, clock: Clock, keep_s: Callable[[], float]) -> None:
    """Look every hour whether a day has ended since the last time, for ever. keep_s: how long evidence is kept."""
    done = ""
    await asyncio.sleep(FIRST_S)
    while True:
        now = clock.now()
        ended = yesterday(now)
        if ended != done:
            try:
                await tidy(state, ended, now, keep_s())
                done = ended
            except StoreFault as fault:
                log.warning("the day's upkeep of the store has to wait: %s", fault)
        await asyncio.sleep(LOOK_S)


async def tidy(state: State, ended: str, now: float, keep_s: float) -> None:
    """Seal the day that ended, then drop evidence older than keep_s and notices settled a month ago."""
    await state.seal_day(ended)
    bodies = await state.expire(now - keep_s, at=now)
    notices = await state.prune(now - NOTICES_KEPT_S)
    log.info("sealed %s, dropped %d bodies of evidence and %d settled notices", ended, bodies, notices)


def yesterday(now: float) -> str:
    """The last day (UTC) that has ended, as 2026-11-21."""
    return f"{datetime.fromtimestamp(now, UTC) - timedelta(days=1):%Y-%m-%d}"
