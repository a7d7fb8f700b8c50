from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.kernel.house import House, states

from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path


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
