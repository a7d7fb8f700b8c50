from __future__ import annotations

import pytest
from tests.kinds.measuring import claims_of

from opsguide.core.nouns import Flip, State
from opsguide.kinds.communication import KIND
from opsguide.kinds.communication.judge import limit_of
from opsguide.kinds.communication.spec import Communication, CommunicationMemory


@pytest.mark.parametrize(
    ("spec", "limit"),
    [
        (Communication("x", every_s=1800.0), "every 30 min"),
        (Communication("x", within_s=0.0, every_s=1800.0), "at once, then every 30 min"),
        (Communication("x", within_s=900.0), "within 15 min"),
        (Communication("x"), ""),
    ],
)
def test_the_times_as_shown(spec: Communication, limit: str) -> None:
    assert limit_of(spec) == limit


def test_the_planted_break_a_plan_is_never_shown_as_holding_while_nothing_times_it() -> None:
    (claim,) = claims_of(KIND, "# G\n## Communication Plan\n- **Status updates**: every 30 minutes\n")
    verdict = KIND.judge(claim, CommunicationMemory(), None, 1.0).verdict
    assert (verdict.state, verdict.limit) == (State.UNKNOWN, "every 30 min")
    assert "until opsguide records incidents" in verdict.because


def test_it_asks_for_nothing_and_pages_nobody() -> None:
    (claim,) = claims_of(KIND, "# G\n## Communication Plan\n- **Customers**: email\n")
    assert KIND.plan(claim).jobs == ()
    assert list(KIND.react(claim, Flip(claim.id, "", 1, 1.0, State.HOLDS, State.UNKNOWN, "why"))) == []
