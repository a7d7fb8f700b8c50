from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.block import Place
from opsguide.core.nouns import Claim, Evidence, Flip, State
from opsguide.kinds.probe import KIND
from opsguide.kinds.probe.spec import ProbeMemory, ProbeSpec

CLAIM = Claim("probe", "t", "s", Place("g", 1, 1), ProbeSpec("http://h/", "GET", "/"), "u", id="probe-h")
H, W, B = State.HOLDS, State.WAITING, State.BROKEN


def _seen(says: str) -> Evidence:
    return Evidence("probe-h", "", 1.0, ok=says == "ok", says=says, because=f"it {says}")


def _fold(*outcomes: str) -> list[State]:
    memory, states = ProbeMemory(), []
    for says in outcomes:
        judged = KIND.judge(CLAIM, memory, _seen(says), 1.0)
        memory = judged.memory
        states.append(judged.verdict.state)
    return states


@pytest.mark.parametrize(
    ("outcomes", "states"),
    [
        (["ok"], [H]),
        (["ok", "refused", "ok"], [H, W, H]),
        (["ok", "refused", "timeout"], [H, W, B]),
        (["refused", "refused", "refused", "ok"], [W, B, B, H]),
        (["refused", "ok", "refused", "ok"], [W, H, W, H]),
        (["unasked", "ok"], [State.UNKNOWN, H]),
        (["untrusted", "ok"], [State.UNBOUND, H]),
        (["refused", "unasked", "refused"], [W, State.UNKNOWN, B]),
    ],
)
def test_two_failures_break_it_and_one_success_mends_it(outcomes: list[str], states: list[State]) -> None:
    assert _fold(*outcomes) == states


def test_time_alone_says_what_is_known() -> None:
    def alone(memory: ProbeMemory) -> State:
        return KIND.judge(CLAIM, memory, None, 1.0).verdict.state

    assert alone(ProbeMemory()) is State.UNKNOWN
    assert alone(ProbeMemory(0, held=True)) is H
    assert alone(ProbeMemory(1)) is W
    assert alone(ProbeMemory(2)) is B


def test_what_is_absent_is_forgotten() -> None:
    judged = KIND.judge(CLAIM, ProbeMemory(2), _seen("absent"), 1.0)
    assert judged.forget
    assert judged.verdict.state is H


@given(st.lists(st.sampled_from(["ok", "refused", "status_503", "unasked", "untrusted"])))
def test_memory_is_small_and_does_not_run_on(outcomes: list[str]) -> None:
    memory, seen = ProbeMemory(), set()
    for says in outcomes:
        memory = KIND.judge(CLAIM, memory, _seen(says), 1.0).memory
        seen.add(memory)
        assert len(msgspec.json.encode(memory)) < 100
    assert len(seen) <= 6
    assert msgspec.json.decode(msgspec.json.encode(memory), type=ProbeMemory) == memory


def test_a_broken_probe_pages_and_a_mended_one_ends_it() -> None:
    def effects(before: State, after: State) -> int:
        return len(list(KIND.react(CLAIM, Flip("probe-h", "", 1, 1.0, before, after, "why"))))

    assert [effects(W, B), effects(B, H), effects(H, W), effects(B, State.UNKNOWN)] == [1, 1, 0, 0]
