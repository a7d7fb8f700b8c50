"""What every state store must do. A backend's test file subclasses `StateContract` and says how a store is made.

Each test opens a store over `where` (a folder, or a name that the backend makes its own of); two stores over the same
`where` see the same content one after the other, where `keeps` is True.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from opsguide.core.ports import (
    Changes,
    Conflict,
    DeliveryRow,
    EvidenceRow,
    FlipRow,
    MachineRow,
    NoticeRow,
    RecordRow,
    State,
    VerdictRow,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def saw(says: str = "ok", *, claim: str = "c", subject: str = "", at: float = 1.0, topic: str = "") -> Changes:
    """A step of one row of evidence."""
    body = f'{{"because": "{says}"}}'.encode()
    return Changes(evidence=(EvidenceRow(at, claim, subject, says, says == "ok", topic, "", body),))


def verdict(expected: int, sequence: int, *, subject: str = "", body: bytes = b"v") -> Changes:
    """A step of one verdict."""
    return Changes(verdicts=(VerdictRow("c", subject, expected, sequence, body, None),))


def gone(expected: int, *, subject: str = "") -> Changes:
    """A step that deletes a verdict."""
    return Changes(verdicts=(VerdictRow("c", subject, expected, expected, b"", None, delete=True),))


def flip(sequence: int, *, claim: str = "c", subject: str = "", at: float = 1.0) -> Changes:
    """A step of one flip."""
    return Changes(flips=(FlipRow(claim, subject, sequence, at, "holds", "broken", b"f"),))


def machine(expected: int, state: bytes | None, wake_at: float | None = None, key: str = "k") -> Changes:
    """A step of one machine instance."""
    return Changes(machines=(MachineRow("m", key, expected, state, wake_at),))


def notice(name: str, *, body: bytes = b"n", at: float = 1.0) -> Changes:
    """A step that puts one notice in the outbox."""
    return Changes(notices=(NoticeRow(name, at, "team", "webhook", "routing", "k", body),))


def together(*steps: Changes) -> Changes:
    """Several of the above as one step."""
    return Changes(
        evidence=tuple(row for step in steps for row in step.evidence),
        verdicts=tuple(row for step in steps for row in step.verdicts),
        flips=tuple(row for step in steps for row in step.flips),
        machines=tuple(row for step in steps for row in step.machines),
        notices=tuple(row for step in steps for row in step.notices),
        deliveries=tuple(row for step in steps for row in step.deliveries),
        records=tuple(row for step in steps for row in step.records),
    )


def typical(number: int) -> Changes:
    """What one flip of an alert writes: evidence, verdict, flip, group, notice; `number` from 1 upwards."""
    return together(
        saw(f"says {number}", at=float(number)),
        Changes(verdicts=(VerdictRow("c", "", number - 1, number, b"v" * 300, number + 60.0),)),
        flip(number, at=float(number)),
        machine(number - 1, b"s" * 400, number + 5.0),
        notice(f"notice-{number}", body=b"n" * 600),
    )


class StateContract:
    """The suite. `keeps`: False for a store that is empty again after it was closed."""

    keeps = True

    def make(self, where: Path) -> State:
        """A store that is not open yet."""
        raise NotImplementedError

    @asynccontextmanager
    async def opened(self, where: Path) -> AsyncIterator[State]:
        """A store, opened and closed."""
        state = self.make(where)
        await state.open()
        try:
            yield state
        finally:
            await state.close()

    # ---- evidence ----

    def test_a_new_store_is_empty_and_its_chain_is_whole(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            state = self.make(tmp_path)
            snapshot = await state.open()
            assert (snapshot.verdicts, snapshot.machines, snapshot.notices, snapshot.records) == ((), (), (), ())
            assert await state.evidence() == []
            assert await state.verify() == (0, "")
            assert await state.commit(Changes()) == 0
            await state.close()

        asyncio.run(scenario())

    def test_evidence_is_numbered_densely_and_listed_newest_first(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                assert await state.commit(saw("refused")) == 1
                assert await state.commit(together(saw("ok"), saw("timeout"))) == 3
                assert await state.commit(Changes()) == 3
                found = await state.evidence()
            assert [(row.number, row.says, row.ok) for row in found] == [
                (3, "timeout", False),
                (2, "ok", True),
                (1, "refused", False),
            ]
            assert found[2].body == b'{"because": "refused"}'
            assert len({row.digest for row in found}) == 3

        asyncio.run(scenario())

    def test_a_row_of_evidence_comes_back_as_it_was_given(self, tmp_path: Path) -> None:
        given = EvidenceRow(
            1767225600.25, "alert/ü \N{SNOWMAN}", "a=\x00b", "", ok=False, topic="t", by="anna", body=bytes(range(256))
        )

        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(Changes(evidence=(given, replace(given, at=-0.0, ok=True))))
                second, first = await state.evidence()
                assert await state.verify() == (2, "")
            assert (first.at, first.claim, first.subject) == (given.at, given.claim, given.subject)
            assert (first.says, first.ok, first.topic, first.by) == ("", False, "t", "anna")
            assert first.body == given.body
            assert second.ok is True

        asyncio.run(scenario())

    def test_evidence_is_found_by_claim_subject_topic_and_time(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(saw("1", claim="a", at=1.0))
                await state.commit(saw("2", claim="a", subject="x", at=2.0, topic="backup.verified"))
                await state.commit(saw("3", claim="b", at=3.0))
                await state.commit(saw("4", claim="b", at=4.0, topic="backup.verified"))
                found = {
                    "a": await state.evidence(claim="a"),
                    "a itself": await state.evidence(claim="a", subject=""),
                    "x": await state.evidence(subject="x"),
                    "topic": await state.evidence(topic="backup.verified"),
                    "b's topic": await state.evidence(claim="b", topic="backup.verified"),
                    "since 3": await state.evidence(since=3.0),
                    "older than 3": await state.evidence(before=3),
                    "two": await state.evidence(limit=2),
                    "none": await state.evidence(claim="c"),
                }
            assert {name: "".join(row.says for row in rows) for name, rows in found.items()} == {
                "a": "21",
                "a itself": "1",
                "x": "2",
                "topic": "42",
                "b's topic": "4",
                "since 3": "43",
                "older than 3": "21",
                "two": "43",
                "none": "",
            }

        asyncio.run(scenario())

    # ---- compare and set ----

    def test_a_verdict_is_written_only_over_the_sequence_it_expects(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                with pytest.raises(Conflict):
                    await state.commit(verdict(1, 2))
                await state.commit(verdict(0, 1, body=b"first"))
                with pytest.raises(Conflict):
                    await state.commit(verdict(0, 1, body=b"a second host"))
                await state.commit(verdict(1, 1, body=b"only memory"))
                await state.commit(verdict(1, 2, body=b"flipped"))
                with pytest.raises(Conflict):
                    await state.commit(verdict(1, 2, body=b"late"))
                (stored,) = (await state.open()).verdicts
            assert (stored.claim, stored.subject, stored.sequence, stored.body) == ("c", "", 2, b"flipped")

        asyncio.run(scenario())

    def test_a_verdict_keeps_when_to_look_again(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(Changes(verdicts=(VerdictRow("c", "s", 0, 1, b"", 300.5),)))
                assert [row.look_again_at for row in (await state.open()).verdicts] == [300.5]
                await state.commit(Changes(verdicts=(VerdictRow("c", "s", 1, 1, b"", None),)))
                assert [row.look_again_at for row in (await state.open()).verdicts] == [None]

        asyncio.run(scenario())

    def test_a_verdict_with_sequence_0_is_our_fault(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                with pytest.raises(ValueError, match="sequences begin at 1"):
                    await state.commit(verdict(0, 0))

        asyncio.run(scenario())

    def test_a_verdict_is_deleted_only_at_the_sequence_it_expects(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(verdict(0, 3))
                with pytest.raises(Conflict):
                    await state.commit(gone(2))
                await state.commit(gone(3))
                assert (await state.open()).verdicts == ()
                with pytest.raises(Conflict):
                    await state.commit(gone(3))

        asyncio.run(scenario())

    def test_a_flip_is_unique_by_claim_subject_and_sequence(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(together(flip(1), flip(2), flip(1, subject="x"), flip(1, claim="d")))
                for again in (flip(1), flip(2), flip(1, subject="x"), flip(1, claim="d")):
                    with pytest.raises(Conflict):
                        await state.commit(again)
                assert len(await state.flips()) == 4

        asyncio.run(scenario())

    def test_a_subject_that_comes_back_counts_from_1_again_and_keeps_its_old_flips(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(together(verdict(0, 1), flip(1, at=1.0)))
                await state.commit(together(gone(1), flip(2, at=2.0)))
                await state.commit(together(verdict(0, 1), flip(1, at=3.0)))
                with pytest.raises(Conflict):
                    await state.commit(flip(1, at=4.0))
                await state.commit(together(verdict(1, 2), flip(2, at=5.0)))
                assert [(row.sequence, row.at) for row in await state.flips()] == [
                    (2, 5.0),
                    (1, 3.0),
                    (2, 2.0),
                    (1, 1.0),
                ]

        asyncio.run(scenario())

    def test_flips_are_found_by_claim_and_time(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(together(flip(1, at=1.0), flip(1, claim="d", at=2.0), flip(2, at=3.0)))
                assert [row.at for row in await state.flips(claim="c")] == [3.0, 1.0]
                assert [row.at for row in await state.flips(since=2.0)] == [3.0, 2.0]
                assert [row.at for row in await state.flips(claim="c", since=2.0, limit=5)] == [3.0]
                assert await state.flips(limit=1) == [FlipRow("c", "", 2, 3.0, "holds", "broken", b"f")]

        asyncio.run(scenario())

    def test_a_machine_is_stepped_only_from_the_sequence_it_expects(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                with pytest.raises(Conflict):
                    await state.commit(machine(1, b"unborn"))
                await state.commit(machine(0, b"one", 5.0))
                with pytest.raises(Conflict):
                    await state.commit(machine(0, b"again"))
                await state.commit(machine(1, b"two"))
                with pytest.raises(Conflict):
                    await state.commit(machine(1, b"late"))
                (stored,) = (await state.open()).machines
                assert (stored.machine, stored.key, stored.sequence, stored.state) == ("m", "k", 2, b"two")
                assert stored.wake_at is None

        asyncio.run(scenario())

    def test_a_machine_ends_only_at_the_sequence_it_expects_and_may_begin_anew(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(machine(0, None))
                await state.commit(machine(0, b"one"))
                for expected in (0, 2):
                    with pytest.raises(Conflict):
                        await state.commit(machine(expected, None))
                await state.commit(machine(1, None))
                assert (await state.open()).machines == ()
                await state.commit(machine(0, b"new", 9.0))
                assert [(row.sequence, row.wake_at) for row in (await state.open()).machines] == [(1, 9.0)]

        asyncio.run(scenario())

    # ---- outbox and records ----

    def test_a_second_notice_with_the_same_id_is_ignored(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(notice("n1", body=b"first"))
                await state.commit(together(notice("n1", body=b"second"), notice("n2")))
                found = await state.notices()
            assert [(row.id, row.body, row.state, row.attempts) for row in found] == [
                ("n2", b"n", "pending", 0),
                ("n1", b"first", "pending", 0),
            ]

        asyncio.run(scenario())

    def test_a_delivery_is_noted_and_only_pending_notices_are_loaded(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(together(notice("n1"), notice("n2"), notice("n3")))
                await state.commit(Changes(deliveries=(DeliveryRow("n1", "accepted", 1, 0.0, "200", 7.0),)))
                await state.commit(Changes(deliveries=(DeliveryRow("n2", "pending", 1, 30.0, "503", 7.0),)))
                await state.commit(Changes(deliveries=(DeliveryRow("n3", "refused", 9, 0.0, "404", 8.0),)))
                (accepted,) = await state.notices(state="accepted")
                (refused,) = await state.notices(state="refused")
                (pending,) = (await state.open()).notices
                assert [row.id for row in await state.notices(limit=2)] == ["n3", "n2"]
            assert (accepted.id, accepted.attempts, accepted.reply, accepted.settled_at) == ("n1", 1, "200", 7.0)
            assert (refused.id, refused.settled_at) == ("n3", 8.0)
            assert (pending.id, pending.attempts, pending.next_at, pending.settled_at) == ("n2", 1, 30.0, None)
            assert (pending.receiver, pending.integration, pending.machine, pending.key) == (
                "team",
                "webhook",
                "routing",
                "k",
            )

        asyncio.run(scenario())

    def test_settled_notices_are_pruned_and_pending_ones_never(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(together(notice("n1"), notice("n2"), notice("n3"), notice("n4")))
                await state.commit(Changes(deliveries=(DeliveryRow("n1", "accepted", 1, 0.0, "200", 7.0),)))
                await state.commit(Changes(deliveries=(DeliveryRow("n2", "refused", 1, 0.0, "404", 8.0),)))
                await state.commit(Changes(deliveries=(DeliveryRow("n3", "pending", 1, 9.0, "503", 7.0),)))
                assert await state.prune(7.0) == 0
                assert await state.prune(8.0) == 1
                assert await state.prune(99.0) == 1
                assert [row.id for row in await state.notices()] == ["n4", "n3"]

        asyncio.run(scenario())

    def test_a_delivery_of_a_notice_nobody_sent_is_a_conflict(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                with pytest.raises(Conflict):
                    await state.commit(Changes(deliveries=(DeliveryRow("no", "accepted", 1, 0.0, "", 1.0),)))

        asyncio.run(scenario())

    def test_a_record_is_replaced_and_deleted_within_its_bucket(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(Changes(records=(RecordRow("a", "k", b"1"), RecordRow("b", "k", b"2"))))
                await state.commit(Changes(records=(RecordRow("a", "k", b"3"), RecordRow("a", "j", b""))))
                assert await state.records("a") == [RecordRow("a", "j", b""), RecordRow("a", "k", b"3")]
                await state.commit(Changes(records=(RecordRow("a", "k", None), RecordRow("a", "never", None))))
                assert await state.records("a") == [RecordRow("a", "j", b"")]
                assert sorted((row.bucket, row.key) for row in (await state.open()).records) == [("a", "j"), ("b", "k")]

        asyncio.run(scenario())

    # ---- one step is one transaction ----

    def test_a_step_that_conflicts_writes_nothing_at_all(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                await state.commit(machine(0, b"one"))
                with pytest.raises(Conflict):
                    await state.commit(
                        together(
                            saw(), verdict(0, 1), flip(1), notice("n"), machine(0, b"late", key="x"), machine(0, b"")
                        )
                    )
                snapshot = await state.open()
                assert (snapshot.verdicts, snapshot.notices, len(snapshot.machines)) == ((), (), 1)
                assert (await state.evidence(), await state.flips()) == ([], [])
                assert await state.commit(saw()) == 1
                assert await state.verify() == (1, "")

        asyncio.run(scenario())

    def test_a_step_that_no_table_can_keep_fails_alone(self, tmp_path: Path) -> None:
        bad = (
            saw(at=float("nan")),
            saw(claim="\ud800"),
            flip(1 << 70),
            Changes(records=(RecordRow("a", "k", object()),)),  # type: ignore[arg-type]
        )

        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                steps = [step for one in bad for step in (saw(), together(saw("lost"), one))]
                outcomes = await asyncio.gather(*(state.commit(step) for step in steps), return_exceptions=True)
                assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True] * len(bad)
                assert not any(isinstance(outcome, Conflict) for outcome in outcomes)
                assert [row.says for row in await state.evidence()] == ["ok"] * len(bad)
                assert await state.verify() == (len(bad), "")

        asyncio.run(scenario())

    def test_of_many_that_step_the_same_machine_at_once_one_wins_each_round(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                for expected in range(5):
                    steps = [together(saw(f"host {n}"), machine(expected, b"%d" % n)) for n in range(20)]
                    outcomes = await asyncio.gather(*(state.commit(step) for step in steps), return_exceptions=True)
                    assert [isinstance(one, Conflict) for one in outcomes] == [False] + [True] * 19
                assert [row.says for row in await state.evidence()] == ["host 0"] * 5

        asyncio.run(scenario())

    def test_steps_are_written_in_the_order_of_the_calls(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                numbers = await asyncio.gather(*(state.commit(typical(number)) for number in range(1, 301)))
                assert numbers == list(range(1, 301))
                assert [row.says for row in await state.evidence(limit=2)] == ["says 300", "says 299"]
                assert [row.sequence for row in (await state.open()).machines] == [300]
                assert await state.verify() == (300, "")

        asyncio.run(scenario())

    def test_a_caller_that_is_cancelled_does_not_hold_up_the_others(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(state.commit(saw(f"{n}"))) for n in range(20)]
                    await asyncio.sleep(0)
                    for task in tasks[::2]:
                        task.cancel()
                assert all(task.cancelled() or task.result() for task in tasks)
                assert await state.commit(saw("after")) == 21
                assert await state.verify() == (21, "")

        asyncio.run(scenario())

    def test_a_commit_that_returned_is_seen_by_every_read(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            async with self.opened(tmp_path) as state:

                async def one(number: int) -> None:
                    await state.commit(together(saw(claim=f"c{number}"), flip(1, claim=f"c{number}")))
                    assert len(await state.evidence(claim=f"c{number}")) == 1
                    assert len(await state.flips(claim=f"c{number}")) == 1

                await asyncio.gather(*(one(number) for number in range(50)))

        asyncio.run(scenario())

    def test_any_history_of_steps_ends_as_a_plain_dictionary_would(self, tmp_path: Path) -> None:
        dice = random.Random(7)
        model: dict[str, int] = {}

        async def scenario() -> None:
            async with self.opened(tmp_path) as state:
                for _ in range(300):
                    key, expected = dice.choice("abcd"), dice.randrange(4)
                    ends = dice.random() < 0.3
                    fits = model.get(key, 0) == expected
                    try:
                        await state.commit(machine(expected, None if ends else b"s", key=key))
                        assert fits
                        model[key] = 0 if ends else expected + 1
                    except Conflict:
                        assert not fits
                found = {row.key: row.sequence for row in (await state.open()).machines}
                assert found == {key: sequence for key, sequence in model.items() if sequence}

        asyncio.run(scenario())

    # ---- opening and closing ----

    def test_what_was_committed_is_there_after_closing_and_opening(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            state = self.make(tmp_path)
            await state.open()
            await state.commit(together(typical(1), Changes(records=(RecordRow("a", "k", b"1"),))))
            await state.close()
            snapshot = await state.open()
            if self.keeps:
                assert [(row.sequence, row.look_again_at) for row in snapshot.verdicts] == [(1, 61.0)]
                assert [(row.sequence, row.wake_at) for row in snapshot.machines] == [(1, 6.0)]
                assert [row.id for row in snapshot.notices] == ["notice-1"]
                assert snapshot.records == (RecordRow("a", "k", b"1"),)
            assert await state.commit(saw()) == (2 if self.keeps else 1)
            assert (await state.verify())[1] == ""
            await state.close()

        asyncio.run(scenario())

    def test_closing_writes_what_still_waits(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            state = self.make(tmp_path)
            await state.open()
            async with asyncio.TaskGroup() as group:
                waiting = [group.create_task(state.commit(saw())) for _ in range(50)]
                await asyncio.sleep(0)
                await state.close()
            assert [task.result() for task in waiting] == list(range(1, 51))

        asyncio.run(scenario())

    def test_a_closed_store_says_so_and_closes_again_quietly(self, tmp_path: Path) -> None:
        from opsguide.core.ports import StoreFault

        async def scenario() -> None:
            state = self.make(tmp_path)
            with pytest.raises(StoreFault):
                await state.commit(saw())
            await state.open()
            await state.close()
            await state.close()
            with pytest.raises(StoreFault):
                await state.commit(saw())
            with pytest.raises(StoreFault):
                await state.evidence()

        asyncio.run(scenario())
