"""ClaimBroken: raised by a break, ended by holding, and by nothing between."""

from __future__ import annotations

import pytest

from opsguide.core.alarm import claim_broken
from opsguide.core.block import Place
from opsguide.core.facts import AlertChanged
from opsguide.core.machine import Signal
from opsguide.core.nouns import Claim, Flip, State


def changes(kind: str, after: State, subject: str = "") -> list[AlertChanged]:
    claim = Claim(kind, "health", "health", Place("g.md", 3, 3), None, "health answers", id="probe-health")
    flip = Flip("probe-health", subject, 1, 100.0, State.UNKNOWN, after, "HTTP 503")
    return [e.event for e in claim_broken(claim, flip) if isinstance(e, Signal) and isinstance(e.event, AlertChanged)]


def test_a_break_raises_it() -> None:
    (change,) = changes("probe", State.BROKEN, "a:1")
    assert dict(change.labels)["alertname"] == "ClaimBroken"
    assert dict(change.labels)["subject"] == "a:1"
    assert change.ends_at == 0.0
    assert dict(change.annotations)["statement"] == "g.md:3"


def test_holding_ends_it() -> None:
    (change,) = changes("probe", State.HOLDS)
    assert change.ends_at == 100.0


@pytest.mark.parametrize("after", [State.UNKNOWN, State.WAITING, State.UNBOUND])
def test_what_is_blind_neither_raises_nor_ends(after: State) -> None:
    assert changes("probe", after) == []


def test_a_lost_service_does_not_wait_for_the_trial_but_an_overdue_task_does() -> None:
    assert not changes("scrape", State.BROKEN)[0].inferred
    assert changes("task", State.BROKEN)[0].inferred
