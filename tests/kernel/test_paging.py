"""Nothing pages twice, nothing stays silent: random days on the real house against a simple model."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.kernel.paging import Day, Event, Model, Rule, Stated

from opsguide.world.sim.loop import run

EXAMPLES = int(os.environ.get("OPSGUIDE_PAGING_EXAMPLES", "14"))

_rules = st.builds(
    Rule,
    name=st.just(""),
    for_s=st.sampled_from([0, 30, 120]),
    severity=st.sampled_from(["warning", "critical"]),
    limit=st.sampled_from([50, 80, 50, None]),
    target=st.integers(0, 2),
)
_guides = st.builds(
    Stated,
    targets=st.integers(1, 3),
    rules=st.lists(_rules, min_size=2, max_size=4).map(
        lambda rules: tuple(Rule(f"R{n}", r.for_s, r.severity, r.limit, r.target) for n, r in enumerate(rules))
    ),
    group_by=st.sampled_from(["[alertname]", "[alertname, instance]"]),
    wait_s=st.sampled_from([1, 10, 30]),
    interval_s=st.sampled_from([30, 60, 300]),
    repeat_s=st.sampled_from([1800, 14400]),
    critical=st.sampled_from([None, "b", "a"]),
)
HOOKS = ["ok", "ok", "fail", "hang", "bad", "slow", "mute"]
EDITS = ["limit", "comment", "rule", "group_by", "route", "url"]
_after = st.sampled_from([0.5, 3.0, 14.0, 20.0, 33.0, 50.0, 130.0, 400.0, 2000.0])
_which = st.integers(0, 3)
_events = st.one_of(
    st.builds(Event, _after, st.just("load"), _which, st.sampled_from([10, 60, 90])),
    st.builds(Event, _after, st.just("up"), _which, st.booleans()),
    st.builds(Event, _after, st.just("hook"), _which, st.sampled_from(HOOKS)),
    st.builds(Event, _after, st.just("kill"), _which, st.sampled_from([0.0, 5.0, 60.0, 1000.0])),
    st.builds(Event, _after, st.just("gap"), _which, st.sampled_from([5.0, 100.0, 4000.0])),
    st.builds(Event, _after, st.just("edit"), _which, st.sampled_from(EDITS)),
)


def faults_of(stated: Stated, events: list[Event]) -> list[str]:
    """What the model has to say of one day."""

    async def live() -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            day = Day(Path(folder), stated, events)
            await day.live()
            return Model(day).check()

    return run(live())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="OPSGUIDE_PAGING_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(_guides, st.lists(_events, min_size=3, max_size=25))
def test_every_receiver_believes_what_is_so_and_is_told_once(stated: Stated, events: list[Event]) -> None:
    assert faults_of(stated, events) == []


PLAIN = Stated(2, (Rule("R0", 0, "warning", 50), Rule("R1", 30, "critical", None)), "[alertname]", 10, 60, 1800, "b")


def test_a_page_whose_answer_was_lost_and_that_is_refused_later_gets_its_end() -> None:
    events = [
        Event(60, "hook", 0, "mute"),
        Event(1, "load", 0, 90),
        Event(120, "load", 0, 0),
        Event(1, "hook", 0, "bad"),
    ]
    assert faults_of(PLAIN, events) == []


def test_an_end_does_not_overtake_the_page_of_a_group_that_an_edit_moved() -> None:
    lost = [Event(60, "hook", 0, "hang"), Event(1, "load", 0, 90), Event(900, "load", 0, 0)]
    assert faults_of(PLAIN, [*lost, Event(14, "edit", 0, "group_by"), Event(100, "load", 0, 0)]) == []


def test_a_page_on_its_way_to_a_wrong_address_goes_to_the_right_one_when_that_is_mended() -> None:
    wrong = replace(PLAIN, path="typo")
    assert faults_of(wrong, [Event(60, "load", 0, 90), Event(400, "edit", 0, "url"), Event(900, "load", 0, 90)]) == []
    assert faults_of(wrong, [Event(60, "load", 0, 90), Event(400, "edit", 0, "url"), Event(60, "kill", 0, 9.0)]) == []


def test_a_clock_that_was_set_back_leaves_nobody_untold() -> None:
    events = [Event(60, "gap", 0, -7200.0), Event(20, "load", 0, 90), Event(20, "up", 1, how=False)]
    # Wall times come twice on such a day, so the model can only be asked what people believe in the end.
    assert [fault for fault in faults_of(PLAIN, events) if "was not told" in fault] == []


def test_an_inferred_alert_pages_nobody_in_its_trial_and_comes_in_one_digest() -> None:
    stated = replace(PLAIN, words="### Critical Alerts\n\n- Queue length > 50 for 1 minute\n\n", repeat_s=14400)
    events = [Event(60, "load", 0, 90), Event(400, "kill", 0, 5.0), Event(600, "load", 0, 10)]
    events += [Event(60, "load", 0, 90), Event(2000, "load", 0, 90)]

    async def live() -> list[tuple[float, str, str]]:
        with tempfile.TemporaryDirectory() as folder:
            day = Day(Path(folder), stated, events, trial="1h")
            await day.live()
            return [(p.at, p.body["status"], p.body["groupLabels"]["alertname"]) for p in day.posts]

    posts = run(live())
    assert [status for _, status, name in posts if name == "TrialDigest"] == ["firing"]
    inferred = [(at, status) for at, status, name in posts if name not in {"TrialDigest", "R0"}]
    assert [status for _, status in inferred] == ["firing", "resolved"]
    assert min(at for at, _ in inferred) > 3600
