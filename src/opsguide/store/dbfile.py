"""The state database as a file: its lock, its connections and its migrations."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from importlib import resources
from typing import TYPE_CHECKING

from opsguide.core.ports import StoreFault
from opsguide.store.steps import store_fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

APPLICATION_ID = 0x6F707367
""""opsg": what `PRAGMA application_id` says of a database of ours."""
_BUSY_S = 5.0
_CHECKPOINT_PAGES = 4000


class Lock:
    """The exclusive lock beside a database, taken on construction; raises StoreFault naming the pid that has it.

    flock, not lockf: it belongs to this open file, so a second store of the same process is refused too.
    """

    def __init__(self, database: Path) -> None:
        try:
            self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreFault(f"{database}.lock: {error.strerror}") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            raise StoreFault(f"{database}: another opsguide has it open (pid {pid or 'not yet known'})") from None
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self._file)
            raise StoreFault(f"{database}: {error.strerror}") from None

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        os.close(self._file)


def prepare(database: Path) -> None:
    """Make the folder and the file, readable by its owner only (it holds hashed tokens)."""
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        database.touch(mode=0o600)
    except OSError as error:
        raise StoreFault(f"{database}: {error.strerror}") from None


def connect(database: str, *, reading: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, durable as docs/design/state.md says. Raises sqlite3.Error."""
    # One thread at a time uses it, but not the one that made it.
    db = sqlite3.connect(database, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        for name, value in (
            ("cell_size_check", "ON"),
            ("trusted_schema", "OFF"),
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("wal_autocheckpoint", _CHECKPOINT_PAGES),
            ("secure_delete", "ON"),
            ("query_only", "ON" if reading else "OFF"),
        ):
            db.execute(f"PRAGMA {name} = {value}").fetchall()
    except sqlite3.Error:
        db.close()
        raise
    return db


def migrations() -> Sequence[tuple[int, str]]:
    """Every migration that ships, as (number, SQL), in order."""
    folder = resources.files("opsguide.store") / "migrations"
    found = [(re.match(r"(\d{4})_\w+\.sql$", file.name), file) for file in folder.iterdir()]
    return sorted((int(match[1]), file.read_text(encoding="utf-8")) for match, file in found if match)


def migrate(db: sqlite3.Connection, path: object, steps: Sequence[tuple[int, str]]) -> None:
    """Bring the database to the newest of `steps`; raises StoreFault for one that is newer, or not ours."""
    try:
        version = _integer(db, "user_version")
        _must_be_ours(db, path, version)
        newest = max(number for number, _ in steps)
        if version > newest:
            raise StoreFault(
                f"{path}: written by a newer opsguide (format {version}, this one knows {newest}): "
                "install that version, or start with another --data folder"
            )
        for number, sql in steps:
            if number > version:
                _run(db, number, sql)
    except sqlite3.Error as error:
        raise store_fault(path, error) from error


def _must_be_ours(db: sqlite3.Connection, path: object, version: int) -> None:
    fresh = version == 0 and not db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
    if not fresh and _integer(db, "application_id") != APPLICATION_ID:
        raise StoreFault(f"{path}: a database of another program: start with another --data folder")


def _run(db: sqlite3.Connection, number: int, sql: str) -> None:
    try:
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
        db.executescript(f"BEGIN IMMEDIATE; {sql}\n; {marks} COMMIT;")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _integer(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])
