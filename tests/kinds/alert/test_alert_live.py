"""An alert evaluated, judged and raised."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.block import Place
from opsguide.core.facts import AlertChanged, AlertSeen
from opsguide.core.kind import Batch
from opsguide.core.machine import Record, Signal
from opsguide.core.nouns import ABSENT, Claim, Evidence, Flip, State
from opsguide.core.ports import Answer, Blind, Metric, Point, WorldFault
from opsguide.kinds.alert import KIND
from opsguide.kinds.alert.judge import judge
from opsguide.kinds.alert.spec import AlertMemory, AlertSpec, Recording
from opsguide.world.sim.world import SimSeries, SimWorld

if TYPE_CHECKING:
    from collections.abc import Sequence


RULE = AlertSpec(
    "Slow",
    "latency > 2",
    for_s=60.0,
    labels={"severity": "warning", "where": "{{ $labels.instance }}"},
    annotations={"summary": "{{ $labels.instance }}: {{ $value }}"},
)
POINT = Point((("__name__", "latency"), ("instance", "a")), 2.5)
SUBJECT = '{alertname="Slow",instance="a",severity="warning",where="a"}'


def claim(spec: AlertSpec = RULE, name: str = "alert-slow") -> Claim[AlertSpec]:
    return Claim("alert", spec.name, spec.name, Place("g.md", 5, 5), spec, "u", id=name, inferred=spec.expr is None)


def seen(sim: SimWorld, *claims: Claim[AlertSpec]) -> Sequence[Evidence]:
    jobs = tuple((one, KIND.plan(one).jobs[0]) for one in claims or (claim(),))
    return asyncio.run(KIND.run(Batch("rules", jobs), sim.world))


def sim(answer: Answer, expr: str = "latency > 2") -> SimWorld:
    made = SimWorld()
    made.series.answers[expr] = answer
    return made


def test_every_element_of_the_answer_is_an_alert_with_its_labels_and_annotations() -> None:
    element, whole = seen(sim(Answer((POINT,))))
    assert (element.subject, element.says, element.values) == (SUBJECT, "active", (("value", 2.5),))
    assert dict(element.labels) == {"alertname": "Slow", "instance": "a", "severity": "warning", "where": "a"}
    assert element.annotations == (("summary", "a: 2.5"),)
    assert (whole.subject, whole.says, whole.roll) == ("", "active", (SUBJECT,))


def test_no_element_is_clear() -> None:
    (whole,) = seen(sim(Answer(())))
    assert (whole.says, whole.ok, whole.roll) == ("clear", True, ())


def test_blindness_names_its_selectors_and_calls_no_roll() -> None:
    (whole,) = seen(sim(Answer((), (Blind("latency", "its target is down"),))))
    assert (whole.says, whole.ok, whole.roll) == ("blind", False, None)
    assert whole.because == "latency: its target is down"


def test_where_only_some_targets_are_lost_the_roll_is_called_for_the_others() -> None:
    lost = Blind("latency", "target b is down", (("__name__", "latency"), ("instance", "b")))
    element, whole = seen(sim(Answer((POINT,), partly=(lost,))))
    assert (whole.says, whole.roll) == ("blind", (element.subject,))
    assert whole.spared == ((("instance", "b"),),)
    assert whole.because == "latency: target b is down"


def test_an_expression_that_fails_and_a_store_that_fails_are_said() -> None:
    (whole,) = seen(sim(Answer((), error="many-to-many matching")))
    assert (whole.says, whole.because) == ("error", "many-to-many matching")
    broken = SimWorld(series=_Broken())
    (whole,) = seen(broken)
    assert (whole.says, whole.because) == ("error", "no answer")


class _Broken(SimSeries):
    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        raise WorldFault("timeout", "no answer")


def test_two_elements_that_become_the_same_alert_are_an_error() -> None:
    twice = Point((("__name__", "other"), ("instance", "a")), 9.0)
    (whole,) = seen(sim(Answer((POINT, twice))))
    assert whole.says == "error"


def test_a_batch_asks_once_and_words_are_bound_to_what_is_scraped() -> None:
    words = AlertSpec("LowMemory", quantity="free disk space", op="<", value=0.1, unit="ratio", severity="warning")
    nobody = AlertSpec("Odd", quantity="happiness of users", op="<", value=0.1, unit="ratio")
    made = sim(Answer((POINT,)))
    labels = {"mountpoint": ("/",), "fstype": ("ext4",)}
    for name in ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"):
        made.series.metrics[name] = Metric(name, "gauge", 1, 0.0, labels)
    found = seen(made, claim(), claim(words, "w"), claim(nobody, "n"))
    assert [one.claim for one in found] == ["alert-slow", "alert-slow", "w", "n"]
    assert "node_filesystem" in found[2].because
    assert found[3].says == "unbound"
    assert "would take" in found[3].because


def test_recordings_are_evaluated_in_order_before_the_alerts() -> None:
    spec = replace(RULE, group="g", recordings=(Recording("a:b", "sum(x)", {"k": "v"}), Recording("c:d", "a:b * 2")))
    made = sim(Answer(()))
    made.series.answers["sum(x)"] = Answer((Point((("__name__", "x"), ("z", "1")), 3.0),))
    made.series.answers["a:b * 2"] = Answer((), error="broken")
    seen(made, claim(spec), claim(replace(spec, name="Other"), "other"))
    ((target, _, samples),) = made.series.appended
    assert (target.key, list(samples.keys), list(samples.values)) == ("rule:g:a:b", ['a:b{k="v",z="1"}'], [3.0])


def test_the_for_clock_runs_through_evaluations_and_survives_in_memory() -> None:
    element = Evidence("c", SUBJECT, 100.0, ok=False, says="active", values=(("value", 2.5),))
    first = judge(claim(), AlertMemory(), element, 100.0)
    assert (first.verdict.state, first.verdict.value) == (State.WAITING, "2.5")
    again = judge(claim(), first.memory, replace(element, at=130.0), 130.0)
    assert again.memory == first.memory
    fired = judge(claim(), again.memory, replace(element, at=160.0), 160.0)
    assert fired.verdict.state is State.BROKEN
    assert fired.memory == AlertMemory(100.0, 160.0)
    assert judge(claim(), fired.memory, replace(element, at=175.0), 175.0).memory == fired.memory


def test_without_for_it_fires_at_once_and_what_is_gone_is_forgotten() -> None:
    spec = replace(RULE, for_s=None)
    element = Evidence("c", SUBJECT, 100.0, ok=False, says="active")
    fired = judge(claim(spec), AlertMemory(), element, 100.0)
    assert fired.verdict.state is State.BROKEN
    gone = judge(claim(spec), fired.memory, replace(element, says=ABSENT, at=115.0), 115.0)
    assert (gone.verdict.state, gone.forget) == (State.HOLDS, True)


def test_keep_firing_for_holds_the_alert_and_ends_by_time_alone() -> None:
    spec = replace(RULE, for_s=None, keep_firing_for_s=60.0)
    memory = AlertMemory(100.0, 100.0)
    absent = Evidence("c", SUBJECT, 115.0, ok=True, says=ABSENT)
    kept = judge(claim(spec), memory, absent, 115.0)
    assert (kept.verdict.state, kept.look_again_at, kept.forget) == (State.BROKEN, 175.0, False)
    assert judge(claim(spec), kept.memory, replace(absent, at=130.0), 130.0).memory == kept.memory
    ended = judge(claim(spec), kept.memory, None, 175.0)
    assert (ended.verdict.state, ended.forget) == (State.HOLDS, True)
    back = judge(claim(spec), kept.memory, replace(absent, says="active", at=140.0), 140.0)
    assert back.memory == AlertMemory(100.0, 100.0)


def test_time_alone_fires_nothing() -> None:
    waiting = judge(claim(), AlertMemory(active_at=100.0), None, 900.0)
    assert waiting.verdict.state is State.WAITING


def test_the_rule_itself_holds_where_it_sees_and_is_unknown_where_it_is_blind() -> None:
    states = {
        says: judge(claim(), AlertMemory(), Evidence("c", "", 1.0, ok=True, says=says, because="b"), 1.0).verdict.state
        for says in ("clear", "active", "blind", "error", "unbound")
    }
    assert states == {
        "clear": State.HOLDS,
        "active": State.HOLDS,
        "blind": State.UNKNOWN,
        "error": State.UNKNOWN,
        "unbound": State.UNBOUND,
    }
    assert judge(claim(), AlertMemory(), None, 1.0).verdict.state is State.UNKNOWN


def raised(before: State, after: State, subject: str = SUBJECT) -> list[AlertChanged]:
    flip = Flip("c", subject, 1, 50.0, before, after, "b", (("alertname", "Slow"),), (("summary", "s"),))
    effects = list(KIND.react(claim(), flip))
    told = [effect for effect in effects if not isinstance(effect, Record)]
    assert all(isinstance(effect, Signal) and effect.machine == "routing" for effect in told)
    return [e.event for e in effects if isinstance(e, Signal) and isinstance(e.event, AlertChanged)]


def test_a_flip_to_broken_raises_the_alert_and_back_to_holds_ends_it() -> None:
    (fires,) = raised(State.WAITING, State.BROKEN)
    assert (fires.starts_at, fires.ends_at, fires.claim, fires.inferred) == (50.0, 0.0, "alert-slow", False)
    (ends,) = raised(State.BROKEN, State.HOLDS)
    assert ends.ends_at == 50.0


def test_whoever_acts_on_alerts_hears_of_its_beginning_and_its_end() -> None:
    labels = (("alertname", "Slow"),)
    flips = [(State.WAITING, State.BROKEN), (State.BROKEN, State.HOLDS), (State.BROKEN, State.UNKNOWN)]
    effects = [e for b, a in flips for e in KIND.react(claim(), Flip("c", SUBJECT, 1, 50.0, b, a, "b", labels))]
    heard = [e.evidence for e in effects if isinstance(e, Record)]
    assert [(one.claim, one.topic, one.scope, one.says) for one in heard] == [
        ("", "alert.fired", "Slow", "firing"),
        ("", "alert.fired", "Slow", "ended"),
    ]
    assert [one.fact for one in heard] == [AlertSeen("Slow", labels, firing=began) for began in (True, False)]


def test_nothing_else_raises_or_ends_anything() -> None:
    assert raised(State.WAITING, State.HOLDS) == []
    assert raised(State.UNKNOWN, State.WAITING) == []
    assert raised(State.BROKEN, State.UNKNOWN) == []
    assert raised(State.UNKNOWN, State.BROKEN, subject="") == []
