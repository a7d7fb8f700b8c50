"""From what the expression gave to waiting, firing and not firing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.nouns import ABSENT, Judged, State, Verdict
from opsguide.core.units import prometheus_duration, said
from opsguide.kinds.alert.spec import AlertMemory

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.alert.spec import AlertSpec

ACTIVE = "active"
SLACK_S = 0.1
"""An evaluation that comes this much early still counts for `for`, so that jitter does not cost a whole interval."""


def judge(claim: Claim[AlertSpec], memory: AlertMemory, evidence: Evidence | None, now: float) -> Judged[AlertMemory]:
    """Fold what one evaluation said of a label set, or of the rule as a whole (no label set).

    The `for` clock starts with the first evaluation that gives the label set and stands in memory, so neither a crash
    nor a blind evaluation starts it again. A blind evaluation calls no roll: what fires goes on firing.
    """
    if evidence is not None and not evidence.subject:
        return Judged(_whole(evidence), memory)
    if evidence is None:
        return _by_time(claim.spec, memory, now)
    if evidence.says == ACTIVE:
        return _active(claim.spec, memory, evidence)
    if evidence.says == ABSENT:
        return _gone(claim.spec, memory, evidence.at)
    return Judged(_standing(claim.spec, memory), memory)


def _whole(evidence: Evidence) -> Verdict:
    """The rule without its label sets: whether it could see. It is never broken by itself."""
    states = {"clear": State.HOLDS, ACTIVE: State.HOLDS, "unbound": State.UNBOUND}
    return Verdict(states.get(evidence.says, State.UNKNOWN), evidence.because)


def _active(spec: AlertSpec, memory: AlertMemory, evidence: Evidence) -> Judged[AlertMemory]:
    at = evidence.at
    memory = replace(memory, active_at=memory.active_at or at, gone_at=0.0)
    if not memory.fired_at and at - memory.active_at >= (spec.for_s or 0.0) - SLACK_S:
        memory = replace(memory, fired_at=at)
    verdict = _standing(spec, memory)
    return Judged(replace(verdict, value=_value(spec, evidence), limit=_limit(spec)), memory)


def _gone(spec: AlertSpec, memory: AlertMemory, at: float) -> Judged[AlertMemory]:
    keep_s = spec.keep_firing_for_s or 0.0
    if not memory.fired_at or not keep_s:
        return Judged(Verdict(State.HOLDS, "not firing any more"), AlertMemory(), forget=True)
    return _by_time(spec, replace(memory, gone_at=memory.gone_at or at), at)


def _by_time(spec: AlertSpec, memory: AlertMemory, now: float) -> Judged[AlertMemory]:
    """Only `keep_firing_for` ends by time alone; `for` needs an evaluation that still gives the label set."""
    if not memory.active_at:
        return Judged(Verdict(State.UNKNOWN, "not evaluated yet"), memory)
    ends_at = memory.gone_at + (spec.keep_firing_for_s or 0.0) if memory.gone_at else None
    if ends_at is not None and now >= ends_at:
        return Judged(Verdict(State.HOLDS, "not firing any more"), AlertMemory(), forget=True)
    return Judged(_standing(spec, memory), memory, ends_at)


def _standing(spec: AlertSpec, memory: AlertMemory) -> Verdict:
    if memory.gone_at:
        kept = prometheus_duration(spec.keep_firing_for_s or 0.0)
        return Verdict(State.BROKEN, f"kept firing for {kept} after it ended")
    if memory.fired_at:
        lasted = f" for {prometheus_duration(spec.for_s)}" if spec.for_s else ""
        return Verdict(State.BROKEN, f"firing: true{lasted}")
    if memory.active_at:
        return Verdict(State.WAITING, f"true, but not yet for {prometheus_duration(spec.for_s or 0.0)}")
    return Verdict(State.UNKNOWN, "not evaluated yet")


def _value(spec: AlertSpec, evidence: Evidence) -> str:
    if not evidence.values:
        return ""
    value = evidence.values[0][1]
    return said(value, spec.unit or "")


def _limit(spec: AlertSpec) -> str:
    if spec.op is None or spec.value is None:
        return ""
    return f"{spec.op} {said(spec.value, spec.unit or '')}"
