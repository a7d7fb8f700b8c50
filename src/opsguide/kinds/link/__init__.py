"""Kind link: what the guide points to is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.alarm import claim_broken
from opsguide.core.nouns import Every, Job, Lane, Plan
from opsguide.kinds.link.judge import judge
from opsguide.kinds.link.read import read
from opsguide.kinds.link.run import run
from opsguide.kinds.link.spec import LinkMemory, LinkSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World


class LinkKind:
    """See `core.kind.Kind`."""

    name = "link"
    spec = LinkSpec
    memory = LinkMemory
    machine = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[LinkSpec] | Mend]:
        """Links to files and addresses; anchors of the page itself are only checked."""
        return read(node, context)

    def plan(self, claim: Claim[LinkSpec]) -> Plan:
        """One look every hour, at a file every minute."""
        limit_s = 2 * claim.spec.limit_s  # HEAD, and perhaps GET
        return Plan((Job(claim.id, "look", Every(claim.spec.every_s), Lane.PROBE, limit_s, claim.id),))

    async def run(self, batch: Batch[LinkSpec], world: World) -> Sequence[Evidence]:
        """Look."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[LinkSpec], memory: LinkMemory, evidence: Evidence | None, now: float
    ) -> Judged[LinkMemory]:
        """A file at once, an address after two failures."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[LinkSpec], flip: Flip) -> Iterable[Effect]:
        """A broken link is told only where `[notify] claims` names the kind."""
        return claim_broken(claim, flip, "warning")


KIND: AnyKind = LinkKind()
