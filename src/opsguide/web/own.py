"""What others watch us by: /-/healthy, /-/ready and /metrics."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from opsguide.engines.exposition import key_of, render
from opsguide.web.problem import problem
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from opsguide.web.site import Ask

_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "opsguide_"


async def healthy(ask: Ask) -> Response:
    """200 while everything moves, else 503 with the names of what is stuck."""
    stuck = ask.site.running.health().stuck
    if stuck:
        return problem(503, f"stuck: {', '.join(stuck)}", ask.request.scope)
    return PlainTextResponse("healthy\n")


async def ready(ask: Ask) -> Response:
    """200 once the guides are live."""
    if not ask.site.running.health().ready:
        return problem(503, "the guides are not live yet", ask.request.scope)
    return PlainTextResponse("ready\n")


async def metrics(ask: Ask) -> Response:
    """The kernel's counters, and how many statements are in which state."""
    running = ask.site.running
    counters = running.health().counters
    samples = [(name if name.startswith(_PREFIX) else _PREFIX + name, value) for name, value in counters.items()]
    states = Counter((view.guide, view.claim.kind, view.verdict.state.value) for view in running.claims())
    names = ("guide", "kind", "state")
    samples += [
        (key_of("opsguide_claims", zip(names, found, strict=True)), float(count)) for found, count in states.items()
    ]
    samples.append(("opsguide_live_streams", float(ask.site.live.clients)))
    kinds = {"opsguide_claims": "gauge", "opsguide_live_streams": "gauge"}
    kinds |= {name.partition("{")[0]: "counter" for name, _ in samples if name.partition("{")[0].endswith("_total")}
    helps = {
        "opsguide_claims": "Statements by guide, kind and state.",
        "opsguide_live_streams": "Open streams of /api/live.",
    }
    return Response(render(samples, kinds, helps), media_type=_EXPOSITION)


ENDPOINTS = (
    Endpoint("GET", "/-/healthy", healthy, open=True),
    Endpoint("GET", "/-/ready", ready, open=True),
    Endpoint("GET", "/metrics", metrics),
)
