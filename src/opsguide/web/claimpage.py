"""`/c/ID`: one statement, all that is known of it, and what would follow if it broke."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from opsguide.core.nouns import State
from opsguide.kernel.shape import plain
from opsguide.web.answers import body_of, flip_answer
from opsguide.web.charts import RANGES, claim_chart
from opsguide.web.notes import note_of
from opsguide.web.render import page
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from starlette.responses import Response

    from opsguide.core.nouns import Labels
    from opsguide.kernel.view import ClaimView, Foreseen
    from opsguide.web.site import Ask

_ROWS = 100
_REASON = 4000
_LINES = 40


async def claim(ask: Ask) -> Response:
    """A statement's own page."""
    view = ask.site.claim(ask.request.path_params["id"])
    running = ask.site.running
    evidence = await running.evidence(view.claim.id, _ROWS)
    flips = await running.flips(view.claim.id, _ROWS)
    picture, range_name = await claim_chart(ask, view, flips, ask.text("range"))
    foreseen = running.would_tell(view.claim.id)
    guide = next((guide for guide in running.guides if guide.key == view.guide), None)
    return page(
        ask,
        "claim.html",
        view=view,
        note=note_of(view, ask.site.now(), _REASON),
        home=ask.site.url_of(guide) if guide is not None else "/",
        words=_words(ask, view),
        spec=plain(view.claim.spec),
        evidence=[(row, body_of(row.body)) for row in evidence],
        flips=[(row, flip_answer(row)) for row in flips],
        foreseen=foreseen,
        consequence=consequence(view, foreseen),
        states=Counter(known.verdict.state.value for known in view.subjects),
        ticks=view.claim.kind == "task",
        trusts=_has_command(view),
        drawn=picture,
        ranges=[name for name, _ in RANGES],
        range_name=range_name,
        most=_ROWS,
    )


def _words(ask: Ask, view: ClaimView) -> list[tuple[int, str]]:
    place = view.claim.place
    for guide in ask.site.running.guides:
        for file in guide.files:
            if file.path == place.file:
                chosen = range(place.line, min(place.end_line, place.line + _LINES - 1, len(file.lines)) + 1)
                return [(number, file.lines[number - 1]) for number in chosen]
    return []


def _has_command(view: ClaimView) -> bool:
    spec = plain(view.claim.spec)
    return bool(spec.get("command") or spec.get("commands"))


def consequence(view: ClaimView, foreseen: Foreseen | None) -> str:
    """What would happen if it broke, in one sentence; the table below it names the receivers."""
    if view.claim.status.value != "active":
        return f"Nothing: the guide means it as {view.claim.status.value}."
    if foreseen is None:
        return "Nothing: it is not live."
    broken = view.verdict.state is State.BROKEN
    if not foreseen.told:
        nobody = "Nobody is told" if broken else "Nobody would be told"
        return f"{nobody}: {foreseen.why_not}. It shows here, on the guide's page and under Now."
    raises, tells = ("It raises", "tells") if broken else ("It would raise", "would tell")
    return f"{raises} {alert_name(foreseen.labels)}, and the guide's own route {tells}"


def alert_name(labels: Labels) -> str:
    """An alert as people call it: its name and severity."""
    named = dict(labels)
    severity = named.get("severity", "")
    return named.get("alertname", "an alert") + (f" ({severity})" if severity else "")


ENDPOINTS = (Endpoint("GET", "/c/{id:path}", claim),)
