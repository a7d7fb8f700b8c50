from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.house import House, states

from opsguide.core.nouns import Calendar
from opsguide.kernel.due import jitter, next_of
from opsguide.world.sim.loop import NEW_YEAR_2026, run

if TYPE_CHECKING:
    from pathlib import Path


@given(st.text(), st.floats(0.01, 1e6))
def test_jitter_lies_inside_the_interval_and_five_seconds(name: str, interval_s: float) -> None:
    assert 0 <= jitter(name, interval_s) <= min(interval_s, 5.0)
    assert jitter(name, interval_s) == jitter(name, interval_s)


def test_calendars_follow_their_time_zone() -> None:
    summer = 1782864000.0  # 2026-07-01T00:00:00Z
    assert next_of(Calendar("0 2 * * *"), summer) == summer + 2 * 3600
    assert next_of(Calendar("0 2 * * *", "Europe/Vienna"), summer) == summer + 24 * 3600


def test_intervals_are_exact_and_do_not_drift(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=7")

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(7000)

    run(live())
    times = [at for at, _ in house.sim.net.requests]
    assert len(times) == 1000
    assert all(abs(at - times[0] - 7 * n) < 1e-3 for n, at in enumerate(times))


def test_a_day_of_twenty_claims_passes_in_seconds(tmp_path: Path) -> None:
    house = House(tmp_path, *(f"toy t{n} every=60 for=300" for n in range(20)))

    async def live() -> None:
        async with house.app() as app:
            for hour in range(24):
                (house.bad if hour % 2 else house.good)("t3")
                await asyncio.sleep(3600)
            assert states(app)["t3"] == "broken"

    run(live())
    assert len(house.sim.net.requests) >= 20 * 1440
    assert [s["status"] for s in house.sent] == ["firing", "resolved"] * 11 + ["firing"]


def test_a_month_of_calendar_claims_passes_in_seconds(tmp_path: Path) -> None:
    house = House(tmp_path, *(f"toy t{n} cron=0_{n}_x_x_x" for n in range(20)))

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(30 * 86400 + 1)

    run(live())
    assert len(house.sim.net.requests) == 20 * 30
    assert {int(at - NEW_YEAR_2026) % 3600 for at, _ in house.sim.net.requests} == {0}


def test_a_calendar_time_missed_while_stopped_is_run_once_and_late(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api cron=0_3_x_x_x")

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(86400)
        assert len(house.sim.net.requests) == 1
        await asyncio.sleep(3 * 86400)
        async with house.app():
            await asyncio.sleep(60)
            assert len(house.sim.net.requests) == 2
            await asyncio.sleep(86400)
        assert len(house.sim.net.requests) == 3
        async with house.app():
            await asyncio.sleep(60)
        assert len(house.sim.net.requests) == 3

    run(live())
