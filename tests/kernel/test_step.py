from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.kernel.house import House, states

from opsguide.core.nouns import Evidence
from opsguide.kernel.inputs import Seen
from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.kernel.app import App


def test_each_part_is_a_subject_and_what_is_off_the_roll_ends(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 for=30")

    async def live() -> None:
        async with house.app() as app:
            house.parts("api", "left right")
            await asyncio.sleep(50)
            view = app.claims()[0]
            assert [(k.subject, k.verdict.state) for k in view.subjects] == [
                ("left", "broken"),
                ("right", "broken"),
                ("", "holds"),
            ]
            assert dict(view.subjects[0].labels) == {"part": "left"}
            house.parts("api", "right")
            await asyncio.sleep(10)
            assert [k.subject for k in app.claims()[0].subjects] == ["right", ""]
            house.parts("api", "none")
            await asyncio.sleep(10)
            assert [k.subject for k in app.claims()[0].subjects] == [""]

    run(live())
    assert [s["status"] for s in house.sent] == ["firing", "firing", "resolved"]


def test_a_part_that_comes_back_uses_no_number_twice(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        async with house.app() as app:
            for words in ("left", "none", "left", "none", "left"):
                house.parts("api", words)
                await asyncio.sleep(10)
            flips = [f for f in await app.flips("") if f.subject == "left"]
            numbers = [flip.sequence for flip in flips]
            assert len(numbers) == len(set(numbers)) == 5

    run(live())


def test_a_part_that_goes_and_comes_in_one_turn_is_no_conflict(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=1000")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            claim = app.claims()[0].claim.id
            now = house.sim.clock.now()
            bad = Evidence(claim, "left", now, ok=False, says="bad", labels=(("part", "left"),))
            whole = Evidence(claim, "", now, ok=True, says="ok", roll=())
            await app._turns.submit(Seen((bad,)))
            await app._turns.submit(Seen((whole, bad, whole, bad)))
            assert next((k.subject, k.verdict.state) for k in app.claims()[0].subjects) == ("left", "broken")
            assert app._turns.counts["conflicts"] == 0

    run(live())


def test_a_part_that_could_not_be_seen_does_not_end_by_the_roll(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=1000")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            claim = app.claims()[0].claim.id
            now = house.sim.clock.now()
            parts = ("left", "right")
            bad = [Evidence(claim, p, now, ok=False, says="bad", labels=(("part", p),)) for p in parts]
            whole = Evidence(claim, "", now, ok=True, says="ok", roll=(), spared=((("part", "left"),),))
            await app._turns.submit(Seen((*bad, whole)))
            assert [k.subject for k in app.claims()[0].subjects] == ["left", ""]

    run(live())


def test_evidence_is_heard_by_whoever_wants_its_topic(tmp_path: Path) -> None:
    house = House(tmp_path, "toy ear wants=beat", "toy heart every=10 serves=beat", "toy deaf wants=other")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            assert states(app) == {"heart": "holds", "ear": "holds", "deaf": "unknown"}
            house.bad("heart")
            await asyncio.sleep(10)
            assert states(app) == {"heart": "broken", "ear": "broken", "deaf": "unknown"}

    run(live())


def test_time_alone_breaks_a_claim(tmp_path: Path) -> None:
    house = House(tmp_path, "toy chore due=3600")

    async def live() -> None:
        async with house.app() as app:
            assert states(app) == {"chore": "broken"}
            assert await app.tick(app.claims()[0].claim.id, "ann", "looked at it") == ""
            assert states(app) == {"chore": "holds"}
            await asyncio.sleep(3599)
            assert states(app) == {"chore": "holds"}
            await asyncio.sleep(2)
            assert states(app) == {"chore": "broken"}
            act = (await app.evidence(""))[0]
            assert (act.by, act.topic) == ("ann", "task.ticked")

    run(live())


def test_rows_are_written_when_something_changes_and_not_on_every_look(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=1", "toy shop every=1")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(600)
            rows = await app.evidence("", limit=1000)
            assert [row.says for row in rows] == ["ok", "ok"]
            assert app.claims()[0].at > house.sim.clock.now() - 2
            commits = app._turns.counts["commits"]
            await asyncio.sleep(3600)
            digests = [row for row in await app.evidence("", limit=1000) if row.topic == "digest"]
            assert len(digests) == 2
            body = msgspec.json.decode(digests[0].body)
            assert 3500 <= dict(body["values"])["evidence_count"] <= 3700
            assert app._turns.counts["commits"] <= commits + 2

    run(live())


def test_a_flip_keeps_what_it_was_judged_on(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 for=30")

    async def live() -> None:
        async with house.app() as app:
            house.bad("api", 503)
            await asyncio.sleep(40)
            flips = list(reversed(await app.flips("")))
            bodies = [msgspec.json.decode(flip.body) for flip in flips]
            assert [flip.after for flip in flips] == ["waiting", "broken"]
            assert bodies[0]["evidence"]["says"] == "status 503"
            assert bodies[1]["evidence"] is None or bodies[1]["evidence"]["says"] == "status 503"
            assert bodies[1]["memory"]["bad_since"] == flips[0].at
            assert bodies[0]["guide_hash"] == app.guides[0].text_hash

    run(live())


@pytest.mark.parametrize("fails", ["run", "judge", "react", "plan"])
def test_our_own_fault_makes_its_claim_unknown_and_stops_nothing_else(tmp_path: Path, fails: str) -> None:
    house = House(tmp_path, f"toy api every=10 fails={fails}", "toy shop every=10")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(30)
            assert states(app) == {"api": "unknown", "shop": "holds"}
            assert f"planted in {fails}" in app.claims()[0].verdict.because

    run(live())


@pytest.mark.parametrize("says", ["poison", "greedy"])
def test_evidence_that_cannot_be_judged_is_dropped_alone(tmp_path: Path, says: str) -> None:
    house = House(tmp_path, "toy api every=1000 key=k", "toy shop every=1000 key=k")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(6)
            now = house.sim.clock.now()
            api, shop = (view.claim.id for view in app.claims())
            poison = Evidence(api, "", now, ok=True, says=says)
            bad = Evidence(shop, "", now, ok=False, says="bad")
            await app._turns.submit(Seen((poison, bad)))
            assert states(app) == {"api": "unknown", "shop": "broken"}
            assert "a fault of opsguide" in app.claims()[0].verdict.because
            await app._turns.submit(Seen((Evidence(api, "", now + 1, ok=True, says="ok"),)))
            assert states(app)["api"] == "holds"

    run(live())


def test_a_claim_that_lacks_a_value_is_unbound_and_never_run(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy <your-name> every=10")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(30)
            found = {view.verdict.state.value: view.verdict.because for view in app.claims()}
            assert found["unbound"] == "lacks a value for <your-name>"

    run(live())
    assert {r.url for _, r in house.sim.net.requests} == {"http://toy/api"}


def test_claim_broken_carries_the_service_and_only_pages_for_the_kinds_of_notify(tmp_path: Path) -> None:
    settings = '[notify]\ntrial = "0s"\nclaims = ["{}"]\n'
    for kind, pages in (("toy", 1), ("probe", 0)):
        folder = tmp_path / kind
        folder.mkdir()
        house = House(folder, "toy api every=10 alarm=broken", settings=settings.format(kind))
        house.bad("api")

        async def live(house: House = house) -> App:
            async with house.app() as app:
                await asyncio.sleep(30)
                return app

        app = run(live())
        assert len(house.sent) == pages
        firing = [i.state.told for (_, _), i in app._turns.ledger._instances.items()]
        assert all("service=guide" in told[0] for told in firing)


def test_claim_broken_is_dropped_where_a_live_claim_watches(tmp_path: Path) -> None:
    settings = '[notify]\ntrial = "0s"\nclaims = ["toy"]\n'
    lines = "toy api every=10 alarm=broken watched=up", "toy rule every=10 watches=up"
    house = House(tmp_path, *lines, settings=settings)
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(30)
            assert states(app) == {"api": "broken", "rule": "holds"}

    run(live())
    assert not house.sent
