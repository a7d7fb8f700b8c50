from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from tests.store.contract import StateContract, saw, together, typical
from tests.store.statefiles import by_hand, fill, verified

from opsguide.core.ports import Changes, EvidenceRow, StoreFault
from opsguide.store import reads
from opsguide.store.sqlite import SqliteState


class TestAFileWithAWriterThread(StateContract):
    def make(self, where: Path) -> SqliteState:
        return SqliteState(where / "state.db")


class TestAFileInline(StateContract):
    def make(self, where: Path) -> SqliteState:
        return SqliteState(where / "state.db", inline=True)


class TestMemory(StateContract):
    keeps = False

    def make(self, where: Path) -> SqliteState:
        return SqliteState(Path(":memory:"))


# ---- the chain on disk ----

TAMPERINGS = [
    "UPDATE evidence SET at = at + 1 WHERE number = 3",
    "UPDATE evidence SET claim = 'd' WHERE number = 3",
    "UPDATE evidence SET subject = 'x' WHERE number = 3",
    "UPDATE evidence SET says = 'ok' WHERE number = 3",
    "UPDATE evidence SET ok = 1 - ok WHERE number = 3",
    "UPDATE evidence SET ok = 2 WHERE number = 3",
    "UPDATE evidence SET topic = 'backup.verified' WHERE number = 3",
    "UPDATE evidence SET \"by\" = 'anna' WHERE number = 3",
    "UPDATE evidence SET salt = randomblob(16) WHERE number = 3",
    "UPDATE evidence SET salt = NULL WHERE number = 3",
    "UPDATE evidence SET row_hash = randomblob(32) WHERE number = 3",
    "UPDATE evidence SET body_hash = randomblob(32) WHERE number = 3",
    "UPDATE evidence SET link = randomblob(32) WHERE number = 3",
    "UPDATE evidence SET says = x'ff' WHERE number = 3",
    "UPDATE evidence SET says = CAST(x'ff' AS TEXT) WHERE number = 3",
    "UPDATE bodies SET body = x'7b7d' WHERE number = 3",
    "UPDATE bodies SET body = CAST(body AS TEXT) WHERE number = 3",
    "UPDATE bodies SET salt = randomblob(16) WHERE number = 3",
    "DELETE FROM bodies WHERE number = 3",
    "DELETE FROM evidence WHERE number = 3",
    "DELETE FROM evidence WHERE number = 1",
    "UPDATE evidence SET number = 99 WHERE number = 3",
    "DELETE FROM evidence; DELETE FROM bodies",
    "DELETE FROM evidence WHERE number > 3",
    "UPDATE seals SET link = randomblob(32)",
    "UPDATE seals SET number = 4",
]


@pytest.mark.parametrize("sql", TAMPERINGS)
def test_tampering_with_the_log_is_found(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "state.db"
    fill(path)

    async def sealed() -> None:
        state = SqliteState(path, inline=True)
        await state.open()
        assert (await state.seal_day("2026-11-21"))[0] == 5
        await state.close()

    asyncio.run(sealed())
    with by_hand(path) as db:
        db.executescript(sql)
    count, wrong = verified(path)
    assert wrong != ""
    assert count < 5


def test_a_tail_cut_off_while_the_process_runs_is_found_without_a_seal(tmp_path: Path) -> None:
    path = tmp_path / "state.db"

    async def scenario() -> None:
        state = SqliteState(path)
        await state.open()
        for number in range(1, 6):
            await state.commit(typical(number))
        with by_hand(path) as db:
            db.execute("DELETE FROM evidence WHERE number = 5")
        assert await state.verify() == (4, "the log ends at row 4, but this process wrote up to a row at row 5")
        await state.close()

    asyncio.run(scenario())


def test_a_new_chain_in_the_place_of_the_old_one_is_found_by_a_head_kept_elsewhere(tmp_path: Path) -> None:
    kept = fill(tmp_path / "old.db")[3]
    fill(tmp_path / "new.db")

    async def scenario(name: str) -> tuple[int, str]:
        state = SqliteState(tmp_path / name)
        await state.open()
        found = await state.verify([(kept.number, kept.digest)])
        await state.close()
        return found

    assert asyncio.run(scenario("old.db")) == (5, "")
    assert asyncio.run(scenario("new.db")) == (3, "row 4 is not the row at which a kept head stood")


def test_a_seal_is_set_once_for_a_day(tmp_path: Path) -> None:
    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db")
        await state.open()
        assert await state.seal_day("2026-01-01") == (0, "00" * 32)
        await state.commit(saw())
        head = await state.seal_day("2026-01-02")
        assert head == await state.head()
        await state.commit(saw())
        await state.seal_day("2026-01-02")
        with by_hand(tmp_path / "state.db") as db:
            assert db.execute("SELECT day, number FROM seals").fetchall() == [("2026-01-01", 0), ("2026-01-02", 1)]
        assert await state.verify() == (2, "")
        await state.close()

    asyncio.run(scenario())


def test_a_long_log_is_walked_page_by_page_while_others_write(tmp_path: Path) -> None:
    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db")
        await state.open()
        await state.commit(together(*(saw(f"{n}") for n in range(2500))))
        async with asyncio.TaskGroup() as group:
            walk = group.create_task(state.verify())
            for _ in range(20):
                group.create_task(state.commit(saw()))
        count, wrong = walk.result()
        assert wrong == ""
        assert 2500 <= count <= 2520
        await state.close()

    asyncio.run(scenario())


# ---- expiry and erasure ----


def test_expiry_drops_bodies_and_the_chain_still_verifies(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    fill(path)

    async def scenario() -> None:
        state = SqliteState(path)
        await state.open()
        before = await state.evidence()
        assert await state.expire(4.0, at=10.0, by="anna") == 3
        after = await state.evidence()
        assert await state.verify() == (6, "")
        assert [(row.number, row.body == b"") for row in after[1:]] == [
            (5, False),
            (4, False),
            (3, True),
            (2, True),
            (1, True),
        ]
        assert [row.digest for row in after[1:]] == [row.digest for row in before]
        assert (after[0].topic, after[0].says, after[0].by, after[0].at) == ("log.expired", "expired", "anna", 10.0)
        assert json.loads(after[0].body) == {"before": 4.0}
        # What there is nothing of is not noted, and the note itself never expires.
        assert await state.expire(4.0) == 0
        assert await state.expire(99.0, at=99.0) == 2
        assert await state.expire(100.0) == 0
        assert await state.verify() == (7, "")
        await state.close()

    asyncio.run(scenario())
    with by_hand(path) as db:
        db.execute("UPDATE evidence SET says = 'ok' WHERE number = 2")
    assert verified(path)[1].startswith("row 2 was changed")


def test_expired_bytes_are_nowhere_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    secret = b"the canary sings at midnight"

    def found() -> bool:
        return any(secret in file.read_bytes() for file in tmp_path.iterdir())

    async def scenario() -> None:
        state = SqliteState(path)
        await state.open()
        await state.commit(
            Changes(
                evidence=tuple(
                    EvidenceRow(1.0, "c", "", "ok", ok=True, topic="", by="", body=secret * n) for n in (1, 9, 900)
                )
            )
        )
        assert found()
        assert await state.expire(2.0) == 3
        assert not found()
        await state.close()

    asyncio.run(scenario())


def test_many_bodies_expire_in_several_turns(tmp_path: Path) -> None:
    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db")
        await state.open()
        await state.commit(together(*(saw(at=float(n)) for n in range(2500))))
        dropped, *_ = await asyncio.gather(state.expire(2400.0), *(state.commit(saw(at=9e9)) for _ in range(20)))
        assert dropped == 2400
        assert await state.verify() == (2521, "")
        await state.close()

    asyncio.run(scenario())


def test_erasure_drops_who_and_what_and_the_chain_still_verifies(tmp_path: Path) -> None:
    path = tmp_path / "state.db"

    async def scenario() -> None:
        state = SqliteState(path)
        await state.open()
        for name in ("anna", "bert", "anna"):
            act = EvidenceRow(1.0, "task/a", f"mail to {name}", "done", ok=True, topic="", by=name, body=name.encode())
            await state.commit(Changes(evidence=(act,)))
        await state.expire(0.5)
        await state.erase([1, 3], at=5.0, by="carla")
        assert await state.verify() == (4, "")
        found = await state.evidence()
        assert [(one.by, one.subject, one.body) for one in found[1:]] == [
            ("", "", b""),
            ("bert", "mail to bert", b"bert"),
            ("", "", b""),
        ]
        assert (found[0].topic, found[0].by) == ("log.erased", "carla")
        await state.erase([3], at=6.0, by="carla")
        assert await state.verify() == (5, "")
        with pytest.raises(KeyError):
            await state.erase([2, 77], at=6.0, by="carla")
        with pytest.raises(ValueError, match="stays"):
            await state.erase([4], at=6.0, by="carla")
        assert await state.verify() == (5, "")
        await state.close()

    asyncio.run(scenario())
    assert not any(b"anna" in file.read_bytes() for file in tmp_path.iterdir())


# ---- damage ----


def test_flipped_bytes_never_pass_for_evidence(tmp_path: Path) -> None:
    """Damage is a StoreFault, or found by verify, or it did not touch the log at all."""
    original = fill(tmp_path / "state.db", 60)
    whole = (tmp_path / "state.db").read_bytes()
    dice = random.Random(11)

    async def scenario(path: Path) -> str:
        state = SqliteState(path, inline=True)
        try:
            await state.open()
            wrong = (await state.verify())[1]
            if not wrong:
                assert list(reversed(await state.evidence(limit=1000))) == original
        except StoreFault as fault:
            return str(fault)
        finally:
            await state.close()
        return wrong

    outcomes = []
    for turn in range(60):
        damaged = bytearray(whole)
        for _ in range(dice.choice((1, 8))):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        path = tmp_path / f"{turn}.db"
        path.write_bytes(damaged)
        outcomes.append(asyncio.run(scenario(path)))
    assert sum(bool(one) for one in outcomes) > 10


def test_a_file_cut_short_is_a_fault_and_not_an_empty_start(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    fill(path, 60)
    size = path.stat().st_size
    os.truncate(path, size // 2 // 4096 * 4096)

    async def scenario() -> str:
        state = SqliteState(path)
        try:
            await state.open()
            return (await state.verify())[1]
        except StoreFault as fault:
            return str(fault)
        finally:
            await state.close()

    assert "damaged" in asyncio.run(scenario())


# ---- plans ----


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"claim": "c"}, "evidence_of_claim"),
        ({"claim": "c", "subject": "s", "since": 5.0, "before": 9}, "evidence_of_claim"),
        ({"topic": "t"}, "evidence_of_topic"),
        ({}, ""),
    ],
)
def test_the_newest_of_a_claim_or_topic_is_found_without_a_scan_or_a_sort(
    tmp_path: Path, asked: dict[str, Any], index: str
) -> None:
    fill(tmp_path / "state.db")
    with by_hand(tmp_path / "state.db") as db:
        said: list[str] = []
        db.set_trace_callback(said.append)
        given = {"claim": "", "subject": None, "topic": "", "since": 0.0, "before": None, "limit": 10, **asked}
        reads.evidence(db, **given)
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {said[0]}"))
    assert "TEMP B-TREE" not in plan
    assert index in plan
