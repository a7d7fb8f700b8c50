from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.kernel.house import House, states

from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path


def test_an_edit_goes_live_and_the_others_keep_their_phase(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=7")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            house.write("toy api every=7", "toy shop every=7")
            assert await app.reload()
            assert not await app.reload()
            await asyncio.sleep(30)
            assert states(app) == {"api": "holds", "shop": "holds"}

    run(live())
    times = [at for at, r in house.sim.net.requests if r.url.endswith("api")]
    assert all(abs(b - a - 7) < 1e-3 for a, b in pairwise(times))


def test_the_files_are_watched(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=7")

    async def live() -> None:
        async with house.app(watch_s=1.0) as app:
            house.write("toy shop every=7")
            await asyncio.sleep(3)
            assert list(states(app)) == ["shop"]

    run(live())


def test_a_removed_statement_that_fired_tells_its_receivers_once(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy shop every=10")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            house.write("toy shop every=10")
            assert await app.reload()
            await asyncio.sleep(60)
            assert states(app) == {"shop": "holds"}
            gone = [flip for flip in await app.flips("") if b"statement removed" in flip.body]
            assert [flip.after for flip in gone] == ["holds"]

    run(live())
    assert [(s["status"], s["reason"]) for s in house.sent] == [("firing", ""), ("resolved", "statement removed")]


def test_a_statement_removed_while_stopped_tells_too(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy shop every=10")
    house.bad("api")

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(20)
        house.write("toy shop every=10")
        async with house.app():
            await asyncio.sleep(20)

    run(live())
    assert [s["reason"] for s in house.sent] == ["", "statement removed"]


def test_a_changed_statement_that_is_still_broken_sends_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 for=30")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(60)
            house.write("toy api every=10 for=40")
            assert await app.reload()
            for _ in range(10):
                await asyncio.sleep(10)
                assert states(app) == {"api": "broken"}
            house.good("api")
            await asyncio.sleep(20)

    run(live())
    # The end comes long after the change was decided, so it is a plain one.
    assert [(s["status"], s["reason"]) for s in house.sent] == [("firing", ""), ("resolved", "")]


def test_a_loosened_statement_ends_with_the_change_named(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy part every=10")
    house.bad("api")
    house.parts("part", "left")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            house.write("toy api every=11", "toy part every=11")
            house.good("api")
            house.parts("part", "none")
            assert await app.reload()
            assert states(app) == {"api": "broken", "part": "broken"}
            await asyncio.sleep(20)
            assert states(app) == {"api": "holds", "part": "holds"}

    run(live())
    ends = [s for s in house.sent if s["status"] == "resolved"]
    assert len(ends) == 2
    assert all("statement changed" in s["reason"] and "guide.md:" in s["reason"] for s in ends)


def test_a_changed_label_does_not_leave_the_old_alert_firing(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 severity=critical")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            house.write("toy api every=10 severity=warning")
            assert await app.reload()
            await asyncio.sleep(20)
            assert states(app) == {"api": "broken"}
            house.good("api")
            await asyncio.sleep(20)
            group = app._turns.ledger.instance("toy", "api")
            assert group is not None
            assert group.state.firing == ()

    run(live())


def test_a_changed_statement_that_held_is_unknown_until_it_was_looked_at(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=100")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(10)
            house.write("toy api every=200")
            assert await app.reload()
            assert states(app) == {"api": "unknown"}
            assert app.claims()[0].verdict.because == "not looked at yet"
            await asyncio.sleep(10)
            assert states(app) == {"api": "holds"}

    run(live())
    assert house.sent == []


def test_a_statement_that_lost_its_binding_ends_what_it_raised(tmp_path: Path) -> None:
    bound = '[notify]\ntrial = "0s"\n[bindings]\n"<your-name>" = "api"\n'
    house = House(tmp_path, "toy <your-name> every=10", settings=bound)
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            (tmp_path / "opsguide.toml").write_text('[notify]\ntrial = "0s"\n')
            assert await app.reload()
            await asyncio.sleep(20)
            assert [view.verdict.state for view in app.claims()] == ["unbound"]

    run(live())
    assert "no longer bound: lacks <your-name>" in house.sent[-1]["reason"]


def test_a_moved_statement_keeps_firing_under_its_new_id(tmp_path: Path) -> None:
    settings = '[notify]\ntrial = "0s"\nclaims = ["toy"]\n'
    house = House(tmp_path, "toy api every=10 alarm=broken", settings=settings)
    house.bad("api")
    guide = tmp_path / "guide.md"

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(20)
            assert [view.claim.id for view in app.claims()] == ["toy-api"]
            guide.write_text(guide.read_text().replace("- toy", "<!-- opsguide: id=door -->\n- toy"))
            assert await app.reload()
            assert [view.claim.id for view in app.claims()] == ["door"]
            assert states(app) == {"api": "broken"}
            found = app.claim("toy-api")
            assert found is not None
            assert found.claim.id == "door"
            await asyncio.sleep(20)
            house.good("api")
            await asyncio.sleep(20)
            flips = await app.flips("door")
            assert {(flip.claim, flip.after) for flip in flips} == {("toy-api", "broken"), ("door", "holds")}

    run(live())
    assert [s["status"] for s in house.sent] == ["firing", "resolved"]


def test_two_guides_that_state_the_same_are_kept_apart(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    (tmp_path / "other.md").write_text((tmp_path / "guide.md").read_text())

    async def live() -> None:
        async with house.app(paths=("guide.md", "other.md")) as app:
            await asyncio.sleep(10)
            assert [view.claim.id for view in app.claims()] == ["guide/toy-api", "other/toy-api"]
            assert [view.guide for view in app.claims()] == ["guide", "other"]

    run(live())
    assert len(house.sim.net.requests) == 2


def test_a_broken_edit_keeps_the_old_guide_live_and_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    settings = tmp_path / "opsguide.toml"
    good = settings.read_text()

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(10)
            settings.write_text("[notify\n")
            assert not await app.reload()
            faults = [mend for mends in app.broken_edits.values() for mend in mends]
            assert "not valid TOML" in faults[0].wrong
            (tmp_path / "guide.md").rename(tmp_path / "away.md")
            assert not await app.reload()
            await asyncio.sleep(30)
            assert states(app) == {"api": "holds"}
            (tmp_path / "away.md").rename(tmp_path / "guide.md")
            settings.write_text(good)
            await app.reload()
            assert not app.broken_edits

    run(live())


def test_a_broken_claim_pages_when_the_rule_that_watched_it_is_removed(tmp_path: Path) -> None:
    settings = '[notify]\ntrial = "0s"\nclaims = ["toy"]\n'
    line = "toy api every=10 alarm=broken watched=up"
    house = House(tmp_path, line, "toy rule every=10 watches=up", settings=settings)
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(60)
            assert house.sent == []
            house.write(line)
            assert await app.reload()
            await asyncio.sleep(60)
        async with house.app():
            await asyncio.sleep(60)

    run(live())
    assert [s["id"] for s in house.sent] == ["ClaimBroken-1"]
