"""What is known of a communication plan: what it states, and that nothing times it yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, State, Verdict
from opsguide.core.units import said

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.communication.spec import Communication, CommunicationMemory

BECAUSE = "unknown until opsguide records incidents and the updates that were sent of them"


def judge(
    claim: Claim[Communication], memory: CommunicationMemory, evidence: Evidence | None, now: float
) -> Judged[CommunicationMemory]:
    """Always unknown: that nothing fires does not prove that people would be told."""
    del evidence, now
    return Judged(Verdict(State.UNKNOWN, BECAUSE, limit=limit_of(claim.spec)), memory)


def limit_of(spec: Communication) -> str:
    """The times as shown: "at once, then every 30 min"; "" where none is stated."""
    first = ""
    if spec.within_s is not None:
        first = f"within {said(spec.within_s, 'seconds')}" if spec.within_s else "at once"
    again = "" if spec.every_s is None else f"every {said(spec.every_s, 'seconds')}"
    return ", then ".join(part for part in (first, again) if part)
