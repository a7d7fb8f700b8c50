from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.alarm import claim_broken
from opsguide.core.facts import AlertChanged
from opsguide.core.machine import Signal
from opsguide.core.nouns import ABSENT, Judged, State, Verdict

from .spec import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Claim, Evidence, Flip

    from .spec import Toy


def judge(claim: Claim[Toy], memory: Memory, evidence: Evidence | None, now: float) -> Judged[Memory]:
    spec = claim.spec
    if spec.fails == "judge":
        raise RuntimeError("planted in judge")
    if evidence is not None and evidence.topic == "task.ticked":
        memory = replace(memory, ticked_at=evidence.at)
    if spec.due_s:
        return _due(spec, memory, now)
    if evidence is not None and evidence.claim != claim.id:
        heard = replace(memory, heard=evidence.says)
        return Judged(Verdict(State.HOLDS if evidence.ok else State.BROKEN, f"heard {evidence.says}"), heard)
    if evidence is not None and evidence.says == "poison":
        raise RuntimeError("planted in judge")
    if evidence is not None and evidence.says == "greedy":
        return Judged(Verdict(State.HOLDS, ""), replace(memory, many="x" * 5000))
    if evidence is not None and (evidence.ok or evidence.says == ABSENT):
        verdict = Verdict(State.HOLDS, evidence.because or "ok")
        return Judged(verdict, Memory(), forget=evidence.says == ABSENT)
    if evidence is None and memory.bad_since is None:
        return Judged(Verdict(State.UNKNOWN, "not looked at yet"), memory)
    return _bad(spec, memory, evidence, now)


def _due(spec: Toy, memory: Memory, now: float) -> Judged[Memory]:
    if memory.ticked_at is not None and now < memory.ticked_at + spec.due_s:
        return Judged(Verdict(State.HOLDS, "done"), memory, memory.ticked_at + spec.due_s)
    return Judged(Verdict(State.BROKEN, "overdue"), memory)


def _bad(spec: Toy, memory: Memory, evidence: Evidence | None, now: float) -> Judged[Memory]:
    since = now if memory.bad_since is None else memory.bad_since
    memory = replace(memory, bad_since=since)
    because = evidence.because if evidence is not None else "still bad"
    if now >= since + spec.for_s:
        return Judged(Verdict(State.BROKEN, because), memory)
    return Judged(Verdict(State.WAITING, because), memory, since + spec.for_s)


def react(claim: Claim[Toy], flip: Flip) -> Iterable[Effect]:
    if claim.spec.fails == "react":
        raise RuntimeError("planted in react")
    if claim.spec.alarm == "broken":
        for effect in claim_broken(claim, flip, claim.spec.severity):
            yield Signal("toy", effect.event) if isinstance(effect, Signal) else effect
        return
    if claim.spec.alarm == "none":
        return
    ends = flip.after is State.HOLDS
    if ends or flip.after is State.BROKEN:
        named = {"alertname": claim.spec.name, "severity": claim.spec.severity, **dict(flip.labels)}
        labels = tuple(sorted(named.items()))
        said = (("summary", flip.because),)
        at = flip.at
        event = AlertChanged(labels, said, at, at if ends else 0.0, claim.id, inferred=claim.inferred)
        yield Signal("toy", event)
