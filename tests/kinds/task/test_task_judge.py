"""A task's life by the calendar: first seen, due, done, overdue; by a person, by a measurement, by time alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import House, claims_of, plan_of

from opsguide.core.facts import AlertChanged, QuantityMeasured, TaskTicked
from opsguide.core.machine import Signal
from opsguide.core.nouns import Calendar, Claim, Evidence, Flip, Judged, State, Want
from opsguide.kinds.task import KIND
from opsguide.kinds.task.spec import TaskMemory

if TYPE_CHECKING:
    from collections.abc import Iterable

GUIDE = "# G\n\n## Daily (9:00 AM)\n\n- [ ] Review logs\n- [ ] Check disk space\n"


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def task(subject: str = "Review logs") -> Claim[Any]:
    return next(claim for claim in claims_of(KIND, GUIDE) if claim.subject == subject)


def tick(when: str, by: str = "ann") -> Evidence:
    return Evidence("t", "", at(when), ok=True, says="ticked", topic="task.ticked", fact=TaskTicked(""), by=by)


def measured(when: str, quantity: str = "disk usage") -> Evidence:
    fact = QuantityMeasured(quantity, 0.71, "ratio")
    return Evidence("threshold-disk", "", at(when), ok=True, says="inside", topic="quantity.measured", fact=fact)


def live(claim: Claim[Any], story: Iterable[str | Evidence]) -> list[Judged[TaskMemory]]:
    """A moment is time alone, evidence comes at its own time."""
    memory, found = TaskMemory(), []
    for step in story:
        judged = (
            KIND.judge(claim, memory, None, at(step))
            if isinstance(step, str)
            else KIND.judge(claim, memory, step, step.at)
        )
        memory = judged.memory
        found.append(judged)
    return found


def states(claim: Claim[Any], *story: str | Evidence) -> list[State]:
    return [judged.verdict.state for judged in live(claim, story)]


def test_first_seen_after_it_was_due_it_waits_for_the_next_due_time() -> None:
    assert states(task(), "2026-03-02T10:00", "2026-03-03T08:59") == [State.WAITING, State.WAITING]
    (judged,) = live(task(), ["2026-03-02T10:00"])
    assert judged.look_again_at == at("2026-03-03T09:00")
    assert "first due 2026-03-03 09:00 UTC" in judged.verdict.because


def test_the_planted_break_a_task_that_nobody_does_is_overdue_when_it_is_due_again() -> None:
    story: list[str | Evidence] = ["2026-03-02T10:00", "2026-03-03T09:00", "2026-03-04T08:59", "2026-03-04T09:00"]
    assert states(task(), *story) == [State.WAITING, State.WAITING, State.WAITING, State.BROKEN]
    verdict = live(task(), story)[-1].verdict
    assert "never done" in verdict.because
    assert verdict.limit == "before 2026-03-04 09:00 UTC"


def test_a_tick_makes_it_hold_until_it_is_due_again() -> None:
    story: list[str | Evidence] = [
        "2026-03-02T10:00",
        "2026-03-03T09:00",
        tick("2026-03-03T09:30"),
        "2026-03-04T08:59",
        "2026-03-04T09:00",
    ]
    assert states(task(), *story) == [State.WAITING, State.WAITING, State.HOLDS, State.HOLDS, State.WAITING]
    assert "by ann" in live(task(), story)[2].verdict.because


def test_an_overdue_task_stays_broken_until_somebody_does_it() -> None:
    story: list[str | Evidence] = [
        "2026-03-02T10:00",
        "2026-03-04T09:00",
        "2026-03-07T09:00",
        tick("2026-03-07T12:00"),
        "2026-03-08T09:00",
    ]
    assert states(task(), *story) == [State.WAITING, State.BROKEN, State.BROKEN, State.HOLDS, State.WAITING]


def test_done_early_holds_and_counts_for_no_later_due_time() -> None:
    story: list[str | Evidence] = ["2026-03-02T10:00", tick("2026-03-02T11:00"), "2026-03-03T09:00", "2026-03-04T09:00"]
    assert states(task(), *story) == [State.WAITING, State.HOLDS, State.WAITING, State.BROKEN]


def test_a_measurement_after_the_due_time_does_a_task_that_it_answers() -> None:
    story: list[str | Evidence] = [
        "2026-03-02T10:00",
        measured("2026-03-02T10:01"),
        "2026-03-03T09:00",
        measured("2026-03-03T09:00:15"),
    ]
    found = live(task("Check disk space"), story)
    assert [judged.verdict.state for judged in found][2:] == [State.WAITING, State.HOLDS]
    assert "measured by threshold-disk: disk usage 71 %" in found[-1].verdict.because


def test_the_second_measurement_of_a_day_changes_nothing_so_that_nothing_is_written() -> None:
    story: list[str | Evidence] = ["2026-03-02T10:00", measured("2026-03-03T09:00:15"), measured("2026-03-03T09:00:30")]
    first, second = live(task("Check disk space"), story)[1:]
    assert first == second


def test_a_measurement_of_something_else_or_of_a_persons_task_does_nothing() -> None:
    assert (
        states(task("Check disk space"), "2026-03-02T10:00", measured("2026-03-03T09:01", "cpu usage"))[-1]
        is State.WAITING
    )
    assert states(task(), "2026-03-02T10:00", measured("2026-03-03T09:01"))[-1] is State.WAITING


def test_it_wants_the_measurement_and_is_due_by_the_calendar() -> None:
    plan = plan_of(KIND, task("Check disk space"))
    assert plan.wants == (Want("quantity.measured", "disk usage"),)
    assert [job.schedule for job in plan.jobs] == [Calendar("0 9 * * *", "UTC")]
    assert plan_of(KIND, task()).wants == ()


def test_running_the_calendar_job_says_that_it_is_due_and_does_nothing() -> None:
    (seen,) = House(KIND).look(task())
    assert (seen.says, seen.ok, seen.topic) == ("due", True, "")
    assert KIND.judge(task(), TaskMemory(first_seen=1.0), seen, seen.at).memory.last_done == 0.0


def test_the_clock_is_told_in_the_tasks_own_zone() -> None:
    (claim,) = claims_of(KIND, "# G\n\n## Daily (9:00 AM Europe/Berlin)\n\n- [ ] Look\n")
    verdict = KIND.judge(claim, TaskMemory(), None, at("2026-03-28T12:00")).verdict
    assert "2026-03-29 09:00 Europe/Berlin" in verdict.because


@pytest.mark.parametrize(("after", "effects"), [(State.BROKEN, 1), (State.HOLDS, 1), (State.WAITING, 0)])
def test_an_overdue_task_is_a_warning(after: State, effects: int) -> None:
    found = list(KIND.react(task(), Flip("t", "", 1, 5.0, State.WAITING, after, "overdue")))
    assert len(found) == effects
    for effect in found:
        assert isinstance(effect, Signal)
        assert isinstance(effect.event, AlertChanged)
        assert dict(effect.event.labels)["severity"] == "warning"


def test_memory_survives_as_json() -> None:
    memory = live(task(), ["2026-03-02T10:00", tick("2026-03-03T09:30")])[-1].memory
    assert msgspec.json.decode(msgspec.json.encode(memory), type=TaskMemory) == memory


@given(st.lists(st.tuples(st.integers(1, 200_000), st.sampled_from(["time", "tick", "measure"])), max_size=30))
def test_a_tick_always_makes_it_hold_and_time_alone_never_does(story: list[tuple[int, str]]) -> None:
    claim, memory, now, before = task("Check disk space"), TaskMemory(), at("2026-03-02T10:00"), State.WAITING
    for step, what in story:
        now += step
        seen = None if what == "time" else Evidence("x", "", now, ok=True, says=what, topic="task.ticked", by="ann")
        judged = KIND.judge(claim, memory, seen, now)
        memory, state = judged.memory, judged.verdict.state
        assert judged.look_again_at is not None
        assert judged.look_again_at > now
        assert seen is None or state is State.HOLDS
        assert not (seen is None and before is State.BROKEN and state is not State.BROKEN)
        before = state
