"""What stands in the margin beside a statement: the value first, then how old it is, then why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from opsguide.core.nouns import State
from opsguide.web.charts import source_of
from opsguide.web.moment import ago, exact, span

if TYPE_CHECKING:
    from opsguide.core.mend import Mend
    from opsguide.kernel.view import ClaimView

_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a claim. value: never empty. when: how old it is, or how long it is so; exact: since then.

    spark: where its small line is served, "" where it has no figures.
    """

    url: str
    state: str
    value: str
    when: str
    exact: str
    because: str
    tick: str = ""
    spark: str = ""


@dataclass(frozen=True, slots=True)
class FindingNote:
    """A note on a fault of the guide itself."""

    level: str
    message: str
    mend: str
    rule: str


def note_of(view: ClaimView, now: float, longest: int = _LONGEST) -> Note:
    """The note of a claim at `now`, Unix seconds; its reason cut to `longest` characters."""
    verdict = view.verdict
    settled = verdict.state in {State.HOLDS, State.UNBOUND}
    moment = view.at if settled else view.since
    when = ago(moment, now) if settled else f"for {span(now - moment)}" if moment > 0 else ""
    needs = ", ".join(view.claim.needs)
    value = verdict.value or (f"needs {needs}" if needs else verdict.state.value)
    because = verdict.because if verdict.because != value else ""
    quoted = quote(view.claim.id, safe="")
    ticks = view.claim.kind == "task" and verdict.state is not State.HOLDS
    return Note(
        url=f"/c/{quoted}",
        state=verdict.state.value,
        value=value,
        when=when,
        exact=exact(moment),
        because=_short(because, longest),
        tick=view.claim.id if ticks else "",
        spark=f"/s/{quoted}" if source_of(view) is not None else "",
    )


def finding_note(mend: Mend) -> FindingNote:
    """The note of a finding."""
    return FindingNote(mend.level.value, mend.wrong, mend.mend, mend.rule)


def claim_url(claim_id: str) -> str:
    """The page of a claim."""
    return f"/c/{quote(claim_id, safe='')}"


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
