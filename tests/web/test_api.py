from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.web.fakes import NOW, claim_at, seen, stage

from opsguide.core.block import Place
from opsguide.core.mend import Mend
from opsguide.core.nouns import State, Verdict
from opsguide.core.ports import Changes, NoticeRow, StoreFault

if TYPE_CHECKING:
    import pytest
    from tests.web.fakes import Reply, Stage

TASK = "/api/claims/task-shop-read-the-log"


def got(path: str, prepare: Any = None) -> Any:
    async def scene() -> Reply:
        on = await stage()
        if prepare is not None:
            await prepare(on)
        return await on.call.get(path)

    reply = asyncio.run(scene())
    assert reply.status == 200, reply
    assert reply.headers["content-type"] == "application/json"
    return reply.json()


def test_claims_are_those_of_the_guide_in_its_order() -> None:
    said = got("/api/claims")["claims"]
    assert [claim["line"] for claim in said] == [5, 6, 11, 13, 19, 23]
    assert said[0] == {
        "id": "threshold-shop-cpu-usage",
        "guide": "guide",
        "kind": "threshold",
        "line": 5,
        "title": "CPU usage",
        "verdict": {
            "state": "holds",
            "since": "2027-01-15T07:50:00Z",
            "because": "41 % is below 70 %",
            "value": "41 %",
            "limit": "< 70 %",
        },
    }


def test_with_spec_a_claim_says_all_that_check_says() -> None:
    said = next(claim for claim in got("/api/claims?spec=1")["claims"] if claim["kind"] == "alert")
    assert said["spec"] == {"name": "Slow", "expr": "latency > 2", "for_s": 300, "severity": "warning"}
    assert (said["file"], said["end_line"], said["places"], said["status"], said["needs"]) == (
        "guide.md",
        11,
        [],
        "active",
        [],
    )
    assert said["understood"] == "Slow is watched"


def test_one_claim_says_its_subjects() -> None:
    said = got("/api/claims/alert-shop-slow")
    (subject,) = said["subjects"]
    assert (subject["subject"], subject["labels"], subject["values"]) == ("a:1", {"instance": "a:1"}, {"value": 2.31})
    assert said["at"] == "2027-01-15T07:59:56Z"


def test_a_claim_that_is_not_there_is_a_problem() -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get("/api/claims/nope")

    reply = asyncio.run(scene())
    assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")
    assert reply.json()["detail"] == "no live statement has the id nope"


def test_evidence_is_paged_backwards() -> None:
    said = got("/api/evidence?limit=1")
    (row,) = said["evidence"]
    assert (row["says"], row["ok"], row["subject"], row["body"]["because"]) == ("firing", False, "a:1", "2.31 s")
    assert len(row["digest"]) >= 32
    assert got(f"/api/evidence?before={said['next']}") == {"evidence": [], "next": None}
    assert got("/api/evidence?claim=other")["evidence"] == []
    assert got("/api/evidence?since=2027-01-15T07:59:00Z")["evidence"] == []


def test_flips_say_what_they_were_judged_on() -> None:
    (flip,) = got("/api/flips?claim=alert-shop-slow")["flips"]
    assert (flip["before"], flip["after"], flip["because"]) == ("waiting", "broken", "2.31 s")
    assert flip["labels"] == {"instance": "a:1"}


def test_a_time_that_is_none_is_told_so() -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get("/api/flips?since=yesterday")

    assert asyncio.run(scene()).status == 400


def test_incidents_are_what_is_broken_now_and_none_is_an_empty_list() -> None:
    (incident,) = got("/api/incidents")["incidents"]
    assert incident["claims"] == ["threshold-shop-response-time", "alert-shop-slow"]

    async def heal(on: Stage) -> None:
        on.running.views = [replace(view, verdict=Verdict(State.HOLDS, "")) for view in on.running.views]

    assert got("/api/incidents", heal) == {"incidents": []}


def test_a_notice_never_says_where_it_is_sent() -> None:
    async def send(on: Stage) -> None:
        body = b'{"status": "firing", "reason": "new", "claims": ["a"], "settings": {"url": "http://hook/canary"}}'
        row = NoticeRow("n1", NOW, "team", "webhook", "routing", "k", body)
        await on.running.state.commit(Changes(notices=(row,)))

    (notice,) = got("/api/notices", send)["notices"]
    assert (notice["id"], notice["state"], notice["status"], notice["claims"]) == ("n1", "pending", "firing", ["a"])
    assert "canary" not in str(notice)


def test_findings_of_a_live_guide_and_of_an_edit_that_cannot_go_live_stand_apart() -> None:
    async def edit(on: Stage) -> None:
        mend = Mend(Place("guide.md", 3, 3), "broken YAML", "close the quote", "file/yaml")
        on.running.broken_edits = {"guide.md": (mend,)}

    said = got("/api/findings", edit)
    assert said["findings"] == []
    (finding,) = said["broken_edits"]
    assert (finding["guide"], finding["lines"], finding["rule"]) == ("guide.md", [3], "file/yaml")


def test_a_guide_says_its_figures() -> None:
    (guide,) = got("/api/guide")["guides"]
    assert (guide["url"], guide["claims"], guide["title"]) == ("/", 6, "Fruit shop")
    assert guide["states"] == {"holds": 1, "broken": 2, "unknown": 1, "unbound": 1, "waiting": 1}
    assert guide["coverage"]["lines"] > 0


def test_a_tick_is_by_the_person_who_is_signed_in() -> None:
    async def scene() -> None:
        on = await stage()
        await on.call.sign_in("Ada")
        reply = await on.call.post(f"{TASK}/tick", {"note": "nothing new"})
        assert reply.status == 200
        assert reply.json()["claim"]["id"] == "task-shop-read-the-log"
        assert on.running.acts == [("tick", "task-shop-read-the-log", "Ada", "nothing new")]
        assert (await on.call.post("/api/claims/nope/tick", {})).status == 404

    asyncio.run(scene())


def test_trust_ends_at_a_time_within_a_year() -> None:
    async def scene() -> None:
        on = await stage()
        await on.call.sign_in("Ada")
        for wrong in ("soon", "2027-01-15T07:00:00Z", "2029-01-15T00:00:00Z"):
            assert (await on.call.post(f"{TASK}/trust", {"until": wrong})).status == 400
        assert on.running.acts == []
        assert (await on.call.post(f"{TASK}/trust", {"until": "2027-01-15T09:00:00Z"})).status == 200
        assert on.running.acts == [("trust", "task-shop-read-the-log", "Ada", str(NOW + 3600))]

    asyncio.run(scene())


def test_what_the_kernel_refuses_is_told_in_its_words() -> None:
    async def scene() -> None:
        on = await stage()
        on.running.refuses = "it is no task"
        await on.call.sign_in()
        reply = await on.call.post(f"{TASK}/tick", {})
        assert (reply.status, reply.json()["detail"]) == (409, "it is no task")

    asyncio.run(scene())


def test_a_full_disk_is_told_and_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> Reply:
        on = await stage()

        async def full(changes: Changes) -> int:
            raise StoreFault("disk full")

        link = on.auth.link("Ada")
        monkeypatch.setattr(on.running.state, "commit", full)
        return await on.call.form("/sign-in", {"link": link})

    reply = asyncio.run(scene())
    assert (reply.status, reply.json()["detail"]) == (503, "nothing was changed: disk full")


def test_an_id_with_a_slash_is_found() -> None:
    async def odd(on: Stage) -> None:
        claim = claim_at(5, "probe", "a", id="probe-shop-/health")
        on.running.views.append(seen(claim, Verdict(State.HOLDS, "")))

    assert got("/api/claims/probe-shop-/health", odd)["claim"]["id"] == "probe-shop-/health"
