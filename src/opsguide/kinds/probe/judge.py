"""Folds a probe's evidence: broken after two failures in a row, holding again after one success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import ABSENT, Judged, State, Verdict
from opsguide.core.units import said
from opsguide.kinds.probe.spec import ProbeMemory

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.probe.spec import ProbeSpec

BREAKS_AFTER = 2
# These say that nobody looked; they neither count as a failure nor end one.
_BLIND = {"untrusted": State.UNBOUND, "unasked": State.UNKNOWN}


def judge(claim: Claim[ProbeSpec], memory: ProbeMemory, evidence: Evidence | None, now: float) -> Judged[ProbeMemory]:
    """One failure waits for a second look, so that a single lost packet wakes nobody."""
    del now
    limit = f"status {claim.spec.expect_status}" if claim.spec.expect_status else "status below 400"
    limit = "exit code 0" if claim.spec.command else limit
    if evidence is None:
        return Judged(_standing(memory, limit), memory)
    if evidence.says == ABSENT:
        return Judged(Verdict(State.HOLDS, "no longer looked at"), ProbeMemory(), forget=True)
    if evidence.says in _BLIND:
        return Judged(Verdict(_BLIND[evidence.says], evidence.because, "", limit), memory)
    value = _value(evidence)
    if evidence.ok:
        return Judged(Verdict(State.HOLDS, evidence.because, value, limit), ProbeMemory(0, held=True))
    failures = min(memory.failures + 1, BREAKS_AFTER)
    memory = ProbeMemory(failures, memory.held)
    if failures < BREAKS_AFTER:
        because = f"failed once, looking again: {evidence.because}"
        return Judged(Verdict(State.WAITING, because, value, limit), memory)
    return Judged(Verdict(State.BROKEN, evidence.because, value, limit), memory)


def _standing(memory: ProbeMemory, limit: str) -> Verdict:
    if memory.failures >= BREAKS_AFTER:
        return Verdict(State.BROKEN, "failed when last looked at", "", limit)
    if memory.failures:
        return Verdict(State.WAITING, "failed once, looking again", "", limit)
    if memory.held:
        return Verdict(State.HOLDS, "passed when last looked at", "", limit)
    return Verdict(State.UNKNOWN, "not looked at yet", "", limit)


def _value(evidence: Evidence) -> str:
    values = dict(evidence.values)
    return said(values["duration_seconds"], "seconds") if "duration_seconds" in values else evidence.says
