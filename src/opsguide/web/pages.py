"""The pages: the guide with its notes, one statement, the tasks, the journal, the API in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from opsguide.core.nouns import State
from opsguide.kernel.shape import plain
from opsguide.web.answers import body_of, flip_answer
from opsguide.web.api import ENDPOINTS as API
from opsguide.web.api import act_tick, act_trust
from opsguide.web.guidepage import guide_page
from opsguide.web.notes import claim_url, note_of
from opsguide.web.openapi import document
from opsguide.web.prometheus import ENDPOINTS as PROMETHEUS
from opsguide.web.render import page
from opsguide.web.site import JSON, Endpoint

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from opsguide.kernel.view import ClaimView
    from opsguide.web.live import Live
    from opsguide.web.site import Ask

_ROWS = 100
_REASON = 4000
_DAY_S = 86400.0


async def home(ask: Ask) -> Response:
    """The guide, or an index of several."""
    guides = ask.site.running.guides
    if len(guides) == 1:
        return guide_page(ask, guides[0])
    counts = [(guide, Counter(view.verdict.state.value for view in ask.site.views_of(guide))) for guide in guides]
    return page(ask, "index.html", counts=counts, states=[state.value for state in State])


async def one_guide(ask: Ask) -> Response:
    """One guide of several."""
    key = ask.request.path_params["key"]
    for guide in ask.site.running.guides:
        if guide.key == key:
            return guide_page(ask, guide)
    raise HTTPException(404, f"no live guide is called {key}")


async def slashed(ask: Ask) -> Response:
    """The address with the slash that was left out."""
    return RedirectResponse(f"{quote(ask.request.url.path)}/", 308)


async def claim(ask: Ask) -> Response:
    """A statement's own page."""
    view = ask.site.claim(ask.request.path_params["id"])
    evidence = await ask.site.running.evidence(view.claim.id, _ROWS)
    flips = await ask.site.running.flips(view.claim.id, _ROWS)
    return page(
        ask,
        "claim.html",
        view=view,
        note=note_of(view, ask.site.now(), _REASON),
        words=_words(ask, view),
        spec=plain(view.claim.spec),
        evidence=[(row, body_of(row.body)) for row in evidence],
        flips=[(row, flip_answer(row)) for row in flips],
        consequence=_consequence(view),
        ticks=view.claim.kind == "task",
        trusts=_has_command(view),
    )


async def tick(ask: Ask) -> Response:
    """The form of a task."""
    view = ask.site.claim(ask.body.get("claim", ""))
    await act_tick(ask, view.claim.id, ask.body.get("note", "")[:2000])
    return RedirectResponse(claim_url(view.claim.id), 303)


async def trust(ask: Ask) -> Response:
    """The form of a command."""
    view = ask.site.claim(ask.body.get("claim", ""))
    days = ask.body.get("days", "")
    if not days.isdigit():
        raise HTTPException(400, "the number of days is missing")
    await act_trust(ask, view.claim.id, ask.site.now() + min(int(days), 366) * _DAY_S)
    return RedirectResponse(claim_url(view.claim.id), 303)


async def tasks(ask: Ask) -> Response:
    """What people do, most urgent first."""
    now = ask.site.now()
    views = [view for view in ask.site.running.claims() if view.claim.kind == "task"]
    ordered = sorted(views, key=lambda view: -view.verdict.state.badness)
    return page(ask, "tasks.html", tasks=[(view, note_of(view, now)) for view in ordered])


async def journal(ask: Ask) -> Response:
    """The evidence log, and whether its chain is whole."""
    before = int(ask.number("before", 0, 0, 2**62))
    rows = await ask.site.running.state.evidence(before=before or None, limit=_ROWS)
    # Walking the chain reads all of it, so it is asked for, not done at every look.
    checked = await ask.site.running.state.verify() if ask.text("verify") == "1" else None
    titles = {view.claim.id: view.claim.title for view in ask.site.running.claims()}
    older = rows[-1].number if len(rows) == _ROWS else None
    said = [(row, body_of(row.body)) for row in rows]
    return page(ask, "journal.html", rows=said, titles=titles, checked=checked, older=older)


async def api_page(ask: Ask) -> Response:
    """The API in words."""
    return page(ask, "api.html", endpoints=(*API, *PROMETHEUS))


async def openapi(ask: Ask) -> Response:
    """The API for machines."""
    del ask
    return Response(msgspec.json.encode(document((*API, *PROMETHEUS))), media_type=JSON)


async def live(ask: Ask) -> Response:
    """Changes as they happen."""
    return _Streamed(ask.site.live)


class _Streamed(Response):
    """Hands the exchange to the hub, which speaks ASGI itself."""

    def __init__(self, hub: Live) -> None:
        super().__init__()
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._hub(scope, receive, send)


def _words(ask: Ask, view: ClaimView) -> list[tuple[int, str]]:
    place = view.claim.place
    for guide in ask.site.running.guides:
        for file in guide.files:
            if file.path == place.file:
                chosen = range(place.line, min(place.end_line, place.line + 39, len(file.lines)) + 1)
                return [(number, file.lines[number - 1]) for number in chosen]
    return []


def _has_command(view: ClaimView) -> bool:
    spec = plain(view.claim.spec)
    return bool(spec.get("command") or spec.get("commands"))


def _consequence(view: ClaimView) -> str:
    """What would happen if it broke, as far as this page can know."""
    if view.claim.status.value != "active":
        return f"Nothing: the guide means it as {view.claim.status.value}."
    if view.claim.needs:
        return f"Nothing yet: it is not watched until {', '.join(view.claim.needs)} has a value."
    if view.claim.kind == "alert":
        return "It would fire, and go to the receivers that the guide's routing names for its labels."
    return "It would show here and in the strip above; the guide's routing tells people of kinds that [notify] names."


ENDPOINTS = (
    Endpoint("GET", "/", home),
    Endpoint("GET", "/g/{key}/", one_guide),
    Endpoint("GET", "/g/{key}", slashed),
    Endpoint("GET", "/api", slashed),
    Endpoint("GET", "/c/{id:path}", claim),
    Endpoint("POST", "/tick", tick, takes=dict, acts=True),
    Endpoint("POST", "/trust", trust, takes=dict, acts=True),
    Endpoint("GET", "/tasks", tasks),
    Endpoint("GET", "/journal", journal),
    Endpoint("GET", "/api/", api_page),
    Endpoint("GET", "/api/openapi.json", openapi),
    Endpoint("GET", "/api/live", live),
)
