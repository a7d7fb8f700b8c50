from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.web.fakes import stage

from opsguide.engines.exposition import parse
from opsguide.kernel.view import Health

if TYPE_CHECKING:
    from tests.web.fakes import Reply


def asked(path: str, health: Health | None = None) -> Reply:
    async def scene() -> Reply:
        on = await stage()
        on.running.shown_health = health or on.running.shown_health
        return await on.call.get(path)

    return asyncio.run(scene())


def test_it_is_healthy_while_nothing_is_stuck() -> None:
    assert (asked("/-/healthy").status, asked("/-/ready").status) == (200, 200)


def test_what_is_stuck_is_named() -> None:
    reply = asked("/-/healthy", Health(ready=True, stuck=("outbox", "disk"), counters={}))
    assert (reply.status, reply.json()["detail"]) == (503, "stuck: outbox, disk")


def test_it_is_not_ready_before_the_guides_are_live() -> None:
    assert asked("/-/ready", Health(ready=False, stuck=(), counters={})).status == 503


def test_metrics_are_an_exposition_that_we_can_read_ourselves() -> None:
    reply = asked("/metrics")
    said = parse(reply.body)
    values = dict(zip(said.keys, said.values.tolist(), strict=True))
    assert said.faults == ()
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert values["opsguide_steps_total"] == 3
    assert values['opsguide_claims{guide="guide",kind="threshold",state="holds"}'] == 1
    assert said.kinds["opsguide_steps_total"] == "counter"
