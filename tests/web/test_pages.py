from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.web.fakes import NOW, Spec, Stage, claim_at, seen, stage

from opsguide.core.nouns import State, Verdict
from opsguide.core.ports import Changes, EvidenceRow

if TYPE_CHECKING:
    from collections.abc import Callable

TASK = "task-shop-read-the-log"


def page(path: str, *, person: str = "", prepare: Callable[[Stage], object] | None = None) -> str:
    async def scene() -> str:
        on = await stage()
        if prepare is not None:
            prepare(on)
        if person:
            await on.call.sign_in(person)
        reply = await on.call.get(path)
        assert reply.status == 200, reply
        return reply.text

    return asyncio.run(scene())


def test_a_statement_says_its_words_what_was_understood_and_what_is_known() -> None:
    said = page("/c/alert-shop-slow")
    for words in ("<i>11</i>- alert: Slow", "Slow is watched", "latency &gt; 2", "above 2 s for 6 min", "guide.md:11"):
        assert words in said
    assert said.index("<h2>Evidence</h2>") < said.index("firing")
    assert said.index("<h2>Changes</h2>") < said.index("waiting</td>")
    assert "It would fire, and go to the receivers" in said


def test_what_is_unbound_says_what_it_needs_and_where_that_is_set() -> None:
    said = page("/c/threshold-shop-disk")
    assert "<code>[disk]</code>" in said
    assert "[bindings]" in said
    assert "it is not watched until [disk] has a value" in said


def test_a_task_can_be_ticked_by_a_person_alone() -> None:
    assert "Acting needs a signed-in person" in page(f"/c/{TASK}")
    assert 'action="/tick"' not in page(f"/c/{TASK}")
    assert 'action="/tick"' in page(f"/c/{TASK}", person="Ada")
    assert 'action="/trust"' not in page(f"/c/{TASK}", person="Ada")


def test_a_command_can_be_trusted_by_a_person() -> None:
    def command(on: Stage) -> None:
        claim = claim_at(5, "probe", "disk", Spec(command="df -h"))
        on.running.views.append(seen(claim, Verdict(State.WAITING, "its command is not trusted")))

    said = page("/c/probe-shop-disk", person="Ada", prepare=command)
    assert 'action="/trust"' in said
    assert "df -h" in said


def test_the_forms_act_and_lead_back_to_the_statement() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in("Ada")
        done = await on.call.form("/tick", {"csrf": csrf, "claim": TASK, "note": "fine"})
        assert (done.status, done.headers["location"]) == (303, f"/c/{TASK}")
        assert (await on.call.form("/trust", {"csrf": csrf, "claim": TASK, "days": "7"})).status == 303
        assert (await on.call.form("/trust", {"csrf": csrf, "claim": TASK, "days": "x"})).status == 400
        assert (await on.call.form("/trust", {"csrf": csrf, "claim": TASK, "days": "0"})).status == 400
        assert on.running.acts == [("tick", TASK, "Ada", "fine"), ("trust", TASK, "Ada", str(NOW + 7 * 86400))]
        on.running.refuses = "it is done already"
        refused = await on.call.form("/tick", {"csrf": csrf, "claim": TASK}, accept="text/html")
        assert refused.status == 409
        assert "it is done already" in refused.text
        assert (await on.call.form("/tick", {"csrf": csrf, "claim": "nope"})).status == 404

    asyncio.run(scene())


def test_tasks_stand_in_the_order_of_their_need() -> None:
    def more(on: Stage) -> None:
        on.running.views.append(seen(claim_at(5, "task", "Done"), Verdict(State.HOLDS, "by Ada")))
        on.running.views.append(seen(claim_at(6, "task", "Late"), Verdict(State.BROKEN, "overdue")))

    said = page("/tasks", prepare=more)
    body = said[said.index("<tbody>") :]
    assert body.index("Late") < body.index("Read the log") < body.index("Done")


def test_a_guide_without_tasks_says_so() -> None:
    def none(on: Stage) -> None:
        on.running.views = [view for view in on.running.views if view.claim.kind != "task"]

    assert "The guide states no tasks." in page("/tasks", prepare=none)


def test_the_journal_is_paged_and_its_chain_is_walked_when_asked() -> None:
    async def scene() -> None:
        on = await stage()
        rows = tuple(EvidenceRow(NOW, "gone", "", f"s{n}", ok=True, topic="", by="Ada", body=b"{}") for n in range(150))
        await on.running.state.commit(Changes(evidence=rows))
        first = (await on.call.get("/journal")).text
        assert first.count("<tr>") == 101
        assert "Verify the chain" in first
        older = first.partition('href="/journal?before=')[2].partition('"')[0]
        second = (await on.call.get(f"/journal?before={older}")).text
        assert second.count("<tr>") == 52
        assert '<a href="/c/alert-shop-slow">Slow</a>' in second
        assert "151 rows verified" in (await on.call.get("/journal?verify=1")).text

    asyncio.run(scene())


def test_the_api_is_described_for_people() -> None:
    said = page("/api/")
    assert "/api/claims/{id}/tick" in said
    assert "query_range" in said


def test_the_words_of_a_statement_in_another_file_are_its_place() -> None:
    def other(on: Stage) -> None:
        view = on.running.views[0]
        place = replace(view.claim.place, file="other.yml", line=7, end_line=7)
        on.running.views[0] = replace(view, claim=replace(view.claim, place=place))

    assert "other.yml:7:1" in page("/c/threshold-shop-cpu-usage", prepare=other)


def test_a_slash_that_was_left_out_is_added() -> None:
    async def scene() -> list[str]:
        on = await stage()
        return [(await on.call.get(path)).headers["location"] for path in ("/api", "/g/guide", "/g/a%0d%0ab")]

    assert asyncio.run(scene()) == ["/api/", "/g/guide/", "/g/a%250d%250ab/"]
