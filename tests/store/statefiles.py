"""State files made, verified and edited by hand, and a child process that commits into one."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.store.contract import typical

from opsguide.store.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.ports import LoggedEvidence

CHILD = Path(__file__).with_name("commits_until_killed.py")


def fill(path: Path, count: int = 5) -> list[LoggedEvidence]:
    """A closed store at `path` with typical steps; its log, oldest first."""

    async def scenario() -> list[LoggedEvidence]:
        state = SqliteState(path, inline=True)
        await state.open()
        for number in range(1, count + 1):
            await state.commit(typical(number))
        found = await state.evidence(limit=count)
        await state.close()
        return list(reversed(found))

    return asyncio.run(scenario())


def verified(path: Path) -> tuple[int, str]:
    """What a new process would find."""

    async def scenario() -> tuple[int, str]:
        state = SqliteState(path)
        await state.open()
        try:
            return await state.verify()
        finally:
            await state.close()

    return asyncio.run(scenario())


@contextmanager
def by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """The file in the hands of somebody who knows SQLite."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        yield db
    finally:
        db.close()


class Committing:
    """A child process that commits without end and prints the number of every step that returned."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self._process = process

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def kill(self) -> list[str]:
        """Kill -9 now; what it had printed and was not read yet."""
        self._process.send_signal(signal.SIGKILL)
        printed, _ = self._process.communicate()
        return [line for line in printed.splitlines(keepends=True) if line.endswith("\n")]


@contextmanager
def committing(path: Path) -> Iterator[Committing]:
    process = subprocess.Popen([sys.executable, CHILD, path], stdout=subprocess.PIPE, text=True)
    child = Committing(process)
    try:
        yield child
    finally:
        if process.poll() is None:
            child.kill()
