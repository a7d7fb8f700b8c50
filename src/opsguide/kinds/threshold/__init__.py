"""Kind threshold: a quantity and a limit, standing alone; bound to PromQL by what is really scraped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.alarm import claim_broken
from opsguide.core.nouns import Every, Job, Lane, Plan, Want
from opsguide.engines.binding import canonical
from opsguide.kinds.threshold.judge import judge
from opsguide.kinds.threshold.read import read
from opsguide.kinds.threshold.run import MEASURED, run
from opsguide.kinds.threshold.spec import Threshold, ThresholdMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World

TIMEOUT_S = 10.0


class Thresholds:
    """See `core.kind.Kind`."""

    name = "threshold"
    spec = Threshold
    memory = ThresholdMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Threshold] | Mend]:
        """Bullets, label lines, metric tables and flags of checking scripts."""
        return read(node, context)

    def plan(self, claim: Claim[Threshold]) -> Plan:
        """One measurement every evaluation interval, all thresholds in one batch; others may hear of the value."""
        job = Job(claim.id, "measure", Every(claim.spec.every_s), Lane.RULE, TIMEOUT_S, "threshold")
        return Plan((job,), serves=(Want(MEASURED, canonical(claim.spec.quantity)),))

    async def run(self, batch: Batch[Threshold], world: World) -> Sequence[Evidence]:
        """Bind and ask the series, all at once."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[Threshold], memory: ThresholdMemory, evidence: Evidence | None, now: float
    ) -> Judged[ThresholdMemory]:
        """Inside or outside, for how long."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Threshold], flip: Flip) -> Iterable[Effect]:
        """A limit of an alert level tells people; the end of a normal range is shown only."""
        if claim.spec.level == "normal":
            return ()
        return claim_broken(claim, flip, severity=claim.spec.level)


KIND: AnyKind = Thresholds()
