"""The kernel's outbox against servers that play Slack and PagerDuty, over real sockets and in virtual time."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from tests.tell.house import Demo, Vendor, receiver_state, vendor

from opsguide.core.nouns import Notice
from opsguide.core.settings import EmailSettings
from opsguide.tell.pagerduty import RECEIVER, V1_PATH
from opsguide.world.net import RealNet
from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tell.house import Answer

    from opsguide.core.ports import HttpReply

pytestmark = pytest.mark.server

OK: Answer = (200, {}, "ok")
TAKEN: Answer = (202, {}, json.dumps({"status": "success", "message": "Event processed", "dedup_key": "k"}))
OLD = json.dumps({"status": "success", "message": "Event processed", "incident_key": "k"})
ENQUEUE, HOOK = "/v2/enqueue", "/canary-path"
GROUP = sha256(b'{}:{alertname="DemoDegraded"}').hexdigest()


def receiver(playing: Vendor, key: str = "routing_key: ${PAGERDUTY_KEY}") -> str:
    return f"""slack_configs:
  - api_url: http://127.0.0.1:{playing.port}/${{SLACK_PATH}}
    channel: '#alerts'
    send_resolved: true
pagerduty_configs:
  - {key}
    url: http://127.0.0.1:{playing.port}/v2/enqueue
    severity: 'critical'
"""


def demo(folder: Path, playing: Vendor, key: str = "routing_key: ${PAGERDUTY_KEY}") -> Demo:
    return Demo(folder, receiver(playing, key), PAGERDUTY_KEY="canary-key", SLACK_PATH="canary-path")


def test_an_alert_is_told_once_by_each_way_and_ends_once(tmp_path: Path) -> None:
    with vendor({ENQUEUE: [TAKEN], HOOK: [OK]}) as playing:
        house = demo(tmp_path, playing)

        async def live() -> None:
            async with house.app() as app:
                await asyncio.sleep(30)
                assert receiver_state(app) == ("holds", "complete, and nothing undelivered")
                house.works(0)
                await asyncio.sleep(120)
                house.works(1)
                await asyncio.sleep(180)
                assert receiver_state(app)[0] == "holds"
                notices = await app.notices()
                assert [n.state for n in notices] == ["accepted"] * 4
                assert {n.reply for n in notices} == {"200 ok", "202 Event processed k"}
                assert not any(b"canary" in n.body for n in notices)

        run(live())
        events = [each.body for each in playing.at(ENQUEUE)]
        assert [(e["event_action"], e["routing_key"], e["dedup_key"]) for e in events] == [
            ("trigger", "canary-key", GROUP),
            ("resolve", "canary-key", GROUP),
        ]
        assert events[0]["payload"]["severity"] == "critical"
        assert events[0]["links"][0]["href"].startswith("http://guide:8400/g/guide/#alert-")
        said = [each.body for each in playing.at(HOOK)]
        assert [each["attachments"][0]["color"] for each in said] == ["danger", "good"]
        assert said[0]["channel"] == "#alerts"
        assert said[0]["text"].startswith("[FIRING:1] DemoDegraded")
        assert len({each.id for each in playing.posted}) == 4


def test_the_service_key_of_a_guide_reaches_the_older_api(tmp_path: Path) -> None:
    with vendor({V1_PATH: [(200, {}, OLD)], HOOK: [OK]}) as old:
        house = demo(tmp_path, old, "service_key: '${PAGERDUTY_KEY}'")

        async def live() -> None:
            async with house.app() as app:
                house.works(0)
                await asyncio.sleep(90)
                (claim,) = [view.claim for view in app.claims() if view.claim.subject == "receiver oncall"]
                assert "Events API v1" in claim.understood
                assert receiver_state(app)[0] == "holds"

        run(live())
        (event,) = [each.body for each in old.at(V1_PATH)]
        assert (event["service_key"], event["event_type"], event["incident_key"]) == ("canary-key", "trigger", GROUP)
        assert event["details"]["severity"] == "critical"


def test_what_is_too_much_or_fails_is_tried_again_under_its_id_and_holds_up_nobody(tmp_path: Path) -> None:
    busy: Answer = (429, {"Retry-After": "120"}, "")
    with vendor({ENQUEUE: [busy, (500, {}, ""), TAKEN], HOOK: [OK]}) as playing:
        house = demo(tmp_path, playing)

        async def live() -> None:
            async with house.app() as app:
                house.works(0)
                await asyncio.sleep(100)
                assert [len(playing.at(path)) for path in (HOOK, ENQUEUE)] == [1, 1]
                assert receiver_state(app) == ("waiting", "pagerduty retried: 429")
                await asyncio.sleep(60)
                assert len(playing.at(ENQUEUE)) == 1, "not before Retry-After"
                await asyncio.sleep(60)
                assert receiver_state(app)[0] == "holds"

        run(live())
        assert len({each.id for each in playing.at(ENQUEUE)}) == 1
        assert [each.body for each in playing.at(ENQUEUE)] == [playing.at(ENQUEUE)[0].body] * 3


def test_a_refusal_is_not_repeated_and_says_what_a_person_does(tmp_path: Path) -> None:
    with vendor({ENQUEUE: [TAKEN], HOOK: [(403, {}, "invalid_token")]}) as playing:
        house = demo(tmp_path, playing)

        async def live() -> None:
            async with house.app() as app:
                house.works(0)
                await asyncio.sleep(70)
                refused = [n for n in await app.notices() if n.integration == "slack"]
                assert [(n.state, n.attempts) for n in refused] == [("refused", 1)]
                assert refused[0].reply.startswith("403 invalid_token: the webhook was revoked")

        run(live())
        assert len(playing.at(ENQUEUE)) == 1


def test_a_key_of_the_wrong_api_is_named(tmp_path: Path) -> None:
    wrong = '{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}'
    with vendor({ENQUEUE: [(400, {}, wrong)], HOOK: [OK]}) as playing:
        house = demo(tmp_path, playing)

        async def live() -> None:
            async with house.app() as app:
                house.works(0)
                await asyncio.sleep(70)
                (refused,) = [n for n in await app.notices() if n.integration == "pagerduty"]
                assert refused.state == "refused"
                assert "Invalid routing key; routing_key takes the key of an Events API v2" in refused.reply

        run(live())


def test_an_acknowledgement_is_accepted_like_any_event() -> None:
    with vendor({ENQUEUE: [TAKEN]}) as playing:
        settings = {"routing_key": "k2", "url": f"http://127.0.0.1:{playing.port}/v2/enqueue"}
        notice = Notice("n1", "r", "pagerduty", settings, "acknowledged", "{}:{}", (), (), (), ())

        async def tell() -> HttpReply:
            net = RealNet()
            request = RECEIVER.request(notice, EmailSettings())
            answer = await net.http(request)  # type: ignore[arg-type]
            await net.close()
            return answer

        assert RECEIVER.verdict(asyncio.run(tell())).accepted
        assert playing.posted[0].body == {
            "routing_key": "k2",
            "event_action": "acknowledge",
            "dedup_key": sha256(b"{}:{}").hexdigest(),
        }
