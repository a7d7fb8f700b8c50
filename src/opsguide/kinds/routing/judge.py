"""Whether a routing statement holds: a receiver is complete and what it was sent arrived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.facts import DeliveryDone
from opsguide.core.nouns import Judged, State, Verdict
from opsguide.kinds.routing.spec import Undelivered

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.routing.spec import RoutingMemory, RoutingSpec


def judge(
    claim: Claim[RoutingSpec], memory: RoutingMemory, evidence: Evidence | None, now: float
) -> Judged[RoutingMemory]:
    """A receiver holds when it is complete, its secrets have values and nothing it was sent is undelivered.

    A tree is in force as soon as it is read. Channels by themselves name nobody, so they are not judged.
    """
    del now  # no statement of this kind breaks by time alone
    spec = claim.spec
    if evidence is not None:
        memory = _heard(memory, evidence)
    if spec.told is None:
        return Judged(_stated(spec), memory)
    return Judged(_of_receiver(spec, memory), memory)


def _heard(memory: RoutingMemory, evidence: Evidence) -> RoutingMemory:
    fact = evidence.fact
    if isinstance(fact, DeliveryDone):
        # What one integration took says nothing of the others: a page that only the chat has is not delivered.
        others = tuple(failed for failed in memory.failed if failed.integration != fact.integration)
        if fact.outcome == "accepted":
            return replace(memory, failed=others)
        said = f"{fact.integration} {fact.outcome}: {fact.reply}"[:500]
        failed = Undelivered(fact.integration, said, refused=fact.outcome == "refused")
        return replace(memory, failed=(*others, failed))
    if evidence.says == "complete":
        return replace(memory, missing="")
    if evidence.says == "lacks":
        return replace(memory, missing=evidence.because)
    return memory


def _stated(spec: RoutingSpec) -> Verdict:
    if spec.tree is not None:
        if not spec.tree.receiver:
            return Verdict(State.UNBOUND, "the route names no receiver; without [notify] receiver nobody is told")
        return Verdict(State.HOLDS, f"in force, to {', '.join(spec.receivers)}")
    return Verdict(
        State.UNKNOWN, "channels name nobody: the receivers that serve them are judged, each at its own line"
    )


def _of_receiver(spec: RoutingSpec, memory: RoutingMemory) -> Verdict:
    if spec.lacks:
        return Verdict(State.UNBOUND, "; ".join(spec.lacks))
    if memory.missing:
        return Verdict(State.UNBOUND, memory.missing)
    if memory.failed:
        refused = any(failed.refused for failed in memory.failed)
        said = "; ".join(failed.said for failed in memory.failed)
        return Verdict(State.BROKEN if refused else State.WAITING, said)
    if memory.missing is None:
        return Verdict(State.UNKNOWN, "its secrets were not looked at yet")
    return Verdict(State.HOLDS, "complete, and nothing undelivered")
