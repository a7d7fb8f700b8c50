"""The parts of an opsguide on this machine: state.db and the series in a data folder, the real world, the receivers."""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from typing import TYPE_CHECKING

import click

from opsguide.core.ports import StoreFault
from opsguide.kernel.app import App, Parts
from opsguide.kernel.deliver import receivers
from opsguide.kernel.kinds import discover
from opsguide.store.series import SeriesStore
from opsguide.store.sqlite import SqliteState
from opsguide.world.clock import SystemClock
from opsguide.world.real import close_world, real_world
from opsguide.world.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from opsguide.core.ports import World
    from opsguide.kernel.live import Edition


@contextlib.asynccontextmanager
async def opened(
    paths: Sequence[str], data: Path, *, url: str = "", tells: bool = True, watches: bool = True
) -> AsyncIterator[App]:
    """A running App on the data folder, which is made where it does not exist.

    url: of the live page, for links in notices. tells: False sends nothing (no receiver is known). watches: False does
    not look at the files again.
    """
    make_private(data)
    manager = Systemd()
    state, series = SqliteState(data / "state.db"), SeriesStore(data / "series")

    def world(edition: Edition, trusted: Callable[[str, str], bool]) -> World:
        return real_world(edition.folder, edition.settings, series, trusted)

    parts = Parts(
        state=state,
        series=series,
        clock=SystemClock(),
        world=world,
        kinds=discover(),
        receivers=receivers() if tells else {},
        close_world=close_world,
        watch_s=1.0 if watches else None,
        notify=manager.notify,
        watchdog_s=manager.watchdog_s,
        external_url=url,
    )
    try:
        await series.open()
        async with App(paths, parts) as app:
            yield app
    except StoreFault as fault:
        raise click.ClickException(str(fault)) from None
    finally:
        await series.close()
        await state.close()


def make_private(data: Path) -> None:
    """The data folder exists, and only its owner can look into one that was made here."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as fault:
        raise click.ClickException(f"{data}: cannot be made the data folder: {fault.strerror}") from None


class Sentence(logging.Formatter):
    """One line a record: a fault of ours as its class and where it was raised, never its text or a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """`opsguide: warning: ...`."""
        text = f"opsguide: {record.levelname.lower()}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            where = f" at {frames[-1].filename.rpartition('opsguide/')[2]}:{frames[-1].lineno}" if frames else ""
            text += f": a fault of ours, {type(record.exc_info[1]).__name__}{where}"
        return text


def log_sentences() -> None:
    """Send what is worth a line to standard error."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(Sentence())
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
