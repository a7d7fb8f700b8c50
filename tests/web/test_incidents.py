from __future__ import annotations

from typing import TYPE_CHECKING

from tests.web.fakes import NOW, claim_at, seen

from opsguide.core.nouns import State, Verdict
from opsguide.web.incidents import incidents

if TYPE_CHECKING:
    from opsguide.kernel.view import ClaimView


def view(title: str, state: State, ago: float) -> ClaimView:
    return seen(claim_at(1, "probe", title), Verdict(state, f"{title} is {state}"), NOW - ago)


def test_nothing_broken_is_no_incident() -> None:
    assert incidents([view("a", State.HOLDS, 5), view("b", State.UNKNOWN, 5)]) == []


def test_what_broke_within_a_minute_is_one_incident_and_the_newest_comes_first() -> None:
    found = incidents([view("late", State.BROKEN, 10), view("b", State.BROKEN, 560), view("a", State.BROKEN, 600)])
    assert [[each.claim.title for each in one.claims] for one in found] == [["late"], ["a", "b"]]
    assert found[1].because == "a: a is broken"
    assert found[1].since == NOW - 600


def test_an_incident_keeps_its_id_while_others_join() -> None:
    first = view("a", State.BROKEN, 600)
    assert incidents([first])[0].id == incidents([view("b", State.BROKEN, 550), first])[0].id
