"""`/journal`: the evidence log, newest first, by statement, topic or person, and whether its chain is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.web.answers import body_of
from opsguide.web.render import page
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from opsguide.core.ports import LoggedEvidence
    from opsguide.web.site import Ask

_ROWS = 100
_READ_AT_ONCE = 1000
_SEARCHED = 20_000
SMALL_ROWS = 20_000
"""A chain up to this long is walked at every look; a longer one when asked, for the walk reads all of it."""


async def journal(ask: Ask) -> Response:
    """The evidence log."""
    state = ask.site.running.state
    before = int(ask.number("before", 0, 0, 2**62)) or None
    by = ask.text("by")
    chosen = {name: ask.text(name) for name in ("claim", "topic", "by")}
    newest = await state.evidence(limit=1)
    rows, older, searched = await _found(ask, before, by)
    count = newest[0].number if newest else 0
    walked = await state.verify() if ask.text("verify") == "1" or count <= SMALL_ROWS else None
    views = ask.site.running.claims()
    return page(
        ask,
        "journal.html",
        rows=[(row, body_of(row.body)) for row in rows],
        titles={view.claim.id: view.claim.title for view in views},
        checked=walked,
        older=older,
        searched=searched,
        chosen=chosen,
        topics=sorted({row.topic for row in rows if row.topic}),
        people=sorted({row.by for row in rows if row.by}),
        count=count,
    )


async def _found(ask: Ask, before: int | None, by: str) -> tuple[list[LoggedEvidence], int | None, int]:
    """A page of rows, where the next one begins (None: there is none), and how many rows were read for it.

    The store knows no person's rows by heart, so those are searched for, 20,000 rows a page at most.
    """
    rows: list[LoggedEvidence] = []
    read = 0
    limit = _READ_AT_ONCE if by else _ROWS
    while read < _SEARCHED:
        got = await _read(ask, before, limit)
        read += len(got)
        rows += [row for row in got if not by or row.by == by]
        before = got[-1].number if got else before
        if len(rows) >= _ROWS:
            shown = rows[:_ROWS]
            more = len(rows) > _ROWS or len(got) == limit
            return shown, shown[-1].number if more else None, read
        if len(got) < limit:
            return rows, None, read
    return rows, before, read


async def _read(ask: Ask, before: int | None, limit: int) -> Sequence[LoggedEvidence]:
    return await ask.site.running.state.evidence(
        claim=ask.text("claim"), topic=ask.text("topic"), before=before, limit=limit
    )


ENDPOINTS = (Endpoint("GET", "/journal", journal),)
