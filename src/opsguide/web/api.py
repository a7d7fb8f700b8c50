"""`/api/...`: what the page shows, as JSON, and the acts of people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException

from opsguide.kernel.shape import coverage_json, finding_json
from opsguide.web.answers import (
    ClaimPage,
    Claims,
    EvidenceLog,
    FindingAnswer,
    Findings,
    Flips,
    GuideAnswer,
    Guides,
    IncidentAnswer,
    Incidents,
    Notices,
    Tick,
    Trust,
    claim_answer,
    claim_page,
    evidence_answer,
    flip_answer,
    notice_answer,
)
from opsguide.web.incidents import incidents
from opsguide.web.moment import from_iso, iso
from opsguide.web.site import Endpoint, Query

if TYPE_CHECKING:
    from opsguide.core.guide import Guide
    from opsguide.core.mend import Mend
    from opsguide.web.site import Ask, Site

MOST_ROWS = 1000
LONGEST_TRUST_S = 366 * 86400.0


async def get_claims(ask: Ask) -> Claims:
    """Every live statement with its verdict."""
    spec = ask.text("spec") == "1"
    return Claims([claim_answer(view, spec=spec) for view in ask.site.running.claims()])


async def get_claim(ask: Ask) -> ClaimPage:
    """One statement with all its subjects."""
    return claim_page(ask.site.claim(ask.request.path_params["id"]))


async def get_evidence(ask: Ask) -> EvidenceLog:
    """The evidence log, or one claim's part of it."""
    limit = int(ask.number("limit", 100, 1, MOST_ROWS))
    before = int(ask.number("before", 0, 0, 2**62))
    rows = await ask.site.running.state.evidence(
        claim=ask.text("claim"), topic=ask.text("topic"), since=_since(ask), before=before or None, limit=limit
    )
    more = rows[-1].number if len(rows) == limit else None
    return EvidenceLog([evidence_answer(row) for row in rows], more)


async def get_flips(ask: Ask) -> Flips:
    """What changed, or what changed of one claim."""
    limit = int(ask.number("limit", 100, 1, MOST_ROWS))
    rows = await ask.site.running.state.flips(claim=ask.text("claim"), since=_since(ask), limit=limit)
    return Flips([flip_answer(row) for row in rows])


async def get_incidents(ask: Ask) -> Incidents:
    """What is going on now."""
    found = incidents(ask.site.running.claims())
    return Incidents(
        [
            IncidentAnswer(each.id, iso(each.since), "open", each.because, [view.claim.id for view in each.claims])
            for each in found
        ]
    )


async def get_notices(ask: Ask) -> Notices:
    """The outbox."""
    rows = await ask.site.running.notices(int(ask.number("limit", 100, 1, MOST_ROWS)))
    return Notices([notice_answer(row) for row in rows])


async def get_findings(ask: Ask) -> Findings:
    """What is wrong with the guides."""
    running = ask.site.running
    live = [finding_answer(guide.path, mend) for guide in running.guides for mend in guide.findings]
    edits = [finding_answer(path, mend) for path, mends in running.broken_edits.items() for mend in mends]
    return Findings(live, edits)


async def get_guide(ask: Ask) -> Guides:
    """The live guides and their figures."""
    return Guides([guide_answer(ask.site, guide) for guide in ask.site.running.guides])


async def post_tick(ask: Ask) -> ClaimPage:
    """A person did the task."""
    view = ask.site.claim(ask.request.path_params["id"])
    await act_tick(ask, view.claim.id, ask.body.note)
    return claim_page(ask.site.claim(view.claim.id))


async def post_trust(ask: Ask) -> ClaimPage:
    """A person consents to the command."""
    view = ask.site.claim(ask.request.path_params["id"])
    until = from_iso(ask.body.until)
    if until is None:
        raise HTTPException(400, f"until={ask.body.until} is no ISO 8601 time")
    await act_trust(ask, view.claim.id, until)
    return claim_page(ask.site.claim(view.claim.id))


async def act_tick(ask: Ask, claim_id: str, note: str) -> None:
    """Tick for the signed-in person; raises 409 with the kernel's reason."""
    refused = await ask.site.running.tick(claim_id, ask.by, note)
    if refused:
        raise HTTPException(409, refused)


async def act_trust(ask: Ask, claim_id: str, until: float) -> None:
    """Trust in the name of the signed-in person; raises 400 unless it ends within 366 days, else 409 with why."""
    if not 0 < until - ask.site.now() <= LONGEST_TRUST_S:
        raise HTTPException(400, "trust must end after now and within 366 days")
    refused = await ask.site.running.trust(claim_id, ask.by, until)
    if refused:
        raise HTTPException(409, refused)


def finding_answer(guide: str, mend: Mend) -> FindingAnswer:
    """One finding of the guide at that path."""
    return msgspec.convert(finding_json(mend) | {"guide": guide}, FindingAnswer)


def guide_answer(site: Site, guide: Guide) -> GuideAnswer:
    """A guide's figures, each with its denominator beside it."""
    views = site.views_of(guide)
    coverage = coverage_json(guide.coverage)
    return GuideAnswer(
        key=guide.key,
        path=guide.path,
        title=guide.title,
        service=guide.service,
        url=site.url_of(guide),
        text_hash=guide.text_hash,
        claims=len(views),
        states=dict(Counter(view.verdict.state.value for view in views)),
        findings=len(guide.findings),
        unread=len(guide.unread),
        unfilled=list(guide.unfilled),
        coverage={name: count for name, count in coverage.items() if isinstance(count, int)},
    )


def _since(ask: Ask) -> float:
    text = ask.text("since")
    since = from_iso(text) if text else 0.0
    if since is None:
        raise HTTPException(400, f"since={text} is no ISO 8601 time")
    return since


_ID = "/api/claims/{id:path}"
_LIMIT = Query("limit", "integer", "at most this many rows, 1 to 1000; 100 unless told")
_CLAIM = Query("claim", "string", "only of the claim with this id")
_SINCE = Query("since", "string", "only from this ISO 8601 time on")
ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/claims",
        get_claims,
        "Every live statement with its verdict",
        Claims,
        query=(Query("spec", "integer", "1: with everything that check --format json says of a claim"),),
    ),
    Endpoint("POST", f"{_ID}/tick", post_tick, "Say that a task was done", ClaimPage, Tick, acts=True),
    Endpoint(
        "POST", f"{_ID}/trust", post_trust, "Consent to a command running unattended", ClaimPage, Trust, acts=True
    ),
    Endpoint("GET", _ID, get_claim, "One statement with all its subjects", ClaimPage),
    Endpoint(
        "GET",
        "/api/evidence",
        get_evidence,
        "The evidence log, newest first",
        EvidenceLog,
        query=(
            _CLAIM,
            Query("topic", "string", "only of this topic"),
            _SINCE,
            Query("before", "integer", "only rows with a smaller number"),
            _LIMIT,
        ),
    ),
    Endpoint(
        "GET", "/api/flips", get_flips, "Verdicts that changed, newest first", Flips, query=(_CLAIM, _SINCE, _LIMIT)
    ),
    Endpoint("GET", "/api/incidents", get_incidents, "What is going on now", Incidents),
    Endpoint("GET", "/api/notices", get_notices, "The outbox, newest first", Notices, query=(_LIMIT,)),
    Endpoint("GET", "/api/findings", get_findings, "What is wrong with the guides", Findings),
    Endpoint("GET", "/api/guide", get_guide, "The live guides and their figures", Guides),
)
