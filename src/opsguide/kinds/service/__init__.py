"""Kind service: what the guide is about, and that nothing in it is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, Plan, State, Verdict
from opsguide.kinds.service.read import read
from opsguide.kinds.service.spec import ServiceMemory, ServiceSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip
    from opsguide.core.ports import World


class Service:
    """See `core.kind.Kind`."""

    name = "service"
    spec = ServiceSpec
    memory = ServiceMemory
    machine = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[ServiceSpec] | Mend]:
        """The title, or the first paragraph."""
        return read(node, context)

    def plan(self, claim: Claim[ServiceSpec]) -> Plan:
        """Nothing runs: what is open is known from the text."""
        del claim
        return Plan()

    async def run(self, batch: Batch[ServiceSpec], world: World) -> Sequence[Evidence]:
        """Nothing runs."""
        del batch, world
        return ()

    def judge(
        self, claim: Claim[ServiceSpec], memory: ServiceMemory, evidence: Evidence | None, now: float
    ) -> Judged[ServiceMemory]:
        """Holds: a claim that lacks a name is unbound and is not judged."""
        del evidence, now
        return Judged(Verdict(State.HOLDS, f"every name that the guide of {claim.spec.name} uses has a value"), memory)

    def react(self, claim: Claim[ServiceSpec], flip: Flip) -> Iterable[Effect]:
        """Nothing: an open name shows, and pages nobody."""
        del claim, flip
        return ()


KIND: AnyKind = Service()
