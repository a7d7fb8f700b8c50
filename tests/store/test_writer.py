from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import pytest
from tests.store.contract import saw

from opsguide.core.ports import Changes, StoreFault
from opsguide.store.sqlite import SqliteState
from opsguide.store.writer import WriterThread
from opsguide.world.sim import loop as sim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Slow:
    """A disk whose every sync waits until it is let go; keeps the sizes of the groups it was given."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.began = threading.Event()
        self.go_on = threading.Event()

    def write(self, group: Sequence[Changes]) -> list[int | Exception]:
        self.groups.append(len(group))
        self.began.set()
        assert self.go_on.wait(20)
        return [0] * len(group)


def test_what_arrives_during_a_sync_is_one_group_of_at_most_500() -> None:
    disk = Slow()

    async def scenario() -> None:
        lane = WriterThread(disk.write, nullcontext)
        async with asyncio.TaskGroup() as group:
            group.create_task(lane.commit(Changes()))
            await asyncio.to_thread(disk.began.wait, 20)
            for _ in range(700):
                group.create_task(lane.commit(Changes()))
            await asyncio.sleep(0)
            disk.go_on.set()
        await lane.close()

    asyncio.run(scenario())
    assert disk.groups == [1, 500, 200]


def test_an_errand_runs_between_the_steps_before_and_after_it() -> None:
    order: list[str] = []

    def write(group: Sequence[Changes]) -> list[int | Exception]:
        order.extend(f"step {len(one.records)}" for one in group)
        return [len(order)] * len(group)

    async def scenario() -> None:
        lane = WriterThread(write, nullcontext)
        await asyncio.gather(
            lane.commit(Changes()),
            lane.run(lambda: order.append("errand")),
            lane.commit(Changes(records=(None,))),  # type: ignore[arg-type]  # it is only counted
        )
        await lane.close()

    asyncio.run(scenario())
    assert order == ["step 0", "errand", "step 1"]


def test_a_fault_of_ours_reaches_its_callers_and_the_thread_lives_on() -> None:
    faults = [ZeroDivisionError("once")]

    def write(group: Sequence[Changes]) -> list[int | Exception]:
        if faults:
            raise faults.pop()
        return [7] * len(group)

    def errand() -> None:
        raise KeyError("errand")

    async def scenario() -> None:
        lane = WriterThread(write, nullcontext)
        with pytest.raises(ZeroDivisionError):
            await lane.commit(Changes())
        with pytest.raises(KeyError, match="errand"):
            await lane.run(errand)
        assert await lane.commit(Changes()) == 7
        await lane.close()
        with pytest.raises(StoreFault, match="closed"):
            await lane.commit(Changes())
        await lane.close()

    asyncio.run(scenario())


def test_a_loop_that_ended_before_its_answer_came_does_not_stop_the_thread() -> None:
    disk = Slow()
    lanes: list[WriterThread] = []

    async def gives_up() -> None:
        lanes.append(WriterThread(disk.write, nullcontext))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await lanes[0].commit(Changes())

    async def comes_later() -> None:
        disk.go_on.set()
        assert await lanes[0].commit(Changes()) == 0
        await lanes[0].close()

    asyncio.run(gives_up())
    asyncio.run(comes_later())


def test_every_wait_for_a_thread_is_counted_as_real_work(tmp_path: Path) -> None:
    in_flight, entered = 0, 0

    @contextmanager
    def real_io() -> Iterator[None]:
        nonlocal in_flight, entered
        in_flight, entered = in_flight + 1, entered + 1
        try:
            yield
        finally:
            in_flight -= 1

    async def scenario() -> None:
        state = SqliteState(tmp_path / "state.db", real_io=real_io)
        for ask in (
            state.open,
            lambda: state.commit(saw()),
            state.evidence,
            state.flips,
            state.notices,
            lambda: state.records("a"),
            state.verify,
            lambda: state.expire(5.0),
            lambda: state.seal_day("2026-01-01"),
            state.close,
        ):
            before = entered
            await ask()
            assert entered > before
            assert in_flight == 0

    asyncio.run(scenario())


def test_virtual_time_stands_still_while_the_disk_is_written(tmp_path: Path) -> None:
    async def scenario() -> float:
        state = SqliteState(tmp_path / "state.db", real_io=sim.real_io)
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(3600):  # a timer to jump to
            await state.open()
            await asyncio.gather(*(state.commit(saw(f"{n}")) for n in range(200)))
            assert (await state.verify())[0] == 200
            await state.close()
        return loop.time() - began

    assert sim.run(scenario()) < 60


def test_an_inline_store_takes_no_time_and_no_thread(tmp_path: Path) -> None:
    async def scenario() -> None:
        threads = threading.active_count()
        loop = asyncio.get_running_loop()
        began = loop.time()
        state = SqliteState(tmp_path / "state.db", inline=True)
        await state.open()
        await state.commit(saw())
        assert await state.verify() == (1, "")
        assert threading.active_count() == threads
        await state.close()
        assert loop.time() == began

    sim.run(scenario())


def test_the_loop_gives_way_to_a_writer_whose_answer_is_overdue_and_only_then() -> None:
    disk = Slow()
    pauses: list[float | None] = []

    class Answered(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            return super().wait(timeout)

    async def scenario() -> None:
        # No real work is counted here, so the loop's timers come at once.
        lane = WriterThread(disk.write, nullcontext)
        lane._answered = Answered()
        step = asyncio.ensure_future(lane.commit(Changes()))
        await asyncio.sleep(0.009)
        assert pauses == []
        await asyncio.sleep(0.022)
        assert pauses == [0.001] * 5
        disk.go_on.set()
        await step
        count = len(pauses)
        await asyncio.sleep(3600)
        assert len(pauses) == count
        await lane.close()

    sim.run(scenario())
