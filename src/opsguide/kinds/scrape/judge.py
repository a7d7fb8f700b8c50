"""Folds a target's evidence: broken after two failures in a row, holding again after one success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import ABSENT, Judged, State, Verdict
from opsguide.kinds.scrape.spec import ScrapeMemory

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.scrape.spec import ScrapeSpec

BREAKS_AFTER = 2
LIMIT = "up"


def judge(
    claim: Claim[ScrapeSpec], memory: ScrapeMemory, evidence: Evidence | None, now: float
) -> Judged[ScrapeMemory]:
    """One subject is one target; subject "" says which targets there are."""
    del claim, now
    if evidence is None:
        return Judged(_standing(memory), memory)
    if evidence.says == ABSENT:
        return Judged(Verdict(State.HOLDS, "no longer a target"), ScrapeMemory(), forget=True)
    if evidence.ok:
        return Judged(Verdict(State.HOLDS, evidence.because, _value(evidence), LIMIT), ScrapeMemory(0, held=True))
    failures = min(memory.failures + 1, BREAKS_AFTER)
    memory = ScrapeMemory(failures, memory.held)
    if failures < BREAKS_AFTER:
        because = f"failed once, asking again: {evidence.because}"
        return Judged(Verdict(State.WAITING, because, evidence.says, LIMIT), memory)
    return Judged(Verdict(State.BROKEN, evidence.because, evidence.says, LIMIT), memory)


def _standing(memory: ScrapeMemory) -> Verdict:
    if memory.failures >= BREAKS_AFTER:
        return Verdict(State.BROKEN, "down when last asked", "", LIMIT)
    if memory.failures:
        return Verdict(State.WAITING, "failed once, asking again", "", LIMIT)
    if memory.held:
        return Verdict(State.HOLDS, "up when last asked", "", LIMIT)
    return Verdict(State.UNKNOWN, "not asked yet", "", LIMIT)


def _value(evidence: Evidence) -> str:
    values = dict(evidence.values)
    return f"{values['samples']:,.0f} samples" if "samples" in values else evidence.because
