from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.kernel.house import House

from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.kernel.app import App

DAY = '[notify]\ntrial = "24h"\nclaims = ["toy"]\n'


def _digest(app: App) -> str:
    held = [held for key, held in app._turns.ledger.bucket("trial").items() if key.startswith("digest")]
    return "\n".join(dict(h.alert.annotations)["description"] for one in held for h in one.alerts)


def test_inferred_alerts_reach_people_as_one_digest_and_what_still_fires_then_pages(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=60 inferred=1", "toy b every=60 inferred=1", "toy c every=60", settings=DAY)

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(600)
            for name in "abc":
                house.bad(name)
            await asyncio.sleep(600)
            assert [s["id"] for s in house.sent] == ["c-1"]  # a rule written as a rule pages at once
            house.good("a")
            await asyncio.sleep(600)
            house.bad("a")
            await asyncio.sleep(600)
            house.good("a")
            await asyncio.sleep(86400 - 2400 - 10)
            assert [s["id"] for s in house.sent] == ["c-1"]
            await asyncio.sleep(60)
            assert "a: " in _digest(app)
            assert "(over, 2 times)" in _digest(app)
            assert "(still firing)" in _digest(app)
            await asyncio.sleep(7200)

    run(live())
    assert sorted(s["id"] for s in house.sent) == ["TrialDigest-1", "TrialDigest-2", "b-1", "c-1"]


def test_the_trial_goes_on_over_a_restart_and_is_over_only_once(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=60 inferred=1", settings=DAY)
    house.bad("a")

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(40_000)
        assert house.sent == []
        async with house.app():
            await asyncio.sleep(40_000)
        assert house.sent == []
        await asyncio.sleep(40_000)
        async with house.app():
            await asyncio.sleep(100)
        async with house.app():
            await asyncio.sleep(10_000)

    run(live())
    assert sorted(s["id"] for s in house.sent) == ["TrialDigest-1", "TrialDigest-2", "a-1"]


def test_nothing_held_is_no_digest(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=600 inferred=1", settings=DAY)

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(100_000)
            house.bad("a")
            await asyncio.sleep(1000)

    run(live())
    assert [s["id"] for s in house.sent] == ["a-1"]


def test_a_new_reading_has_a_trial_of_its_own(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=600 inferred=1", settings=DAY)

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(100_000)
            house.write("toy a every=300 inferred=1")
            assert await app.reload()
            house.bad("a")
            await asyncio.sleep(80_000)
            assert house.sent == []
            await asyncio.sleep(10_000)

    run(live())
    assert "a-1" in {s["id"] for s in house.sent}


def test_a_shorter_trial_ends_what_is_held(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=600 inferred=1", settings=DAY)
    house.bad("a")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(7200)
            (tmp_path / "opsguide.toml").write_text('[notify]\ntrial = "1h"\n')
            assert await app.reload()
            await asyncio.sleep(10)

    run(live())
    assert sorted(s["id"] for s in house.sent) == ["TrialDigest-1", "a-1"]


def test_what_ends_after_its_statement_was_renamed_in_the_trial_does_not_page_when_that_is_over(tmp_path: Path) -> None:
    house = House(tmp_path, "toy a every=60 inferred=1", settings=DAY)
    house.bad("a")
    guide = tmp_path / "guide.md"

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(600)
            guide.write_text(guide.read_text().replace("- toy", "<!-- opsguide: id=door -->\n- toy"))
            assert await app.reload()
            house.good("a")
            await asyncio.sleep(86400)

    run(live())
    assert {s["id"] for s in house.sent} == {"TrialDigest-1"}
