from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.kernel.house import House
from tests.kernel.test_turns import flaky

from opsguide.core.ports import StoreFault, WorldFault
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import reply

if TYPE_CHECKING:
    from pathlib import Path

WATCHED = '[notify]\ntrial = "0s"\n[watch]\nurl = "http://outside/${PING}"\n'


def _beats(house: House) -> int:
    return sum(r.url == "http://outside/p1ng" for _, r in house.sim.net.requests)


def test_the_heartbeat_goes_out_each_minute_and_stops_while_the_disk_is_stuck(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", settings=WATCHED)
    house.sim.secrets.values["PING"] = "p1ng"
    house.sim.net.on("http://outside/", reply(200))

    async def live() -> None:
        store = flaky(house)
        async with house.app(state=store) as app:
            await asyncio.sleep(605)
            assert _beats(house) == 10
            store.fault = StoreFault("disk full")
            house.bad("api")
            await asyncio.sleep(600)
            assert _beats(house) == 10
            store.fault = None
            await asyncio.sleep(120)
            assert 11 <= _beats(house) <= 12
            house.sim.net.on("http://outside/", WorldFault("refused", "nobody listens"))
            await asyncio.sleep(120)
            assert app.health().counters["opsguide_heartbeats_missed_total"] == 2

    run(live())


def test_systemd_hears_ready_the_watchdog_and_the_stop(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    told: list[str] = []

    def notify(message: str) -> bool:
        told.append(message)
        return True

    async def live() -> None:
        async with house.app(notify=notify, watchdog_s=5.0):
            await asyncio.sleep(52)

    run(live())
    assert sorted(set(told)) == ["READY=1", "STOPPING=1", "WATCHDOG=1"]
    assert told.count("WATCHDOG=1") == 11


def test_counters_say_what_was_done(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy shop every=10", "toy <your-name> every=10")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(100)
            counters = app.health().counters
            assert counters['opsguide_claims{state="broken"}'] == 1
            assert counters['opsguide_claims{state="unbound"}'] == 1
            assert counters['opsguide_evaluations_total{kind="toy"}'] == 20
            assert counters['opsguide_deliveries_total{outcome="accepted"}'] == 1
            assert counters["opsguide_outbox_pending"] == 0

    run(live())
