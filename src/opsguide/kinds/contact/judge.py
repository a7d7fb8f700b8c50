"""A contact holds when it names somebody and an address; that an address is answered is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.contact.spec import Contact, ContactMemory


def judge(claim: Claim[Contact], memory: ContactMemory, evidence: Evidence | None, now: float) -> Judged[ContactMemory]:
    """By the text alone: a placeholder makes the claim unbound before it comes here."""
    del evidence, now
    spec = claim.spec
    lacking = list(_lacking(spec))
    if lacking:
        return Judged(Verdict(State.UNKNOWN, "; ".join(lacking), limit="somebody with an address"), memory)
    ways = ", ".join(dict.fromkeys(way.to for step in spec.steps or (spec,) for way in step.ways))
    because = f"{spec.name or spec.role} is reached at {ways}" if not spec.steps else f"every place is reached: {ways}"
    return Judged(Verdict(State.HOLDS, because, value=ways, limit="somebody with an address"), memory)


def _lacking(spec: Contact) -> Iterator[str]:
    """What keeps people from being reached, one sentence each."""
    if not spec.steps:
        for text in spec.open:
            yield f"{text!r} stands where somebody's name or address should, for {spec.role}"
        if not spec.ways and not spec.open:
            written = f": {spec.contact!r} is none" if spec.contact else ""
            yield f"no address is written for {spec.name or spec.role}{written}"
        return
    for step in spec.steps:
        who = f"{step.role} is {step.name}" if step.name else step.role
        if not step.ways:
            yield f"{who}: no address is written"
