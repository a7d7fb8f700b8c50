from __future__ import annotations

import msgspec
import pytest
from tests.kinds.measuring import claims_of

from opsguide.core.nouns import Flip, State, Verdict
from opsguide.kinds.contact import KIND
from opsguide.kinds.contact.spec import ContactMemory

HEADER = "# G\n## Contacts\n| Role | Name | Contact |\n|---|---|---|\n"
ROTATION = "# G\n## On-call Rotation\n- **Primary**: Ann, ann@lee.io\n- **Secondary**: {}\n"


def _verdict(text: str) -> Verdict:
    (claim,) = claims_of(KIND, text)
    judged = KIND.judge(claim, ContactMemory(), None, 1.0)
    assert msgspec.json.decode(msgspec.json.encode(claim.spec), type=KIND.spec) == claim.spec
    return judged.verdict


@pytest.mark.parametrize(
    ("text", "state", "because"),
    [
        (f"{HEADER}| DBA | Ann | ann@lee.io |\n", State.HOLDS, "Ann is reached at ann@lee.io"),
        (f"{HEADER}| DBA | Ann | email |\n", State.UNKNOWN, "no address is written for Ann: 'email' is none"),
        (f"{HEADER}| DBA | Ann | - |\n", State.UNKNOWN, "no address is written for Ann"),
        (
            f"{HEADER}| DBA | TBD | a@lee.io |\n",
            State.UNKNOWN,
            "'TBD' stands where somebody's name or address should, for DBA",
        ),
        (ROTATION.format("Bob, #backend"), State.HOLDS, "every place is reached: ann@lee.io, #backend"),
        (ROTATION.format("Backend Team"), State.UNKNOWN, "Secondary is Backend Team: no address is written"),
    ],
)
def test_somebody_with_an_address_holds(text: str, state: State, because: str) -> None:
    verdict = _verdict(text)
    assert (verdict.state, verdict.because) == (state, because)


def test_the_planted_break_an_address_that_is_taken_out_is_no_longer_held() -> None:
    assert _verdict(ROTATION.format("Bob, bob@lee.io")).state is State.HOLDS
    assert _verdict(ROTATION.format("Bob")).state is State.UNKNOWN


def test_it_asks_for_nothing_and_pages_nobody() -> None:
    (claim,) = claims_of(KIND, f"{HEADER}| DBA | Ann | ann@lee.io |\n")
    assert KIND.plan(claim).jobs == ()
    assert list(KIND.react(claim, Flip(claim.id, "", 1, 1.0, State.HOLDS, State.UNKNOWN, "why"))) == []
