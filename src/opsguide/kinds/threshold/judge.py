"""Folds measurements into a verdict: the `for` clock, and what is blind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, State, Verdict
from opsguide.core.units import said
from opsguide.kinds.threshold.read import limit_of
from opsguide.kinds.threshold.run import BLIND, INSIDE, OUTSIDE, UNBOUND
from opsguide.kinds.threshold.spec import Threshold, ThresholdMemory

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence

BLIND_S = 300.0
"""A gap up to this long, or a tenth of `for`, does not stop the clock; a longer one does: nothing was seen to last."""


def judge(
    claim: Claim[Threshold], memory: ThresholdMemory, evidence: Evidence | None, now: float
) -> Judged[ThresholdMemory]:
    """Inside: holds. Outside: waiting while the clock runs, then broken. Blind: unknown; what was broken is kept."""
    spec = claim.spec
    if evidence is None:
        return Judged(Verdict(State.UNKNOWN, "not measured yet", limit=limit_of(spec)), memory)
    if evidence.says == OUTSIDE:
        return _outside(spec, memory, evidence, now)
    if evidence.says == INSIDE:
        return Judged(_verdict(State.HOLDS, spec, evidence), ThresholdMemory())
    if evidence.says == UNBOUND:
        return Judged(_verdict(State.UNBOUND, spec, evidence), _blind(spec, memory, now))
    if evidence.says == BLIND:
        return Judged(_verdict(State.UNKNOWN, spec, evidence), _blind(spec, memory, now))
    because = evidence.because or f"could not be measured: {evidence.says}"
    return Judged(Verdict(State.UNKNOWN, because, limit=limit_of(spec)), _blind(spec, memory, now))


def _outside(spec: Threshold, memory: ThresholdMemory, evidence: Evidence, now: float) -> Judged[ThresholdMemory]:
    if memory.blind_since and not memory.broken and now - memory.blind_since > _bridged_s(spec):
        memory = ThresholdMemory()
    since = memory.outside_since or now
    lasted_s, for_s = now - since, spec.for_s or 0.0
    broken = memory.broken or lasted_s >= for_s
    kept = ThresholdMemory(outside_since=since, broken=broken)
    if broken:
        return Judged(_verdict(State.BROKEN, spec, evidence), kept)
    waiting = _verdict(State.WAITING, spec, evidence)
    because = f"outside, and broken once that has lasted {said(for_s, 'seconds')}; {waiting.because}"
    return Judged(replace(waiting, because=because), kept)


def _blind(spec: Threshold, memory: ThresholdMemory, now: float) -> ThresholdMemory:
    """Memory changes at the start of a gap and when the gap is too long, not with every look."""
    if not memory.outside_since or memory.broken:
        return memory
    if not memory.blind_since:
        return replace(memory, blind_since=now)
    return ThresholdMemory() if now - memory.blind_since > _bridged_s(spec) else memory


def _bridged_s(spec: Threshold) -> float:
    return max(BLIND_S, (spec.for_s or 0.0) / 10.0)


def _verdict(state: State, spec: Threshold, evidence: Evidence) -> Verdict:
    value = ""
    if evidence.values:
        name, number = evidence.values[0]
        value = said(number, name.removeprefix("value").removeprefix("_"))
    return Verdict(state, evidence.because, value=value, limit=limit_of(spec))
