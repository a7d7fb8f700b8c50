from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.kinds.measuring import House, claims_of, plan_of

from opsguide.core.nouns import Evidence, Flip, State
from opsguide.core.ports import WorldFault
from opsguide.kinds.dashboard import KIND
from opsguide.kinds.dashboard.spec import DashboardMemory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.nouns import Claim, Verdict
    from opsguide.core.ports import Answer
    from opsguide.kinds.dashboard.spec import Dashboard

QUEUE, ERRORS = "mq_queue_length", 'api_requests_total{status="500"}'


def _claim(panels: str) -> Claim[Dashboard]:
    (claim,) = claims_of(KIND, f"# G\n## Key Dashboards\n- **Overview**: {panels}\n")
    return claim


def _verdict(claim: Claim[Dashboard], seen: Evidence | None) -> Verdict:
    judged = KIND.judge(claim, DashboardMemory(), seen, 1.0)
    assert msgspec.json.decode(msgspec.json.encode(judged.memory), type=DashboardMemory) == judged.memory
    return judged.verdict


def _house() -> House:
    house = House(KIND)
    for number in range(3):
        house.scrape({QUEUE: 7.0, ERRORS: 10.0 * number}, {"api_requests_total": "counter", QUEUE: "gauge"})
    return house


def test_it_holds_while_every_panel_has_data_and_shows_the_values() -> None:
    claim = _claim("Queue length, Error rate")
    (seen,) = _house().look(claim)
    verdict = _verdict(claim, seen)
    assert (verdict.state, verdict.limit) == (State.HOLDS, "data in all 2 panels")
    assert verdict.value == "queue length 7, error rate 100 %"
    assert verdict.because.startswith("2 of 2 panels have data: ")


def test_a_panel_that_nothing_gives_is_named_with_what_would_bind_it() -> None:
    claim = _claim("Queue length, Replication lag")
    (seen,) = _house().look(claim)
    verdict = _verdict(claim, seen)
    assert verdict.state is State.UNBOUND
    assert verdict.because.startswith("1 of 2 panels have data; without: Replication lag: ")
    assert verdict.because.endswith("; or write the metric's name as the panel)")
    assert "<!--" not in verdict.because
    assert verdict.value == "queue length 7"


def test_the_name_of_a_metric_is_a_panel() -> None:
    claim = _claim("Queue length, mq_queue_length")
    (seen,) = _house().look(claim)
    assert _verdict(claim, seen).state is State.HOLDS


def test_the_planted_break_a_panel_whose_series_end_is_no_longer_held() -> None:
    claim = _claim("Queue length, Error rate")
    house = _house()
    (before,) = house.look(claim)
    house.scrape({ERRORS: 40.0})
    house.wait(1.0)
    (after,) = house.look(claim)
    assert [_verdict(claim, seen).state for seen in (before, after)] == [State.HOLDS, State.UNKNOWN]
    assert "without: Queue length" in after.because


def test_one_slash_makes_several_curves_and_one_missing_empties_the_panel() -> None:
    claim = _claim("Queue/Replication length")
    (seen,) = _house().look(claim)
    assert (seen.says, seen.because[:27]) == ("unbound", "0 of 1 panels have data; wi")


class _Gone:
    """A series store that cannot be asked."""

    async def catalogue(self) -> None:
        raise WorldFault("timeout", "the store does not answer")

    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        raise AssertionError((exprs, at))


def test_a_store_that_does_not_answer_is_no_evidence_of_anything() -> None:
    claim = _claim("Queue length")
    house = House(KIND, _Gone())  # type: ignore[arg-type]  # only what run asks
    (seen,) = house.look(claim)
    verdict = _verdict(claim, seen)
    assert (verdict.state, verdict.because) == (State.UNKNOWN, "the store does not answer")


@pytest.mark.parametrize(
    ("says", "state"), [("data", State.HOLDS), ("unbound", State.UNBOUND), ("absent", State.UNKNOWN)]
)
def test_what_evidence_means(says: str, state: State) -> None:
    assert _verdict(_claim("CPU"), Evidence("d", "", 1.0, ok=False, says=says)).state is state


def test_it_is_unknown_before_the_first_look_and_pages_nobody() -> None:
    claim = _claim("CPU")
    assert _verdict(claim, None).state is State.UNKNOWN
    assert plan_of(KIND, claim).jobs[0].key == "dashboard"
    assert list(KIND.react(claim, Flip(claim.id, "", 1, 1.0, State.HOLDS, State.UNKNOWN, "why"))) == []
