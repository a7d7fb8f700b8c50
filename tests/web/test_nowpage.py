from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
from tests.web.fakes import NOW, page, stage

from opsguide.core.ports import Changes, DeliveryRow, NoticeRow, RecordRow
from opsguide.kernel.codec import Held, HeldAlert, Raised

if TYPE_CHECKING:
    from tests.web.fakes import Stage


def notice(identity: str, status: str = "firing", claims: tuple[str, ...] = ("alert-shop-slow",)) -> NoticeRow:
    body = {"status": status, "reason": "first notification", "group_labels": [["alertname", "Slow"]], "claims": claims}
    secret = {"settings": {"url": "http://hook/very-secret"}}
    return NoticeRow(identity, NOW - 90, "team", "email", "routing", "{}:{}", json.dumps(body | secret).encode())


def now(changes: Changes) -> str:
    async def scene() -> str:
        on = await stage()
        await on.running.state.commit(changes)
        return (await on.call.get("/now")).text

    return asyncio.run(scene())


def test_what_is_broken_fires_and_is_not_known_stands_there_with_denominators() -> None:
    said = page("/now")
    for words in (
        "2 of 6 statements",
        "1 firing and 0 pending, of 2 rules",
        "Slow</a> <small>instance=a:1",
        "lacks [disk]",
    ):
        assert words in said
    assert said.index("Response time</a>") < said.index("Nothing waits.") < said.index("up was never seen")
    assert "Nobody has been told anything yet." in said


def test_who_was_told_when_and_what_they_answered() -> None:
    told = DeliveryRow("n1", "accepted", 2, NOW, "250 queued", NOW - 60)
    said = now(Changes(notices=(notice("n1"), notice("n2", "resolved")), deliveries=(told,)))
    assert "1 of the newest 2 notices arrived" in said
    assert "team 60 s ago" in said
    for words in ("250 queued", "2 attempts", "alertname=Slow", "first notification", "not tried yet"):
        assert words in said
    assert "very-secret" not in said


def test_what_the_trial_holds_back_is_counted() -> None:
    raised = Raised("routing", (), (), NOW, "threshold-shop-cpu-usage", inferred=True, source="")
    body = msgspec.json.encode(Held((HeldAlert(raised, firing=True),), NOW + 7200))
    said = now(Changes(records=(RecordRow("trial", "threshold-shop-cpu-usage", body),)))
    assert "Held back by the trial <small>1 statement<" in said
    assert ">2 h</td>" in said


def test_calm_is_said_in_words() -> None:
    def calm(on: Stage) -> None:
        on.running.views = on.running.views[:1]

    said = page("/now", prepare=calm)
    for words in ("Nothing is broken.", "No alert fires and none is pending.", "Every statement is known."):
        assert words in said


def test_the_strip_over_the_guide_says_who_was_told_of_what_goes_on() -> None:
    async def scene() -> str:
        on = await stage()
        claim = ("threshold-shop-response-time",)
        delivered = DeliveryRow("n1", "accepted", 1, NOW, "250", NOW - 90)
        await on.running.state.commit(Changes(notices=(notice("n1", claims=claim),), deliveries=(delivered,)))
        return (await on.call.get("/")).text

    assert "<span>team told 90 s ago</span>" in asyncio.run(scene())
