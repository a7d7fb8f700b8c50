"""A dashboard holds while every panel has data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, State, Verdict
from opsguide.core.units import said
from opsguide.kinds.dashboard.run import DATA, UNBOUND

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.dashboard.spec import Dashboard, DashboardMemory


def judge(
    claim: Claim[Dashboard], memory: DashboardMemory, evidence: Evidence | None, now: float
) -> Judged[DashboardMemory]:
    """Data in all: holds. A panel that nothing gives: unbound. Anything else: unknown."""
    del now
    if evidence is None:
        return Judged(Verdict(State.UNKNOWN, "not looked at yet"), memory)
    state = {DATA: State.HOLDS, UNBOUND: State.UNBOUND}.get(evidence.says, State.UNKNOWN)
    because = evidence.because or f"could not be looked at: {evidence.says}"
    limit = f"data in all {len(claim.spec.panels)} panels"
    return Judged(Verdict(state, because, value=_shown(evidence), limit=limit), memory)


def _shown(evidence: Evidence) -> str:
    texts = []
    for name, value in evidence.values:
        slug, _, unit = name.partition("_")
        texts.append(f"{slug.replace('-', ' ')} {said(value, unit)}")
    return ", ".join(texts)
