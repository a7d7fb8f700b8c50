from __future__ import annotations

import asyncio
import logging
from contextlib import closing
from typing import TYPE_CHECKING

from tests.kernel.house import House

from opsguide.core.ports import StoreFault
from opsguide.kernel.upkeep import yesterday
from opsguide.store.sqlite import SqliteState
from opsguide.world.sim.loop import NEW_YEAR_2026, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DAY_S = 86400.0


class Full(SqliteState):
    """A store whose disk is full when it is to be tidied, once."""

    full = True

    async def seal_day(self, day: str) -> tuple[int, str]:
        if self.full:
            self.full = False
            raise StoreFault("no space left")
        return await super().seal_day(day)


def test_the_day_that_ended_is_the_one_before_today_in_utc() -> None:
    assert yesterday(NEW_YEAR_2026) == "2025-12-31"
    assert yesterday(NEW_YEAR_2026 + DAY_S - 1) == "2025-12-31"


def test_days_are_sealed_and_old_evidence_and_notices_go(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=3600", settings='[notify]\ntrial = "0s"\n[state]\nkeep = "35d"\n')
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(2 * 3600)
            house.good("api")
            await asyncio.sleep(DAY_S)
            assert [notice.state for notice in await app.notices()] == ["accepted", "accepted"]
            first = (await app.evidence(""))[-1]
            assert first.body
            await asyncio.sleep(31 * DAY_S)
            assert await app.notices() == []
            assert (await app.state.evidence(before=first.number + 1))[0].body
            await asyncio.sleep(6 * DAY_S)
            assert (await app.state.evidence(before=first.number + 1))[0].body == b""
            assert (await app.state.verify())[1] == ""

    run(live())
    state = SqliteState(tmp_path / "state.db", inline=True)

    async def sealed() -> list[str]:
        await state.open()
        assert state._held is not None
        with closing(state._held.reading.execute("SELECT day FROM seals ORDER BY day")) as rows:
            found = [str(day) for (day,) in rows]
        await state.close()
        return found

    assert asyncio.run(sealed())[:2] == ["2025-12-31", "2026-01-01"]


def test_a_full_disk_makes_upkeep_wait_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path, "toy api every=60")
    state = Full(tmp_path / "state.db", inline=True)

    async def live() -> None:
        async with house.app(state=state) as app:
            await asyncio.sleep(2 * 3600)
            assert app.health().stuck == ()

    with caplog.at_level(logging.WARNING):
        run(live())
    assert "has to wait: no space left" in caplog.text
    assert not state.full
