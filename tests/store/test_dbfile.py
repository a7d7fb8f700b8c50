from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from tests.store.contract import saw
from tests.store.statefiles import by_hand, committing, fill, verified

from opsguide.core.ports import StoreFault
from opsguide.store.dbfile import connect, migrate, migrations
from opsguide.store.sqlite import SqliteState

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_is_readable_by_its_owner_only_and_durable(tmp_path: Path) -> None:
    path = tmp_path / "data" / "state.db"

    async def scenario() -> None:
        state = SqliteState(path)
        await state.open()
        await state.commit(saw())
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
        assert state._held is not None
        db = state._held.steps.db
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        await state.close()

    asyncio.run(scenario())
    assert sorted(file.name for file in path.parent.iterdir()) == ["state.db", "state.db.lock"]


def test_a_second_store_of_the_same_file_is_refused_naming_the_pid(tmp_path: Path) -> None:
    async def scenario() -> None:
        first, second = SqliteState(tmp_path / "state.db"), SqliteState(tmp_path / "state.db", inline=True)
        await first.open()
        with pytest.raises(StoreFault, match=rf"another opsguide has it open \(pid {os.getpid()}\)"):
            await second.open()
        await first.commit(saw())
        await first.close()
        assert len((await second.open()).verdicts) == 0
        await second.close()

    asyncio.run(scenario())


def test_a_failed_open_leaves_the_file_unlocked(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)

    async def scenario() -> None:
        for inline in (True, False):
            with pytest.raises(StoreFault, match="the file is no database"):
                await SqliteState(path, inline=inline).open()

    asyncio.run(scenario())
    path.unlink()
    fill(path)
    assert verified(path) == (5, "")


def test_a_folder_that_cannot_be_made_is_a_store_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreFault, match=r"Not a directory|File exists"):
        asyncio.run(SqliteState(tmp_path / "file" / "state.db").open())


def test_another_process_with_the_file_is_named_and_its_death_frees_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"

    async def refused() -> None:
        with pytest.raises(StoreFault, match=rf"pid {child.pid}\)"):
            await SqliteState(path).open()

    with committing(path) as child:
        child.line()
        asyncio.run(refused())
    assert verified(path)[1] == ""


def test_a_database_newer_than_the_code_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    fill(path)
    with by_hand(path) as db:
        db.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreFault, match=r"written by a newer opsguide \(format 999, this one knows \d+\)"):
        asyncio.run(SqliteState(path).open())


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with by_hand(path) as db:
        db.executescript("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
    with pytest.raises(StoreFault, match="a database of another program"):
        asyncio.run(SqliteState(path).open())
    with by_hand(path) as db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]


def test_the_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_only_the_migrations_that_are_missing_are_run(tmp_path: Path) -> None:
    db = connect(str(tmp_path / "state.db"))
    steps = [(1, "CREATE TABLE a (x)"), (2, "CREATE TABLE b (x); INSERT INTO b VALUES (7)")]
    migrate(db, "state.db", steps[:1])
    migrate(db, "state.db", steps)
    migrate(db, "state.db", steps)
    assert db.execute("SELECT x FROM b").fetchall() == [(7,)]
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    db.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    db = connect(str(tmp_path / "state.db"))
    migrate(db, "state.db", [(1, "CREATE TABLE a (x)")])
    with pytest.raises(StoreFault, match="no such table: nowhere"):
        migrate(db, "state.db", [(1, ""), (2, "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)")])
    assert not db.in_transaction
    assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("a",)]
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()
