"""`/now`: what is broken, which alerts fire or are about to, who was told when, and what has not arrived yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from opsguide.core.nouns import State
from opsguide.kernel.codec import Held
from opsguide.web.answers import body_of
from opsguide.web.claimpage import alert_name
from opsguide.web.render import page
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.responses import Response

    from opsguide.core.nouns import Known
    from opsguide.core.ports import StoredNotice
    from opsguide.kernel.view import ClaimView
    from opsguide.web.site import Ask

_NOTICES = 100
_PENDING = 500
_ACTIVE = {State.BROKEN: "firing", State.WAITING: "pending"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One label set of a rule that fires or is pending. others: its labels besides its name and severity."""

    view: ClaimView
    known: Known
    state: str
    name: str
    others: str
    summary: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice as the page shows it. about: its group; names: of statements that it is about."""

    row: StoredNotice
    status: str
    about: str
    reason: str
    claims: tuple[str, ...]


async def now_page(ask: Ask) -> Response:
    """What is going on."""
    running = ask.site.running
    views = running.claims()
    rules = [view for view in views if view.claim.kind == "alert"]
    notices = [sent(row) for row in await running.notices(_NOTICES)]
    pending = [sent(row) for row in await running.state.notices(state="pending", limit=_PENDING)]
    return page(
        ask,
        "now.html",
        views=views,
        broken=_in(views, State.BROKEN),
        unsure=[*_in(views, State.UNKNOWN), *_in(views, State.UNBOUND)],
        rules=rules,
        alerts=alerts(rules),
        notices=notices,
        pending=pending,
        accepted=sum(each.row.state == "accepted" for each in notices),
        told=told_of(notices),
        titles={view.claim.id: view.claim.title for view in views},
        held=await held(ask),
    )


def _in(views: Iterable[ClaimView], state: State) -> list[ClaimView]:
    """Those in the state, the newest first."""
    return sorted((view for view in views if view.verdict.state is state), key=lambda view: -view.since)


def alerts(rules: Sequence[ClaimView]) -> list[Alert]:
    """What fires, then what is pending, each the newest first."""
    found = [_alert(view, known) for view in rules for known in view.subjects if known.verdict.state in _ACTIVE]
    return sorted(found, key=lambda each: (each.state != "firing", -each.known.since))


def _alert(view: ClaimView, known: Known) -> Alert:
    named = {name: value for name, value in known.labels if name not in {"alertname", "severity"}}
    others = ", ".join(f"{name}={value}" for name, value in named.items())
    summary = dict(known.annotations).get("summary", "")
    name = alert_name((("alertname", view.claim.title), *known.labels))
    return Alert(view, known, _ACTIVE[known.verdict.state], name, others, summary)


def sent(row: StoredNotice) -> Sent:
    """A notice of the outbox, without its settings: where it goes may be a secret."""
    body = body_of(row.body)
    about = ", ".join(f"{name}={value}" for name, value in body.get("group_labels", ()))
    claims = tuple(str(claim) for claim in body.get("claims", ()))
    return Sent(row, str(body.get("status", "")), about or row.key, str(body.get("reason", "")), claims)


def told_of(notices: Sequence[Sent]) -> dict[str, Sent]:
    """Claim -> the newest notice about it that arrived."""
    found: dict[str, Sent] = {}
    for each in notices:
        if each.row.state == "accepted":
            for claim in each.claims:
                found.setdefault(claim, each)
    return found


async def told(ask: Ask) -> dict[str, Sent]:
    """`told_of` the newest notices, for the strip; not read while nothing is broken."""
    if all(view.verdict.state is not State.BROKEN for view in ask.site.running.claims()):
        return {}
    return told_of([sent(row) for row in await ask.site.running.notices(_NOTICES)])


async def held(ask: Ask) -> list[tuple[str, float, int]]:
    """What the trial keeps back: (claim, until, how many alerts), the first to end first."""
    rows = await ask.site.running.state.records("trial")
    read = [(row.key, msgspec.json.decode(row.body, type=Held)) for row in rows if row.body]
    found = [(key, each.until, len(each.alerts)) for key, each in read if not key.startswith("digest ")]
    return sorted((each for each in found if each[2]), key=lambda each: each[1])


ENDPOINTS = (Endpoint("GET", "/now", now_page),)
