"""When a task is due, done, and overdue. Time alone breaks it: a task nobody does needs no evidence to be overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from opsguide.core.facts import QuantityMeasured
from opsguide.core.nouns import Judged, State, Verdict
from opsguide.core.units import said
from opsguide.engines.calendar import next_due, previous_due

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.task.spec import Task, TaskMemory

TICKED = "task.ticked"
MEASURED = "quantity.measured"


def judge(claim: Claim[Task], memory: TaskMemory, evidence: Evidence | None, now: float) -> Judged[TaskMemory]:
    """Done since it was last due: holds. Due and not done: waiting. Still not done when due again: broken."""
    spec = claim.spec
    due = previous_due(spec.cron, spec.tz, now)
    following = next_due(spec.cron, spec.tz, now)
    if due is None or following is None:
        return Judged(Verdict(State.UNKNOWN, f"{spec.cron} is never due"), memory)
    memory = memory if memory.first_seen else replace(memory, first_seen=now)
    memory = _done(spec, memory, evidence, due)
    return Judged(_verdict(spec, memory, due, following), memory, look_again_at=following)


def _done(spec: Task, memory: TaskMemory, evidence: Evidence | None, due: float) -> TaskMemory:
    """A person's tick always counts; a measurement does where nobody was needed, once for each time it is due."""
    if evidence is None:
        return memory
    if evidence.topic == TICKED:
        return replace(memory, last_done=evidence.at, by=evidence.by or "somebody")
    measured = isinstance(evidence.fact, QuantityMeasured) and evidence.fact.quantity == spec.machine
    waits = memory.last_done < due and memory.first_seen <= evidence.at
    if evidence.topic == MEASURED and spec.machine and measured and waits and evidence.at >= due:
        assert isinstance(evidence.fact, QuantityMeasured)
        value = said(evidence.fact.value, evidence.fact.unit)
        return replace(memory, last_done=evidence.at, by=f"measured by {evidence.claim}: {spec.machine} {value}")
    return memory


def _verdict(spec: Task, memory: TaskMemory, due: float, following: float) -> Verdict:
    due_again = _clock(following, spec.tz)
    limit = f"before {due_again}"
    if memory.last_done >= due:
        return Verdict(
            State.HOLDS, f"done {_clock(memory.last_done, spec.tz)}, {_by(memory)}; due again {due_again}", limit=limit
        )
    if memory.first_seen > due:
        done = f"; done early {_clock(memory.last_done, spec.tz)}, {_by(memory)}" if memory.last_done else ""
        state = State.HOLDS if memory.last_done else State.WAITING
        return Verdict(state, f"first due {due_again}{done}", limit=limit)
    earlier = previous_due(spec.cron, spec.tz, due - 1.0)
    missed = earlier is not None and memory.first_seen <= earlier and memory.last_done < earlier
    if missed and earlier is not None:
        last = (
            f"last done {_clock(memory.last_done, spec.tz)}"
            if memory.last_done
            else "never done since it was first seen"
        )
        because = (
            f"overdue: due {_clock(earlier, spec.tz)}, not done when it was due again {_clock(due, spec.tz)}; {last}"
        )
        return Verdict(State.BROKEN, because, limit=f"before {_clock(due, spec.tz)}")
    return Verdict(State.WAITING, f"due since {_clock(due, spec.tz)}; overdue {due_again}", limit=limit)


def _by(memory: TaskMemory) -> str:
    return memory.by if memory.by.startswith("measured") else f"by {memory.by}"


def _clock(at: float, tz: str) -> str:
    zone = UTC if tz == "UTC" else ZoneInfo(tz)
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M} {tz}"
