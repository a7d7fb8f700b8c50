"""The default state store: one SQLite file, one writer thread, reads beside it. The format is docs/design/state.md."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from opsguide.core.ports import Changes, EvidenceRow, StoreFault
from opsguide.store import reads
from opsguide.store.chain import ERASED, EXPIRED, Head, Mark, Walk, erased, expired
from opsguide.store.dbfile import Lock, connect, migrate, migrations, prepare
from opsguide.store.steps import StepWriter, store_fault
from opsguide.store.writer import InlineWriter, WriterThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from opsguide.core.ports import FlipRow, LoggedEvidence, RecordRow, Snapshot, StoredNotice

T = TypeVar("T")
_PAGE_ROWS = 1000
"""Rows that `verify` reads and `expire` deletes at a time, so that others get their turn between."""


@dataclass(frozen=True, slots=True)
class _Opened:
    lock: Lock | None
    steps: StepWriter
    lane: WriterThread | InlineWriter
    reading: sqlite3.Connection
    pool: ThreadPoolExecutor | None


class SqliteState:
    """core.ports.State in one SQLite file; `Path(":memory:")` keeps nothing and is always inline.

    inline: everything runs in the caller's thread (virtual time). real_io: entered around every wait for a thread.
    """

    def __init__(
        self,
        path: Path,
        *,
        inline: bool = False,
        real_io: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._path = path
        self._in_memory = str(path) == ":memory:"
        self._inline = inline or self._in_memory
        self._real_io = real_io
        self._held: _Opened | None = None

    async def open(self) -> Snapshot:
        """Lock, migrate and load. On an open store it only loads, after every commit that was asked for before.

        Raises StoreFault: another process has it open, the file is damaged, newer than this code, or not ours.
        """
        if self._held is not None:
            return await self._load(self._held)
        self._held = await self._aside(None, self._take)
        try:
            return await self._load(self._held)
        except StoreFault:
            await self.close()
            raise

    async def _load(self, held: _Opened) -> Snapshot:
        return await held.lane.run(lambda: self._guarded(lambda: reads.snapshot(held.steps.db)))

    def _take(self) -> _Opened:
        if not self._in_memory:
            prepare(self._path)
        lock = None if self._in_memory else Lock(self._path)
        try:
            return self._guarded(lambda: self._connect(lock))
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def _connect(self, lock: Lock | None) -> _Opened:
        db = connect(str(self._path))
        try:
            migrate(db, self._path, migrations())
            steps = StepWriter(db, self._path)
            if self._inline:
                return _Opened(lock, steps, InlineWriter(steps.write), db, None)
            reading = connect(str(self._path), reading=True)
        except BaseException:
            db.close()
            raise
        pool = ThreadPoolExecutor(1, thread_name_prefix="state-reader")
        return _Opened(lock, steps, WriterThread(steps.write, self._real_io), reading, pool)

    async def commit(self, changes: Changes) -> int:
        """Write one step durably; returns the newest evidence number. Raises Conflict or StoreFault.

        A caller that is cancelled while it waits does not take its step back. A value that no table can keep (NaN as
        a time, text that is no Unicode, a sequence below 1) is our fault and raises as such.
        """
        return await self._open.lane.commit(changes)

    async def evidence(
        self,
        *,
        claim: str = "",
        subject: str | None = None,
        topic: str = "",
        since: float = 0.0,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[LoggedEvidence]:
        """Newest first."""
        return await self._read(
            lambda db: reads.evidence(db, claim, subject, topic, since=since, before=before, limit=limit)
        )

    async def flips(self, *, claim: str = "", since: float = 0.0, limit: int = 100) -> Sequence[FlipRow]:
        """Newest first."""
        return await self._read(lambda db: reads.flips(db, claim, since, limit))

    async def notices(self, *, state: str = "", limit: int = 100) -> Sequence[StoredNotice]:
        """Newest first."""
        return await self._read(lambda db: reads.notices(db, state, limit))

    async def records(self, bucket: str) -> Sequence[RecordRow]:
        """All of a bucket, by key."""
        return await self._read(lambda db: reads.records(db, bucket))

    async def verify(self, anchors: Iterable[tuple[int, str]] = ()) -> tuple[int, str]:
        """Walk the chain: how many rows fit, and "" or what is wrong with the first that does not.

        anchors: heads (number, digest) that were kept elsewhere, which the chain must pass too.
        """
        # Asked for before the first page is read: what is appended meanwhile only makes the chain longer.
        known = [Mark(self._open.steps.head, "this process wrote up to a row")]
        known += [Mark(Head(number, bytes.fromhex(digest)), "a kept head stood") for number, digest in anchors]
        try:
            wrong = await self._read(reads.unsound)
            if wrong:
                return 0, f"{self._path}: the file is damaged: {wrong}"
            walk = Walk(await self._read(reads.gone), [*known, *await self._read(reads.seals)])
        except StoreFault as fault:
            return 0, str(fault)
        return await self._walk(walk)

    async def _walk(self, walk: Walk) -> tuple[int, str]:
        while True:
            try:
                rows = await self._read(partial(reads.linked, after=walk.head.number, limit=_PAGE_ROWS))
            except StoreFault as fault:
                return walk.head.number, f"behind row {walk.head.number}: {fault}"
            if not rows or not walk.rows(rows):
                return walk.end()

    async def head(self) -> tuple[int, str]:
        """The chain's newest row and its digest, to be kept elsewhere; (0, zeros) of an empty log."""
        head = self._open.steps.head
        return head.number, head.link.hex()

    async def expire(self, before: float, *, at: float | None = None, by: str = "") -> int:
        """Drop the bodies of evidence older than `before` (Unix seconds); the log notes it first. How many there were.

        at: the time of the act, `before` where not given. Raises StoreFault; what was dropped until then stays dropped.
        """
        if not await self._read(lambda db: reads.older_bodies(db, before)):
            return 0
        await self.commit(_note(EXPIRED, expired(before), before if at is None else at, by))
        total, lane, steps = 0, self._open.lane, self._open.steps
        while count := await lane.run(lambda: steps.drop_bodies(before, _PAGE_ROWS)):
            total += count
        await lane.run(steps.truncate_log)
        return total

    async def prune(self, before: float) -> int:
        """Delete notices that were settled before `before` (Unix seconds); how many there were. Raises StoreFault."""
        total, lane, steps = 0, self._open.lane, self._open.steps
        while count := await lane.run(lambda: steps.drop_notices(before, _PAGE_ROWS)):
            total += count
        return total

    async def erase(self, numbers: Sequence[int], *, at: float, by: str) -> None:
        """Drop these rows' bodies and empty their subject and by; the log notes it first, and still verifies.

        Raises ValueError for a row that records an expiry or erasure, and KeyError for one that does not exist.
        """
        rows = [await self._read(partial(reads.linked, after=number - 1, limit=1)) for number in numbers]
        for number, found in zip(numbers, rows, strict=True):
            if not found or found[0].number != number:
                raise KeyError(f"evidence has no row {number}")
            if found[0].topic in {EXPIRED, ERASED}:
                raise ValueError(f"row {number} records what was dropped from the log, and stays")
        lane, steps, note = self._open.lane, self._open.steps, _note(ERASED, erased(numbers), at, by)
        await lane.run(lambda: steps.erase(note, [row for (row,) in rows]))
        await lane.run(steps.truncate_log)

    async def seal_day(self, day: str) -> tuple[int, str]:
        """Note the chain's head under `day` (2026-11-21), once; returns the head (number, digest)."""
        held = self._open
        await held.lane.run(lambda: held.steps.seal(day))
        return await self.head()

    async def close(self) -> None:
        """Write what waits, checkpoint, and let go of the file. A second close does nothing."""
        held, self._held = self._held, None
        if held is None:
            return
        await held.lane.close()
        await self._aside(held.pool, lambda: self._let_go(held))
        if held.pool is not None:
            held.pool.shutdown(wait=False)

    def _let_go(self, held: _Opened) -> None:
        held.reading.close()
        held.steps.db.close()  # the last connection checkpoints
        if held.lock is not None:
            held.lock.release()

    @property
    def _open(self) -> _Opened:
        if self._held is None:
            raise StoreFault(f"{self._path}: the state store is not open")
        return self._held

    async def _read(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        held = self._open
        return await self._aside(held.pool, lambda: self._guarded(lambda: ask(held.reading)))

    async def _aside(self, pool: ThreadPoolExecutor | None, work: Callable[[], T]) -> T:
        if self._inline:
            return work()
        with self._real_io():
            return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            raise store_fault(self._path, error) from error


def _note(topic: str, body: bytes, at: float, by: str) -> Changes:
    row = EvidenceRow(at, "", "", topic.partition(".")[2], ok=True, topic=topic, by=by, body=body)
    return Changes(evidence=(row,))
