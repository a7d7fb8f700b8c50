from __future__ import annotations

import pytest
from tests.kinds.measuring import claims_of

from opsguide.core.nouns import Flip, State
from opsguide.kinds.severity import KIND
from opsguide.kinds.severity.judge import times_of
from opsguide.kinds.severity.spec import Severity, SeverityMemory


@pytest.mark.parametrize(
    ("spec", "times"),
    [
        (Severity("P1", (), 900.0, 86400.0), "response within 15 min, resolution within 1 d"),
        (Severity("P1", (), 5400.0), "response within 90 min"),
        (Severity("P1", response="next business day"), "response: next business day"),
        (Severity("P1"), ""),
    ],
)
def test_the_times_as_shown(spec: Severity, times: str) -> None:
    assert times_of(spec) == times


def test_the_planted_break_a_level_without_times_says_so_and_neither_is_shown_as_holding() -> None:
    text = "# G\n## Severity Levels\n- **P1**: Down, respond within 15 minutes\n- **P2**: Slow\n"
    verdicts = [KIND.judge(claim, SeverityMemory(), None, 1.0).verdict for claim in claims_of(KIND, text)]
    assert [verdict.state for verdict in verdicts] == [State.UNKNOWN, State.UNKNOWN]
    assert [verdict.limit for verdict in verdicts] == ["response within 15 min", ""]
    assert "states no response or resolution time" in verdicts[1].because


def test_it_asks_for_nothing_and_pages_nobody() -> None:
    (claim,) = claims_of(KIND, "# G\n## Severity Levels\n- **P1**: Down\n")
    assert KIND.plan(claim).jobs == ()
    assert list(KIND.react(claim, Flip(claim.id, "", 1, 1.0, State.HOLDS, State.UNKNOWN, "why"))) == []
