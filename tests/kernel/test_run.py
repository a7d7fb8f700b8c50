from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.kernel.house import House, states

from opsguide.world.sim.loop import run
from opsguide.world.sim.world import reply

if TYPE_CHECKING:
    from pathlib import Path


def test_a_batch_that_still_runs_is_skipped_and_the_first_skip_is_recorded(tmp_path: Path) -> None:
    house = House(tmp_path, "toy slow every=2 timeout=60", "toy api every=2")
    house.sim.net.on("http://toy/slow", reply(200), after_s=8.5)

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(60)
            assert states(app) == {"slow": "holds", "api": "holds"}
            slow = [r for _, r in house.sim.net.requests if r.url.endswith("slow")]
            assert len(slow) == 6
            overruns = [row for row in await app.evidence("", limit=500) if row.says == "overrun"]
            assert 5 <= len(overruns) <= 6
            assert app.health().counters["opsguide_overruns_total"] > 20

    run(live())
    assert len([r for _, r in house.sim.net.requests if r.url.endswith("api")]) == 30


def test_a_run_over_its_limit_is_evidence(tmp_path: Path) -> None:
    house = House(tmp_path, "toy slow every=30 timeout=3")
    house.sim.net.on("http://toy/slow", reply(200), after_s=8.5)

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            assert app.claims()[0].verdict.because == "not done within 3 s"
            assert states(app) == {"slow": "broken"}

    run(live())


def test_a_full_lane_holds_up_no_other(tmp_path: Path) -> None:
    slow = (f"toy slow{n} every=5 timeout=60 lane=command" for n in range(6))
    house = House(tmp_path, *slow, "toy api every=5")
    house.sim.net.on("http://toy/slow", reply(200), after_s=8.9)

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(12)
            assert states(app)["api"] == "holds"
            running = [r for _, r in house.sim.net.requests if "slow" in r.url]
            assert len(running) == 4  # two at once, twice

    run(live())


def test_jobs_of_one_key_run_as_one_batch(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=10 key=k", "toy b every=10 key=k", "toy c every=20 key=k")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            assert app.health().counters['opsguide_evaluations_total{kind="toy"}'] == 3

    run(live())
    at = {r.url: at for at, r in house.sim.net.requests}
    assert at["http://toy/a"] == at["http://toy/b"] != at["http://toy/c"]


def test_run_now_is_judged_when_it_returns(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api cron=0_3_x_x_x")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            assert states(app) == {"api": "unknown"}
            await app.run_now([app.claims()[0].claim.id])
            assert states(app) == {"api": "broken"}

    run(live())


def test_a_clock_that_is_set_back_stops_no_interval(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(100)
            house.sim.clock.base -= 7200.0
            before = len(house.sim.net.requests)
            await asyncio.sleep(300)
            assert len(house.sim.net.requests) - before >= 20

    run(live())
