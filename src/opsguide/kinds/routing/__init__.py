"""Kind routing: who is told, over which channels, grouped and paced how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Every, Job, Lane, Plan, Want
from opsguide.kinds.routing.judge import judge
from opsguide.kinds.routing.machine import RoutingMachine
from opsguide.kinds.routing.read import read
from opsguide.kinds.routing.run import run
from opsguide.kinds.routing.spec import RoutingMemory, RoutingSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World

DELIVERY = "delivery.done"
LOOK_EVERY_S = 60.0


class Routing:
    """See `core.kind.Kind`."""

    name = "routing"
    spec = RoutingSpec
    memory = RoutingMemory

    def __init__(self) -> None:
        """One machine for all guides."""
        self._machine = RoutingMachine()

    @property
    def machine(self) -> AnyMachine:
        """Machine `routing`."""
        return self._machine

    def read(self, node: Node, context: Context) -> Iterable[Claim[RoutingSpec] | Mend]:
        """Routes, receivers and channel headings."""
        return read(node, context)

    def plan(self, claim: Claim[RoutingSpec]) -> Plan:
        """A receiver looks up its secrets every minute, and hears of its deliveries."""
        told = claim.spec.told
        if told is None:
            return Plan()
        job = Job(claim.id, "look", Every(LOOK_EVERY_S), Lane.RULE, 5.0, "receivers")
        return Plan((job,), wants=(Want(DELIVERY, told.name),), serves=(Want(DELIVERY, told.name),))

    async def run(self, batch: Batch[RoutingSpec], world: World) -> Sequence[Evidence]:
        """Look up the secrets' names."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[RoutingSpec], memory: RoutingMemory, evidence: Evidence | None, now: float
    ) -> Judged[RoutingMemory]:
        """Complete, and nothing undelivered."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[RoutingSpec], flip: Flip) -> Iterable[Effect]:
        """Nothing: that nobody could be told is shown, for there is nobody to tell it to."""
        del claim, flip
        return ()


KIND: AnyKind = Routing()
