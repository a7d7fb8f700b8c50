"""Kind metric: something the guide says is measured; bound to the series that are really there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Every, Job, Lane, Plan, Want
from opsguide.engines.binding import canonical
from opsguide.kinds.metric.judge import judge
from opsguide.kinds.metric.read import read
from opsguide.kinds.metric.run import MEASURED, run
from opsguide.kinds.metric.spec import Metric, MetricMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World

TIMEOUT_S = 10.0


class Metrics:
    """See `core.kind.Kind`."""

    name = "metric"
    spec = Metric
    memory = MetricMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Metric] | Mend]:
        """Labelled bullets, names in code and catalogue tables."""
        return read(node, context)

    def plan(self, claim: Claim[Metric]) -> Plan:
        """One look every evaluation interval, all metrics in one batch; others may hear of the value."""
        job = Job(claim.id, "look", Every(claim.spec.every_s), Lane.RULE, TIMEOUT_S, "metric")
        return Plan((job,), serves=(Want(MEASURED, canonical(claim.spec.name)),))

    async def run(self, batch: Batch[Metric], world: World) -> Sequence[Evidence]:
        """Bind and ask the series, all at once."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[Metric], memory: MetricMemory, evidence: Evidence | None, now: float
    ) -> Judged[MetricMemory]:
        """Fresh, stale or unbound."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Metric], flip: Flip) -> Iterable[Effect]:
        """Nothing: a metric is shown, and pages nobody."""
        del claim, flip
        return ()


KIND: AnyKind = Metrics()
