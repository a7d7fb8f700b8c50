from __future__ import annotations

import asyncio
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from tests.store.contract import saw, together, verdict
from tests.store.statefiles import by_hand

from opsguide.core.ports import Changes, RecordRow, StoreFault
from opsguide.store.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_step_too_large_for_the_disk_fails_and_the_small_ones_beside_it_are_written(tmp_path: Path) -> None:
    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db")
        await state.open()
        assert state._held is not None
        db = state._held.steps.db
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone()
        huge = Changes(records=(RecordRow("a", "huge", bytes(1 << 20)),))
        outcomes = await asyncio.gather(
            *(state.commit(step) for step in (saw("1"), together(saw("lost"), huge), saw("2"), huge, saw("3"))),
            return_exceptions=True,
        )
        assert [isinstance(one, StoreFault) for one in outcomes] == [False, True, False, True, False]
        assert "the disk is full" in str(outcomes[1])
        assert [row.says for row in await state.evidence()] == ["3", "2", "1"]
        db.execute("PRAGMA max_page_count = 1000000").fetchone()
        assert await state.commit(together(saw("4"), huge)) == 4
        assert await state.verify() == (4, "")
        await state.close()

    asyncio.run(scenario())


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 1 MB, mounted."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no right to mount a small file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def blow_up(balloon: Path) -> None:
    """Fill the disk to its last page."""
    with balloon.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)) == 4096:
            continue


@pytest.mark.parametrize("inline", [False, True])
def test_a_full_disk_fails_the_step_and_room_mends_the_store(tmp_path: Path, *, inline: bool) -> None:
    async def scenario(disk: Path) -> None:
        state = SqliteState(disk / "state.db", inline=inline)
        await state.open()
        written = await state.commit(together(saw(), verdict(0, 1)))
        balloon = disk / "balloon"
        blow_up(balloon)
        for _ in range(3):
            with pytest.raises(StoreFault, match="the disk is full"):
                # A step of several pages: the log may still have a few in hand.
                await state.commit(together(saw("lost"), Changes(records=(RecordRow("a", "b", bytes(99999)),))))
        assert [row.says for row in await state.evidence()] == ["ok"]
        balloon.unlink()
        assert await state.commit(together(saw("after"), verdict(1, 2))) == written + 1
        assert await state.verify() == (2, "")
        await state.close()
        assert [row.sequence for row in (await state.open()).verdicts] == [2]
        await state.close()

    with small_disk(tmp_path / "disk") as disk:
        asyncio.run(scenario(disk))


def test_a_lock_held_by_another_program_is_a_store_fault_and_its_end_mends_the_store(tmp_path: Path) -> None:
    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db")
        await state.open()
        assert state._held is not None
        state._held.steps.db.execute("PRAGMA busy_timeout = 1")
        with by_hand(tmp_path / "state.db") as db:
            db.execute("BEGIN IMMEDIATE")
            outcomes = await asyncio.gather(*(state.commit(saw()) for _ in range(5)), return_exceptions=True)
            assert all(isinstance(one, StoreFault) and "holds the file locked" in str(one) for one in outcomes)
            assert len({id(one) for one in outcomes}) == 5
            db.execute("ROLLBACK")
        assert await state.commit(saw()) == 1
        await state.close()

    asyncio.run(scenario())


def test_steps_that_need_a_table_that_is_gone_fail_and_the_others_are_written(tmp_path: Path) -> None:
    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db")
        await state.open()
        with by_hand(tmp_path / "state.db") as db:
            db.execute("DROP TABLE records")
        needs = together(saw("lost"), Changes(records=(RecordRow("a", "b", b""),)))
        outcomes = await asyncio.gather(
            *(state.commit(step) for step in (saw("1"), needs, saw("2"), needs)), return_exceptions=True
        )
        assert [isinstance(one, StoreFault) for one in outcomes] == [False, True, False, True]
        assert [row.says for row in await state.evidence()] == ["2", "1"]
        assert await state.verify() == (2, "")
        await state.close()
        # What cannot be loaded is not kept open: the next try says the same, not that somebody has it.
        for _ in range(2):
            with pytest.raises(StoreFault, match="no such table: records"):
                await state.open()

    asyncio.run(scenario())
