"""Kind probe: a health address that answers, a check script that ends well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.alarm import WATCHED, claim_broken
from opsguide.core.nouns import Every, Job, Lane, Plan, Want
from opsguide.kinds.probe.judge import judge
from opsguide.kinds.probe.read import read
from opsguide.kinds.probe.spec import ProbeMemory, ProbeSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World


class Probe:
    """See `core.kind.Kind`."""

    name = "probe"
    spec = ProbeSpec
    memory = ProbeMemory
    machine = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[ProbeSpec] | Mend]:
        """`curl` lines of health addresses, and check scripts."""
        return read(node, context)

    def plan(self, claim: Claim[ProbeSpec]) -> Plan:
        """One look every interval."""
        lane = Lane.COMMAND if claim.spec.command else Lane.PROBE
        job = Job(claim.id, "look", Every(claim.spec.every_s), lane, claim.spec.limit_s, claim.id)
        return Plan((job,), wants=(Want(WATCHED, "job=probe"),))

    async def run(self, batch: Batch[ProbeSpec], world: World) -> Sequence[Evidence]:
        """Look."""
        from opsguide.kinds.probe.run import run  # noqa: PLC0415 -- numpy, which `check` does not need

        return await run(batch, world)

    def judge(
        self, claim: Claim[ProbeSpec], memory: ProbeMemory, evidence: Evidence | None, now: float
    ) -> Judged[ProbeMemory]:
        """Broken after two failures in a row, holding after one success."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[ProbeSpec], flip: Flip) -> Iterable[Effect]:
        """A broken probe pages where no rule of the guide watches."""
        return claim_broken(claim, flip, "critical")


KIND: AnyKind = Probe()
