"""The guide's page or an index of several, the forms, and the API in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from opsguide.core.nouns import State
from opsguide.web.api import ENDPOINTS as API
from opsguide.web.api import act_tick, act_trust
from opsguide.web.guidepage import guide_page
from opsguide.web.notes import claim_url
from opsguide.web.nowpage import told
from opsguide.web.openapi import document
from opsguide.web.prometheus import ENDPOINTS as PROMETHEUS
from opsguide.web.render import page
from opsguide.web.site import JSON, Endpoint

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from opsguide.web.live import Live
    from opsguide.web.site import Ask

_DAY_S = 86400.0
_BACK = frozenset({"/", "/tasks"})
"""Pages that a tick may lead back to; an address of the form's own would be an open redirect."""


async def home(ask: Ask) -> Response:
    """The guide, or an index of several."""
    guides = ask.site.running.guides
    if len(guides) == 1:
        return guide_page(ask, guides[0], await told(ask))
    counts = [(guide, Counter(view.verdict.state.value for view in ask.site.views_of(guide))) for guide in guides]
    return page(ask, "index.html", counts=counts, states=[state.value for state in State])


async def one_guide(ask: Ask) -> Response:
    """One guide of several."""
    key = ask.request.path_params["key"]
    for guide in ask.site.running.guides:
        if guide.key == key:
            return guide_page(ask, guide, await told(ask))
    raise HTTPException(404, f"no live guide is called {key}")


async def slashed(ask: Ask) -> Response:
    """The address with the slash that was left out."""
    return RedirectResponse(f"{quote(ask.request.url.path)}/", 308)


async def tick(ask: Ask) -> Response:
    """The form of a task."""
    view = ask.site.claim(ask.body.get("claim", ""))
    await act_tick(ask, view.claim.id, ask.body.get("note", "")[:2000])
    to = ask.body.get("to", "")
    return RedirectResponse(to if to in _BACK else claim_url(view.claim.id), 303)


async def trust(ask: Ask) -> Response:
    """The form of a command."""
    view = ask.site.claim(ask.body.get("claim", ""))
    days = ask.body.get("days", "")
    if not days.isdigit():
        raise HTTPException(400, "the number of days is missing")
    await act_trust(ask, view.claim.id, ask.site.now() + min(int(days), 366) * _DAY_S)
    return RedirectResponse(claim_url(view.claim.id), 303)


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


ENDPOINTS = (
    Endpoint("GET", "/", home),
    Endpoint("GET", "/g/{key}/", one_guide),
    Endpoint("GET", "/g/{key}", slashed),
    Endpoint("GET", "/api", slashed),
    Endpoint("POST", "/tick", tick, takes=dict, acts=True),
    Endpoint("POST", "/trust", trust, takes=dict, acts=True),
    Endpoint("GET", "/api/", api_page),
    Endpoint("GET", "/api/openapi.json", openapi),
    Endpoint("GET", "/api/live", live),
)
