"""Thresholds against a real series store: bound, measured, judged, and broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.kinds.measuring import STEP_S, House, claims_of, plan_of

from opsguide.core.facts import AlertChanged, QuantityMeasured
from opsguide.core.machine import Signal
from opsguide.core.nouns import Claim, Every, Evidence, Flip, Judged, Lane, State, Want
from opsguide.core.ports import Answer, Point, WorldFault
from opsguide.kinds.threshold import KIND
from opsguide.kinds.threshold.spec import ThresholdMemory
from opsguide.world.sim.world import SimSeries

if TYPE_CHECKING:
    from collections.abc import Sequence

GUIDE = """# Shop

## Key Metrics

- **Memory Usage**: < 80%
- **Error Rate**: < 1%
- **Response Time**: < 500ms (95th percentile)

## Scaling Triggers

- **Memory**: Consistently > 80% for 10 minutes
- **Storage**: > 80% capacity
"""
MEMORY = {"node_memory_MemAvailable_bytes": 5e9, "node_memory_MemTotal_bytes": 1e10}


@pytest.fixture
def house() -> House:
    return House(KIND)


def named(title: str) -> Claim[Any]:
    return next(claim for claim in claims_of(KIND, GUIDE) if claim.subject == title)


def used(ratio: float) -> dict[str, float]:
    return {"node_memory_MemAvailable_bytes": 1e10 * (1 - ratio), "node_memory_MemTotal_bytes": 1e10}


def fold(claim: Claim[Any], seen: Sequence[Evidence]) -> list[Judged[ThresholdMemory]]:
    memory, found = ThresholdMemory(), []
    for evidence in seen:
        judged = KIND.judge(claim, memory, evidence, evidence.at)
        memory = judged.memory
        found.append(judged)
    return found


def test_all_thresholds_share_one_batch_and_tell_their_quantity() -> None:
    plans = [plan_of(KIND, claim) for claim in claims_of(KIND, GUIDE)]
    jobs = {(job.key, job.schedule, job.lane) for plan in plans for job in plan.jobs}
    assert jobs == {("threshold", Every(15.0), Lane.RULE)}
    assert plans[0].serves == (Want("quantity.measured", "memory usage"),)


def test_a_value_inside_its_limit_holds_and_names_its_source(house: House) -> None:
    claim = named("Memory Usage")
    house.scrape(used(0.71))
    (seen,) = house.look(claim)
    assert (seen.says, seen.ok) == ("inside", True)
    assert [(name, round(value, 6)) for name, value in seen.values] == [("value_ratio", 0.71)]
    assert (seen.topic, seen.scope) == ("quantity.measured", "memory usage")
    assert isinstance(seen.fact, QuantityMeasured)
    assert (seen.fact.quantity, seen.fact.unit) == ("memory usage", "ratio")
    verdict = fold(claim, [seen])[0].verdict
    assert (verdict.state, verdict.value, verdict.limit) == (State.HOLDS, "71 %", "< 80 %")
    assert "node_memory_MemAvailable_bytes" in verdict.because


def test_the_planted_break_flips_a_normal_range_and_mends_it_again(house: House) -> None:
    claim = named("Memory Usage")
    states = []
    for ratio in (0.7, 0.81, 0.79):
        house.scrape(used(ratio))
        states += [judged.verdict.state for judged in fold(claim, house.look(claim))]
    assert states == [State.HOLDS, State.BROKEN, State.HOLDS]


def test_a_condition_with_a_duration_waits_before_it_breaks(house: House) -> None:
    claim, seen = named("Memory"), []
    for _ in range(42):
        house.scrape(used(0.9))
        seen += house.look(claim)
    judged = fold(claim, seen)
    states = [one.verdict.state for one in judged]
    assert states == [State.WAITING] * 40 + [State.BROKEN] * 2
    assert "10 min" in judged[0].verdict.because
    assert len({one.memory for one in judged}) == 2, (
        "memory changes when the clock starts and when it ends, never between"
    )


def test_nothing_scraped_is_unbound_and_says_what_would_bind_it(house: House) -> None:
    claims = claims_of(KIND, GUIDE)
    house.scrape({"up": 1.0})
    seen = house.look(*claims)
    assert {one.says for one in seen} == {"unbound"}
    verdict = fold(claims[0], seen[:1])[0].verdict
    assert verdict.state is State.UNBOUND
    assert "node_memory_MemTotal_bytes" in verdict.because


def test_stale_series_are_unknown_and_never_inside(house: House) -> None:
    claim = named("Memory Usage")
    house.scrape(used(0.5))
    house.wait(900.0)
    (seen,) = house.look(claim)
    assert (seen.says, seen.ok) == ("blind", False)
    assert fold(claim, [seen])[0].verdict.state is State.UNKNOWN


def test_an_error_rate_without_requests_is_unknown_and_with_them_a_ratio(house: House) -> None:
    claim = named("Error Rate")
    keys = ('http_requests_total{status="200"}', 'http_requests_total{status="500"}')
    kinds = {"http_requests_total": "counter"}
    for _ in range(4):
        house.scrape(dict.fromkeys(keys, 0.0), kinds)
    (quiet,) = house.look(claim)
    assert (quiet.says, quiet.because.partition(";")[0]) == (
        "blind",
        "nothing was counted in the window, so there is no value",
    )
    for i in range(1, 5):
        house.scrape({keys[0]: 95.0 * i, keys[1]: 5.0 * i}, kinds)
    (busy,) = house.look(claim)
    assert (busy.says, round(busy.values[0][1], 6)) == ("outside", 0.05)


def test_a_percentile_comes_from_the_histogram(house: House) -> None:
    claim = named("Response Time")
    for i in range(5):
        counts = {"0.1": 90.0, "0.5": 94.0, "1.0": 100.0, "+Inf": 100.0}
        values = {f'api_request_duration_seconds_bucket{{le="{le}"}}': n * i for le, n in counts.items()}
        house.scrape(
            values | {"api_request_duration_seconds_count": 100.0 * i}, {"api_request_duration_seconds": "histogram"}
        )
    (seen,) = house.look(claim)
    assert seen.says == "outside"
    assert 0.5 < seen.values[0][1] < 1.0


def test_one_look_serves_claims_that_differ(house: House) -> None:
    house.scrape(used(0.85))
    seen = house.look(*claims_of(KIND, GUIDE))
    assert [one.says for one in seen] == ["outside", "unbound", "unbound", "outside", "unbound"]


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (Answer((), error="unknown function"), "unknown function"),
        (Answer(()), "no value"),
        (Answer((Point((), float("nan")),)), "nothing was"),
    ],
)
def test_an_answer_without_a_value_is_blind(answer: Answer, because: str) -> None:
    class Silent(SimSeries):
        async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
            return [answer for _ in exprs]

    (claim,) = claims_of(KIND, '# M\n\n## Metrics\n\n<!-- opsguide: expr="x" -->\n- **Heat**: < 5\n')
    (seen,) = House(KIND, Silent()).look(claim)
    assert seen.says == "blind"
    assert because in seen.because


def test_of_several_series_the_worst_one_counts(house: House) -> None:
    (claim,) = claims_of(KIND, '# M\n\n## Metrics\n\n<!-- opsguide: expr="heat" -->\n- **Heat**: < 5\n')
    house.scrape({'heat{oven="a"}': 4.0, 'heat{oven="b"}': 9.0, 'heat{oven="c"}': 1.0})
    (seen,) = house.look(claim)
    assert (seen.says, seen.values) == ("outside", (("value", 9.0),))


def test_a_series_port_that_fails_is_evidence_and_no_exception() -> None:
    class Gone(SimSeries):
        async def catalogue(self) -> dict[str, Any]:
            raise WorldFault("refused", "nobody listens")

    seen = House(KIND, Gone()).look(*claims_of(KIND, GUIDE))
    assert {(one.says, one.ok, one.because) for one in seen} == {("blind", False, "nobody listens")}


# ---- judge alone -----------------------------------------------------------------------------------------------------


def evidence(says: str, at: float) -> Evidence:
    return Evidence("t", "", at, ok=says == "inside", says=says, because="so", values=(("value_ratio", 0.9),))


def test_before_the_first_look_nothing_is_known() -> None:
    verdict = KIND.judge(named("Memory"), ThresholdMemory(), None, 0.0).verdict
    assert (verdict.state, verdict.limit) == (State.UNKNOWN, "> 80 %")


def test_a_short_gap_does_not_stop_the_clock_and_a_long_one_does() -> None:
    claim = named("Memory")
    short = [evidence("outside", 1.0), evidence("blind", 200.0), evidence("blind", 400.0), evidence("outside", 602.0)]
    assert fold(claim, short)[-1].verdict.state is State.WAITING
    gap = [evidence("outside", 1.0), evidence("blind", 200.0), evidence("outside", 400.0), evidence("outside", 602.0)]
    assert fold(claim, gap)[-1].verdict.state is State.BROKEN
    long = [evidence("outside", 1.0), evidence("blind", 100.0), evidence("blind", 500.0), evidence("outside", 602.0)]
    assert [one.verdict.state for one in fold(claim, long)] == [
        State.WAITING,
        State.UNKNOWN,
        State.UNKNOWN,
        State.WAITING,
    ]


def test_what_was_broken_and_goes_blind_is_unknown_and_broken_again_at_once() -> None:
    claim = named("Memory")
    seen = [
        evidence("outside", 1.0),
        evidence("outside", 601.0),
        evidence("blind", 1000.0),
        evidence("outside", 9000.0),
    ]
    states = [one.verdict.state for one in fold(claim, seen)]
    assert states == [State.WAITING, State.BROKEN, State.UNKNOWN, State.BROKEN]


def test_a_timeout_or_an_absent_subject_is_unknown() -> None:
    for says in ("timeout", "absent"):
        assert fold(named("Memory"), [evidence(says, 1.0)])[0].verdict.state is State.UNKNOWN


def test_memory_survives_as_json_so_that_the_clock_does() -> None:
    memory = fold(named("Memory"), [evidence("outside", 1.0)])[0].memory
    raw = msgspec.json.encode(memory)
    assert len(raw) < 4096
    assert msgspec.json.decode(raw, type=ThresholdMemory) == memory


def flip(after: State) -> Flip:
    return Flip("t", "", 1, 5.0, State.HOLDS, after, "so")


def test_a_normal_range_pages_nobody_and_a_warning_does() -> None:
    assert list(KIND.react(named("Memory Usage"), flip(State.BROKEN))) == []
    (effect,) = KIND.react(named("Memory"), flip(State.BROKEN))
    assert isinstance(effect, Signal)
    assert isinstance(effect.event, AlertChanged)
    assert effect.event.inferred
    assert dict(effect.event.labels)["severity"] == "warning"
    assert list(KIND.react(named("Memory"), flip(State.UNKNOWN))) == []


def test_the_step_is_the_scrape_interval() -> None:
    assert named("Memory").spec.every_s == STEP_S
