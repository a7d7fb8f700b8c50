"""The series store through its port: queries, recovery, kill -9, a full disk."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from opsguide.core.ports import Samples, Target
from opsguide.store.series import SeriesStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = Target("scrape api", (("instance", "h:1"), ("job", "api")))
START = 1_700_000_000.0


def samples(i: int, extra: tuple[str, ...] = ()) -> Samples:
    keys = ["up", 'hits_total{code="200"}', *extra]
    return Samples(keys, np.array([1.0, 30.0 * i, *[1.0] * len(extra)]), {"hits_total": "counter"})


async def fill(store: SeriesStore, start: int, stop: int) -> None:
    for i in range(start, stop):
        await store.append(T, START + 15 * i, samples(i))


async def rate(store: SeriesStore, i: int) -> list[float]:
    (answer,) = await store.query_many(["rate(hits_total[5m])"], START + 15 * i)
    assert answer.error == ""
    return [round(point.value, 9) for point in answer.points]


@pytest.fixture(params=["thread", "inline", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SeriesStore:
    return SeriesStore(None if request.param == "memory" else tmp_path, inline=request.param == "inline")


def test_queries_answer_points_faults_and_blindness(store: SeriesStore) -> None:
    async def run() -> None:
        await fill(store, 0, 40)
        rates, broken, blind, scalar, text = await store.query_many(
            ["rate(hits_total[5m])", "sum(", 'up{job="db"} == 0', "1 + 1", '"words"'], START + 15 * 39
        )
        assert [(dict(p.labels)["code"], round(p.value, 9)) for p in rates.points] == [("200", 2.0)]
        assert (broken.points, broken.error) == ((), "unclosed left parenthesis")
        assert [b.why for b in blind.blind] == ["no scrape job named db"]
        assert (scalar.scalar, scalar.points[0].value, scalar.points[0].labels) == (True, 2.0, ())
        assert text.error
        whole = await store.query_range("rate(hits_total[1m])", START + 300, START + 420, 60)
        assert whole.values.tolist() == [[2.0, 2.0, 2.0]]
        assert (await store.query_range("sum(", START, START + 60, 15)).error == "unclosed left parenthesis"
        catalogue = await store.catalogue()
        assert catalogue["hits_total"].kind == "counter"
        assert catalogue["hits_total"].labels == {"code": ("200",), "instance": ("h:1",), "job": ("api",)}
        await store.close()

    asyncio.run(run())


def test_samples_survive_a_restart_with_kinds_labels_and_staleness(tmp_path: Path) -> None:
    async def run() -> None:
        store = SeriesStore(tmp_path)
        await store.append(T, START - 30, samples(-2, ("gone",)))
        await store.append(T, START - 15, samples(-1, ("gone",)))
        await fill(store, 0, 45)
        before = await rate(store, 44)
        await store.close()
        again = SeriesStore(tmp_path)
        assert await rate(again, 44) == before == [2.0]
        assert (await again.catalogue())["hits_total"].kind == "counter"
        (gone, past) = await again.query_many(["gone", "gone offset 1m"], START + 30)
        assert (len(gone.points), len(past.points)) == (0, 1)
        assert again.lost == ()
        await fill(again, 45, 50)
        assert await rate(again, 49) == [2.0]
        await again.close()

    asyncio.run(run())


CHILD = """
import asyncio, sys
from pathlib import Path
import numpy as np
from opsguide.core.ports import Samples, Target
from opsguide.store.series import SeriesStore

async def main():
    store = SeriesStore(Path(sys.argv[1]))
    target = Target("scrape api", (("instance", "h:1"), ("job", "api")))
    for i in range(100_000):
        keys = ["up", 'hits_total{code="200"}', *(f'x{{n="{j}"}}' for j in range(50 + i // 10 % 3))]
        values = np.array([1.0, 30.0 * i, *[i] * (len(keys) - 2)])
        await store.append(target, 1_700_000_000.0 + 15 * i, Samples(keys, values))
        print(i, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("after", [25, 60, 131])
def test_a_rate_survives_kill_9_with_every_scrape_that_was_acknowledged(tmp_path: Path, after: int) -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        last = next(int(line) for line in child.stdout if int(line) >= after)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")
    last = max([last, *(int(line) for line in rest[:-1] if line)])

    async def run() -> None:
        store = SeriesStore(tmp_path)
        assert await rate(store, last) == [2.0]
        (newest,) = await store.query_many(["timestamp(hits_total)"], START + 15 * (last + 1))
        assert newest.points[0].value >= START + 15 * last
        assert store.lost == ()
        await store.close()

    asyncio.run(run())


@contextmanager
def no_room(size_bytes: int) -> Iterator[None]:
    """No file may grow past this size: the kernel refuses the write as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_costs_the_log_and_nothing_else_and_heals_by_itself(tmp_path: Path) -> None:
    async def run() -> None:
        store = SeriesStore(tmp_path, inline=True)
        with no_room(100):
            await fill(store, 0, 40)
            assert await rate(store, 39) == [2.0]
            assert "samples are kept in memory only" in store.fault
            assert store.dropped_records > 0
        await fill(store, 40, 80)
        assert store.fault == ""
        await store.close()
        again = SeriesStore(tmp_path, inline=True)
        assert await rate(again, 79) == [2.0]
        assert again.counters["bad_bytes"] == 0
        await again.close()

    asyncio.run(run())


def test_a_folder_that_cannot_be_written_leaves_the_store_in_memory(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "file").write_text("in the way")
        store = SeriesStore(tmp_path / "file" / "series")
        await fill(store, 0, 30)
        assert await rate(store, 29) == [2.0]
        assert "samples are kept in memory only" in store.fault
        await store.close()

    asyncio.run(run())


def test_a_fault_of_ours_in_one_query_leaves_the_others_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    from opsguide.engines.promql import functions

    def broken(values: object) -> object:
        raise IndexError("out of step")

    monkeypatch.setitem(functions.ELEMENTWISE, "sinh", broken)

    async def run() -> None:
        store = SeriesStore(None)
        await fill(store, 0, 40)
        good, bad = await store.query_many(["rate(hits_total[5m])", "sinh(up)"], START + 15 * 39)
        assert len(good.points) == 1
        assert bad.error == "a fault of opsguide: IndexError: out of step"

    asyncio.run(run())


def test_a_failed_scrape_makes_everything_but_up_stale(store: SeriesStore) -> None:
    async def run() -> None:
        await fill(store, 0, 10)
        await store.append(T, START + 150, Samples(["up"], np.array([0.0])))
        hits, up = await store.query_many(["hits_total", "up"], START + 151)
        assert hits.points == ()
        assert "is down since" in hits.blind[0].why
        assert [p.value for p in up.points] == [0.0]
        await store.close()

    asyncio.run(run())


def test_rules_go_before_scrapes_and_pages_that_wait(tmp_path: Path) -> None:
    async def run() -> list[str]:
        store = SeriesStore(tmp_path)
        await store.open()
        order: list[str] = []
        held = asyncio.get_running_loop().create_future()

        async def note(name: str, call: object) -> None:
            await call  # type: ignore[misc]
            order.append(name)

        gate = os.pipe()
        assert store._lane is not None
        async with asyncio.TaskGroup() as group:
            from opsguide.store.serieslane import Turn

            group.create_task(note("gate", store._lane.run(Turn.RULE, lambda: os.read(gate[0], 1))))
            await asyncio.sleep(0)
            group.create_task(note("page", store.query_range("up", START, START + 1, 1)))
            group.create_task(note("scrape", store.append(T, START, samples(0))))
            group.create_task(note("rule", store.query_many(["up"], START)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            os.write(gate[1], b"x")
        held.cancel()
        for end in gate:
            os.close(end)
        await store.close()
        return order

    assert asyncio.run(run()) == ["gate", "rule", "scrape", "page"]
