from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.kernel.house import House, states

from opsguide.core.mend import Unusable
from opsguide.core.ports import StoreFault
from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.kernel.app import App
    from opsguide.kernel.view import Running


def test_what_breaks_pages_once_and_resolves_once(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 for=30")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            assert states(app) == {"api": "holds"}
            house.bad("api")
            await asyncio.sleep(10)
            assert states(app) == {"api": "waiting"}
            await asyncio.sleep(40)
            assert states(app) == {"api": "broken"}
            house.good("api")
            await asyncio.sleep(20)
            assert states(app) == {"api": "holds"}
            assert [flip.after for flip in reversed(await app.flips(""))] == ["holds", "waiting", "broken", "holds"]

    run(live())
    assert [(s["id"], s["status"]) for s in house.sent] == [("api-1", "firing"), ("api-2", "resolved")]


def test_trust_is_for_exactly_one_text_of_one_claim_until_it_ends(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 command=uptime", "toy shop every=10")

    async def live() -> None:
        async with house.app() as app:
            api, shop = (view.claim.id for view in app.claims())
            now = house.sim.clock.now()
            assert await app.trust(shop, "ann", 0) == f"{shop} has no command to trust"
            assert await app.trust(api, "ann", now - 1) == "the consent would have ended already"
            assert not app._trusted(api, "uptime")
            assert await app.trust(api, "ann", now + 100) == ""
            assert app._trusted(api, "uptime")
            assert not app._trusted(api, "uptime -p")
            assert not app._trusted(shop, "uptime")
            assert [row.by for row in await app.evidence(api) if row.says == "trusted"] == ["ann"]
        async with house.app() as app:
            assert app._trusted(api, "uptime")
            await asyncio.sleep(101)
            assert not app._trusted(api, "uptime")

    run(live())


def test_what_is_no_task_is_not_ticked(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy <your-name> due=10")

    async def live() -> None:
        async with house.app() as app:
            api, unbound = (view.claim.id for view in app.claims())
            assert await app.tick("nobody", "ann", "") == "no claim is called nobody"
            assert await app.tick(api, "ann", "") == f"{api} is no task"
            assert await app.tick(unbound, "ann", "") == f"{unbound} lacks a value for <your-name>"

    run(live())


def test_a_house_that_cannot_start_says_why_and_leaves_nothing_open(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        async with house.app():
            with pytest.raises(StoreFault, match="another opsguide has it open"):
                async with house.app():
                    raise AssertionError("two of them live")
        (tmp_path / "guide.md").unlink()
        with pytest.raises(Unusable, match="no such file"):
            async with house.app():
                raise AssertionError("it lives without a guide")

    run(live())


def test_a_fault_of_the_body_leaves_as_it_is(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        async with house.app():
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(live())


def _as_the_web_sees_it(app: App) -> Running:
    return app


def test_history_is_read_by_every_id_a_claim_ever_had(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        async with house.app() as app:
            running = _as_the_web_sees_it(app)
            await asyncio.sleep(10)
            claim = running.claims()[0].claim.id
            assert len(await running.flips(claim)) == len(await running.flips("")) == 1
            assert [row.says for row in await running.evidence(claim)] == ["ok"]
            assert await running.flips("never-was") == []

    run(live())
