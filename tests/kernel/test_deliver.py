from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.house import House, states

from opsguide.core.ports import WorldFault
from opsguide.kernel.deliver import backoff_s
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import reply

if TYPE_CHECKING:
    from pathlib import Path


@given(st.text(), st.integers(1, 5000))
def test_backoff_doubles_to_five_minutes_with_a_jitter_of_a_fifth(notice: str, attempts: int) -> None:
    wanted = min(2 ** (attempts - 1), 300)
    assert 0.8 * wanted <= backoff_s(notice, attempts) <= 1.2 * wanted


def test_a_receiver_that_is_down_gets_the_same_id_until_it_is_up(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    house.sim.net.on("http://sink/", WorldFault("refused", "nobody listens"))

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(900)
            assert app.health().stuck == ("outbox",)
            notice = (await app.notices())[0]
            assert (notice.state, notice.reply) == ("pending", "refused: nobody listens")
            assert 9 <= notice.attempts <= 13
            house.sim.net.on("http://sink/", reply(200))
            await asyncio.sleep(400)
            assert app.health().stuck == ()
            assert (await app.notices())[0].state == "accepted"

    run(live())
    assert {s["id"] for s in house.sent} == {"api-1"}


def test_what_nobody_takes_for_a_day_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=600")
    house.bad("api")
    house.sim.net.on("http://sink/", reply(503))

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(86400 + 600)
            notice = (await app.notices())[0]
            assert (notice.state, notice.reply) == ("refused", "given up after 24 h: status 503")
            assert app._turns.ledger.instance("toy", "api").state.settled == 0  # type: ignore[union-attr]

    run(live())
    assert 290 < len(house.sent) < 400


def test_a_permanent_refusal_stops_at_once_and_the_machine_hears(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    house.sim.net.on("http://sink/", reply(404))

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(600)
            assert [(n.state, n.attempts) for n in await app.notices()] == [("refused", 1)]

    run(live())
    assert len(house.sent) == 1


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    house.sim.net.on("http://sink/", reply(429, headers=(("retry-after", "120"),)))

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(200)

    run(live())
    posts = [at for at, r in house.sim.net.requests if r.method == "POST"]
    assert len(posts) == 2
    assert posts[1] - posts[0] >= 120


def test_the_reply_is_evidence_of_the_claim_that_wants_it(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", "toy team alarm=none")
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            assert states(app)["team"] == "unknown"
            await asyncio.sleep(10)
            assert states(app)["team"] == "holds"
            team = next(v for v in app.claims() if v.claim.subject == "team")
            rows = await app.evidence(team.claim.id)
            assert [(row.topic, row.says) for row in rows] == [("delivery.done", "accepted")]
            group = app._turns.ledger.instance("toy", "api")
            assert group is not None
            assert group.state.settled == 1

    run(live())


def test_a_hanging_endpoint_blocks_only_itself(tmp_path: Path) -> None:
    house = House(tmp_path, *(f"toy t{n} every=10" for n in range(4)))
    for number in range(4):
        house.bad(f"t{number}")
    house.sim.net.on("http://sink/team/t0", reply(200), after_s=60.0)

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(120)
            settled = {notice.key: notice for notice in await app.notices()}
            assert {key: notice.state for key, notice in settled.items()} == {
                "t0": "pending",
                "t1": "accepted",
                "t2": "accepted",
                "t3": "accepted",
            }
            assert settled["t0"].reply.startswith("timeout")
            assert all(n.settled_at is not None and n.settled_at - n.at < 1 for k, n in settled.items() if k != "t0")

    run(live())


def test_one_endpoint_gets_one_notice_at_a_time_and_in_order(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=2")
    house.sim.net.on("http://sink/", reply(200), after_s=7.0)

    async def live() -> None:
        async with house.app():
            for number in range(6):
                (house.good if number % 2 else house.bad)("api")
                await asyncio.sleep(4)
            await asyncio.sleep(60)

    run(live())
    posts = [at for at, r in house.sim.net.requests if r.method == "POST"]
    assert [s["id"] for s in house.sent] == [f"api-{n}" for n in range(1, 7)]
    assert all(b - a >= 7 for a, b in pairwise(posts))


def test_secrets_are_filled_at_the_last_moment_and_never_in_an_alerts_own_text(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", settings='[notify]\ntrial = "0s"\nreceiver = "${HOOK}"\n')
    house.sim.secrets.values["HOOK"] = "s3cr3t-path"
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(10)
            notice = (await app.notices())[0]
            assert b"s3cr3t" not in notice.body
            assert all(b"s3cr3t" not in row.body for row in await app.evidence(""))

    run(live())
    posted = [r for _, r in house.sim.net.requests if r.method == "POST"]
    assert [r.url for r in posted] == ["http://sink/s3cr3t-path/api"]


def test_a_secret_without_a_value_is_said_and_tried_again(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10", settings='[notify]\ntrial = "0s"\nreceiver = "${HOOK}"\n')
    house.bad("api")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(10)
            notice = (await app.notices())[0]
            assert notice.state == "pending"
            assert "secret HOOK has no value" in notice.reply
            house.sim.secrets.values["HOOK"] = "team"
            await asyncio.sleep(30)
            assert (await app.notices())[0].state == "accepted"

    run(live())


def test_a_notice_whose_delivery_row_was_lost_is_sent_again_under_its_id(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    house.sim.net.on("http://sink/", reply(200), after_s=5.0)

    async def live() -> None:
        async with house.app() as app:
            await app.run_now([app.claims()[0].claim.id])
            await asyncio.sleep(3)
        assert len(house.sent) == 1  # on its way when the house was left
        house.sim.net.on("http://sink/", reply(200))
        async with house.app() as app:
            await asyncio.sleep(8)
            assert [n.state for n in await app.notices()] == ["accepted"]

    run(live())
    assert [s["id"] for s in house.sent] == ["api-1", "api-1"]


def test_an_integration_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")

    async def live() -> None:
        async with house.app(receivers={}) as app:
            await asyncio.sleep(10)
            assert [(n.state, n.reply) for n in await app.notices()] == [("refused", "opsguide has no receiver toy")]

    run(live())


def test_a_notice_that_was_not_sent_for_a_day_is_refused_unsent(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")
    house.bad("api")
    house.sim.net.on("http://sink/", reply(503))

    async def live() -> None:
        async with house.app():
            await asyncio.sleep(30)
        sent = len(house.sent)
        await asyncio.sleep(2 * 86400)
        house.sim.net.on("http://sink/", reply(200))
        async with house.app() as app:
            await asyncio.sleep(5)
            (notice,) = await app.notices()
            assert (notice.state, notice.reply) == ("refused", "given up after 24 h: status 503")
        assert len(house.sent) == sent

    run(live())
