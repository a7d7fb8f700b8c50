from __future__ import annotations

import asyncio
from copy import copy
from typing import TYPE_CHECKING, Any

import pytest
from tests.kernel.house import House, states, toys

from opsguide.core.facts import NoticeSettled, Woken
from opsguide.core.nouns import Evidence
from opsguide.core.ports import Conflict, StoreFault, WorldFault
from opsguide.kernel.inputs import Seen
from opsguide.store.sqlite import SqliteState
from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.core.facts import Event
    from opsguide.core.machine import Stepped
    from opsguide.core.ports import Changes


class Flaky(SqliteState):
    """A store that refuses while `fault` is set."""

    fault: Exception | None = None
    refused = 0

    async def commit(self, changes: Changes) -> int:
        if self.fault is not None:
            self.refused += 1
            raise self.fault
        return await super().commit(changes)


def flaky(house: House) -> Flaky:
    return Flaky(house.folder / "state.db", inline=True)


def test_a_full_disk_stops_pages_and_nothing_is_lost_when_it_is_mended(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy chore due=60")

    async def live() -> None:
        store = flaky(house)
        async with house.app(state=store) as app:
            await asyncio.sleep(6)
            store.fault = StoreFault("disk full")
            house.bad("api")
            ticked = asyncio.ensure_future(app.tick(app.claims()[1].claim.id, "ann", ""))
            await asyncio.sleep(300)
            assert app.health().stuck == ("disk",)
            assert not [s for s in house.sent if s["id"] == "api-1"]
            assert not ticked.done()
            store.fault = None
            await asyncio.sleep(40)
            assert app.health().stuck == ()
            assert await ticked == ""
            assert states(app)["api"] == "broken"
            assert 5 < store.refused < 30

    run(live())
    assert [s["id"] for s in house.sent if s["id"].startswith("api")] == ["api-1"]


def test_a_conflict_loads_the_store_again_and_works_the_same_input(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy chore due=600")

    async def live() -> None:
        store = flaky(house)
        async with house.app(state=store) as app:
            await asyncio.sleep(6)
            store.fault = Conflict("somebody was first")
            ticked = asyncio.ensure_future(app.tick(app.claims()[1].claim.id, "ann", ""))
            for _ in range(3):
                await asyncio.sleep(0)
            store.fault = None
            assert await ticked == ""
            assert states(app) == {"api": "holds", "chore": "holds"}
            assert app._turns.counts["conflicts"] >= 1

    run(live())


def test_conflicts_without_end_are_a_stuck_disk_and_do_not_spin(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        store = flaky(house)
        async with house.app(state=store) as app:
            await asyncio.sleep(6)
            store.fault = Conflict("somebody is always first")
            house.bad("api")
            await asyncio.sleep(600)
            assert app.health().stuck[-1] == "disk"
            assert store.refused < 60
            store.fault = None
            await asyncio.sleep(60)
            assert (app.health().stuck, states(app)) == ((), {"api": "broken"})

    run(live())


@pytest.mark.parametrize("down_s", [5.0, 500.0])
def test_a_for_goes_on_over_a_restart(tmp_path: Path, down_s: float) -> None:
    house = House(tmp_path, "toy api every=10 for=100")
    house.bad("api")
    began: list[float] = []

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(50)
            assert states(app) == {"api": "waiting"}
            began.append(app.claims()[0].since)
        await asyncio.sleep(down_s)
        async with house.app() as app:
            assert states(app) == {"api": "waiting" if down_s < 50 else "broken"}
            await asyncio.sleep(60)
            assert states(app) == {"api": "broken"}
            broke = app.claims()[0].since
            assert broke == pytest.approx(max(began[0] + 100, began[0] + 50 + down_s), abs=6.0)

    run(live())
    assert [s["id"] for s in house.sent] == ["api-1"]


def test_a_machine_is_woken_after_a_restart(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=1000")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await app.run_now([app.claims()[0].claim.id])
            assert states(app) == {"api": "broken"}
        assert house.sent == []  # it was to wait a second
        async with house.app():
            await asyncio.sleep(3)

    run(live())
    assert [s["id"] for s in house.sent] == ["api-1"]


def test_a_slow_reader_of_changes_is_told_to_read_again(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=1")

    async def live() -> None:
        async with house.app() as app:
            changes: Any = app.changes()
            first = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(6)
            assert (await first).kind == "claim"
            await asyncio.sleep(1000)
            assert (await anext(changes)).kind in {"claim", "reload"}
            seen = [(await anext(changes)).kind for _ in range(200)]
            assert "reload" in seen or len(seen) == 200
            await changes.aclose()
            assert not app._watchers

    run(live())


@pytest.mark.parametrize("at", [float("nan"), None])
def test_what_no_table_can_keep_is_dropped_alone(tmp_path: Path, at: float | None) -> None:
    house = House(tmp_path, "toy api every=1000", "toy shop every=1000", "toy deli every=1000")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            now = house.sim.clock.now()
            api, shop, deli = (view.claim.id for view in app.claims())
            subject = "" if at is not None else "\ud800"
            poison = Evidence(api, subject, at or now, ok=False, says="bad")
            given = [
                Evidence(shop, "", now, ok=False, says="bad"),
                poison,
                Evidence(deli, "", now, ok=False, says="bad"),
            ]
            await asyncio.gather(*(app._turns.submit(Seen((seen,))) for seen in given))
            await asyncio.sleep(1)
            assert states(app) == {"api": "unknown", "shop": "broken", "deli": "broken"}
            assert "a fault of opsguide" in app.claims()[0].verdict.because
            await app.run_now([api])
            assert states(app)["api"] == "holds"

    run(live())


class Faulty:
    """The toy's machine, whose steps raise for some events as long as there are planted faults."""

    name = "toy"

    def __init__(self, machine: Any, raises: type, faults: int) -> None:
        self._machine, self._raises, self.faults = machine, raises, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine, name)

    def step(self, config: Any, key: str, state: Any, event: Event, now: float) -> Stepped[Any]:
        if isinstance(event, self._raises) and self.faults:
            self.faults -= 1
            raise RuntimeError("planted in step")
        found: Stepped[Any] = self._machine.step(config, key, state, event, now)
        return found


def _faulty(raises: type, faults: int) -> tuple[Any, Faulty]:
    kind: Any = copy(toys()[0])
    machine = Faulty(kind.machine, raises, faults)
    vars(kind)["machine"] = machine
    return kind, machine


def test_a_machine_whose_waking_raised_is_woken_again(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    kind, machine = _faulty(Woken, 2)

    async def live() -> None:
        async with house.app(kinds=(kind,)) as app:
            await asyncio.sleep(30)
            assert (machine.faults, house.sent) == (1, [])
            await asyncio.sleep(180)
            assert app._turns.counts["faults"] == 2

    run(live())
    assert [s["id"] for s in house.sent] == ["api-1"]


def test_a_notice_that_was_accepted_is_not_sent_again_when_its_machine_raises(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    kind, _ = _faulty(NoticeSettled, 1000)

    async def live() -> None:
        async with house.app(kinds=(kind,)) as app:
            await asyncio.sleep(600)
            assert [notice.state for notice in await app.notices()] == ["accepted"]

    run(live())
    assert [s["id"] for s in house.sent] == ["api-1"]


def test_an_attempt_that_cannot_be_written_is_not_repeated_without_a_pause(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    house.sim.net.on("http://sink/", WorldFault("refused", "no Unicode: \ud800"))

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(600)

    run(live())
    assert 2 < len(house.sent) < 12
