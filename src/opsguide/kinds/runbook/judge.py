"""Folds what a look found, which alerts fired, and what came of the steps that ran."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.facts import AlertSeen
from opsguide.core.machine import RunJob
from opsguide.core.nouns import ABSENT, Judged, State, Verdict
from opsguide.kinds.runbook.phases import fits

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.runbook.spec import Runbook, RunbookMemory

FIRED = "alert.fired"
ASSESSED = "runbook.assessed"
ASSESS = "assess"
MISSING = "missing"
AGAIN_AFTER_S = 300.0
"""An alert that fires for many label sets at once, or flaps, opens its runbook once."""


def judge(claim: Claim[Runbook], memory: RunbookMemory, evidence: Evidence | None, now: float) -> Judged[RunbookMemory]:
    """Holds while everything that its commands need is there; what they find does not turn it."""
    del now
    if evidence is None or evidence.says == ABSENT:
        return Judged(_verdict(claim, memory), memory)
    if evidence.topic == FIRED:
        return _fired(claim, memory, evidence)
    if evidence.topic == ASSESSED:
        memory = replace(memory, ran=evidence.because[:300], ran_at=evidence.at)
    elif evidence.claim == claim.id and not evidence.topic:
        memory = replace(memory, found=evidence.because[:1000], missing=not evidence.ok)
    return Judged(_verdict(claim, memory), memory)


def _fired(claim: Claim[Runbook], memory: RunbookMemory, evidence: Evidence) -> Judged[RunbookMemory]:
    seen = evidence.fact
    ours = isinstance(seen, AlertSeen) and seen.firing and any(fits(one, seen.name) for one in claim.spec.alerts)
    if not ours or (memory.asked_at and evidence.at - memory.asked_at < AGAIN_AFTER_S):
        return Judged(_verdict(claim, memory), memory)
    assert isinstance(seen, AlertSeen)
    memory = replace(memory, asked_at=evidence.at, alert=seen.name, ran="", ran_at=0.0)
    effects = (RunJob(claim.id, ASSESS),) if claim.spec.command else ()
    return Judged(_verdict(claim, memory), memory, effects=effects)


def _verdict(claim: Claim[Runbook], memory: RunbookMemory) -> Verdict:
    if not claim.spec.programs:
        return Verdict(State.HOLDS, "it names no command that could be missing; a person works it" + _opened(memory))
    if not memory.found:
        return Verdict(State.UNKNOWN, "not looked at yet" + _opened(memory))
    state = State.BROKEN if memory.missing else State.HOLDS
    return Verdict(state, memory.found + _opened(memory))


def _opened(memory: RunbookMemory) -> str:
    if not memory.alert:
        return ""
    return f"; last opened by {memory.alert}" + (f": {memory.ran}" if memory.ran else "")
