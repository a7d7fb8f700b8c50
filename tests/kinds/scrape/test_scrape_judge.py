from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.block import Place
from opsguide.core.nouns import Claim, Evidence, Flip, State
from opsguide.kinds.scrape import KIND
from opsguide.kinds.scrape.spec import ScrapeMemory, ScrapeSpec

CLAIM = Claim("scrape", "t", "s", Place("g", 1, 1), ScrapeSpec("a"), "u", id="scrape-a")
H, W, B = State.HOLDS, State.WAITING, State.BROKEN


def _seen(says: str) -> Evidence:
    return Evidence("scrape-a", "h:1", 1.0, ok=says == "ok", says=says, because=f"it {says}")


@pytest.mark.parametrize(
    ("outcomes", "states"),
    [
        (["ok"], [H]),
        (["ok", "refused", "ok"], [H, W, H]),
        (["ok", "refused", "nonsense", "timeout", "ok"], [H, W, B, B, H]),
        (["refused", "refused"], [W, B]),
    ],
)
def test_two_failures_break_a_target_and_one_success_mends_it(outcomes: list[str], states: list[State]) -> None:
    memory, found = ScrapeMemory(), []
    for says in outcomes:
        judged = KIND.judge(CLAIM, memory, _seen(says), 1.0)
        memory = judged.memory
        found.append(judged.verdict.state)
    assert found == states


def test_time_alone_says_what_is_known() -> None:
    def alone(memory: ScrapeMemory) -> State:
        return KIND.judge(CLAIM, memory, None, 1.0).verdict.state

    assert [alone(ScrapeMemory()), alone(ScrapeMemory(0, held=True))] == [State.UNKNOWN, H]
    assert [alone(ScrapeMemory(1)), alone(ScrapeMemory(2))] == [W, B]


def test_a_target_that_left_the_job_is_forgotten() -> None:
    judged = KIND.judge(CLAIM, ScrapeMemory(2), _seen("absent"), 1.0)
    assert (judged.forget, judged.verdict.state) == (True, H)


@given(st.lists(st.sampled_from(["ok", "refused", "status_503"])))
def test_memory_is_small_and_does_not_run_on(outcomes: list[str]) -> None:
    memory, seen = ScrapeMemory(), set()
    for says in outcomes:
        memory = KIND.judge(CLAIM, memory, _seen(says), 1.0).memory
        seen.add(memory)
    assert len(seen) <= 5
    assert msgspec.json.decode(msgspec.json.encode(memory), type=ScrapeMemory) == memory


def test_a_lost_target_pages_and_a_found_one_ends_it() -> None:
    def effects(before: State, after: State) -> int:
        return len(list(KIND.react(CLAIM, Flip("scrape-a", "h:1", 1, 1.0, before, after, "why"))))

    assert [effects(W, B), effects(B, H), effects(H, W)] == [1, 1, 0]


def test_it_wants_to_know_who_watches_its_job() -> None:
    assert [(want.topic, want.scope) for want in KIND.plan(CLAIM).wants] == [("watched", "job=a")]
