"""Folds a link's evidence: a file is there or not; an address is broken after two failures in a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import ABSENT, Judged, State, Verdict
from opsguide.kinds.link.spec import LinkMemory

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.link.spec import LinkSpec

WEB_BREAKS_AFTER = 2
FILE_BREAKS_AFTER = 1
# A file outside the guide's folder may be there and still not be opsguide's to read.
_BLIND = frozenset({"denied"})


def judge(claim: Claim[LinkSpec], memory: LinkMemory, evidence: Evidence | None, now: float) -> Judged[LinkMemory]:
    """A web server has bad moments, a missing file has none."""
    del now
    breaks_after = WEB_BREAKS_AFTER if claim.spec.web else FILE_BREAKS_AFTER
    if evidence is None:
        return Judged(_standing(memory, breaks_after), memory)
    if evidence.says == ABSENT:
        return Judged(Verdict(State.HOLDS, "no longer looked at"), LinkMemory(), forget=True)
    if evidence.ok:
        return Judged(Verdict(State.HOLDS, evidence.because), LinkMemory(0, held=True))
    if evidence.says in _BLIND:
        return Judged(Verdict(State.UNKNOWN, evidence.because), memory)
    failures = min(memory.failures + 1, breaks_after)
    memory = LinkMemory(failures, memory.held)
    if failures < breaks_after:
        return Judged(Verdict(State.WAITING, f"failed once, looking again: {evidence.because}"), memory)
    return Judged(Verdict(State.BROKEN, evidence.because), memory)


def _standing(memory: LinkMemory, breaks_after: int) -> Verdict:
    if memory.failures >= breaks_after:
        return Verdict(State.BROKEN, "not found when last looked at")
    if memory.failures:
        return Verdict(State.WAITING, "failed once, looking again")
    if memory.held:
        return Verdict(State.HOLDS, "found when last looked at")
    return Verdict(State.UNKNOWN, "not looked at yet")
