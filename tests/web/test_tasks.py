from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.web.fakes import NOW, claim_at, page, seen, stage

from opsguide.core.nouns import State, Verdict
from opsguide.core.ports import Changes, EvidenceRow

if TYPE_CHECKING:
    from tests.web.fakes import Stage


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


def test_a_task_says_when_it_is_due_and_who_did_it_last() -> None:
    async def scene() -> str:
        on = await stage()
        body = b'{"because": "done by Ada: all quiet"}'
        row = EvidenceRow(
            NOW - 300, "task-shop-read-the-log", "", "ticked", ok=True, topic="task.ticked", by="Ada", body=body
        )
        await on.running.state.commit(Changes(evidence=(row,)))
        on.running.views[-1] = seen(
            on.running.views[-1].claim, Verdict(State.HOLDS, "done", limit="before 2027-01-16 09:00 UTC")
        )
        return (await on.call.get("/tasks")).text

    said = asyncio.run(scene())
    for words in ("2027-01-16 09:00 UTC", "5 min ago", "<td>Ada</td>", "done by Ada: all quiet", "<b>1</b> done, of 1"):
        assert words in said


def test_only_a_signed_in_person_can_tick_from_the_list_and_comes_back_to_it() -> None:
    assert "Ticking needs a signed-in person" in page("/tasks")
    assert 'name="to" value="/tasks"' in page("/tasks", person="Ada")

    async def scene() -> list[str]:
        on = await stage()
        csrf = await on.call.sign_in("Ada")
        fields = {"csrf": csrf, "claim": "task-shop-read-the-log"}
        return [
            (await on.call.form("/tick", fields | {"to": to})).headers["location"]
            for to in ("/tasks", "//evil.example")
        ]

    assert asyncio.run(scene()) == ["/tasks", "/c/task-shop-read-the-log"]
