"""`/tasks`: what people do again and again: what is overdue, due or done, when it is due, and who did it last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.nouns import State
from opsguide.web.answers import body_of
from opsguide.web.notes import note_of
from opsguide.web.render import page
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from starlette.responses import Response

    from opsguide.core.ports import LoggedEvidence
    from opsguide.kernel.view import ClaimView
    from opsguide.web.notes import Note
    from opsguide.web.site import Ask

TICKED = "task.ticked"
WORDS = {State.BROKEN: "overdue", State.WAITING: "to do", State.HOLDS: "done"}


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the page shows it. done: the newest tick of a person, None where there was none; said: its words."""

    view: ClaimView
    note: Note
    word: str
    due: str
    done: LoggedEvidence | None
    said: str


async def tasks(ask: Ask) -> Response:
    """What people do, most urgent first, below the headings that the guide gives it."""
    views = [view for view in ask.site.running.claims() if view.claim.kind == "task"]
    ordered = sorted(views, key=lambda view: (-view.verdict.state.badness, view.verdict.limit))
    listed = [await _task(ask, view) for view in ordered]
    return page(ask, "tasks.html", tasks=listed, words=Counter(task.word for task in listed))


async def _task(ask: Ask, view: ClaimView) -> Task:
    rows = await ask.site.running.state.evidence(claim=view.claim.id, topic=TICKED, limit=1)
    word = WORDS.get(view.verdict.state, view.verdict.state.value)
    due = view.verdict.limit.removeprefix("before ")
    done = rows[0] if rows else None
    said = str(body_of(done.body).get("because", "")) if done is not None else ""
    return Task(view, note_of(view, ask.site.now()), word, due, done, said)


ENDPOINTS = (Endpoint("GET", "/tasks", tasks),)
