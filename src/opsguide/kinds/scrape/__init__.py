"""Kind scrape: targets that are asked for their metrics, and the native collectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.alarm import WATCHED, claim_broken
from opsguide.core.nouns import Every, Job, Lane, Plan, Want
from opsguide.kinds.scrape.judge import judge
from opsguide.kinds.scrape.read import read
from opsguide.kinds.scrape.spec import ScrapeMemory, ScrapeSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World


class Scrape:
    """See `core.kind.Kind`."""

    name = "scrape"
    spec = ScrapeSpec
    memory = ScrapeMemory
    machine = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[ScrapeSpec] | Mend]:
        """Jobs of Prometheus YAML, ServiceMonitors, `curl .../metrics`, collectors."""
        return read(node, context)

    def plan(self, claim: Claim[ScrapeSpec]) -> Plan:
        """A job for each target, so that a slow one holds up nobody else."""
        spec = claim.spec
        names = spec.targets if spec.collector else tuple(point.subject for point in spec.points)
        jobs = tuple(
            Job(claim.id, name, Every(spec.every_s), Lane.SCRAPE, spec.limit_s, f"{claim.id}/{name}") for name in names
        )
        return Plan(jobs, wants=(Want(WATCHED, f"job={spec.job}"),))

    async def run(self, batch: Batch[ScrapeSpec], world: World) -> Sequence[Evidence]:
        """Ask, and append."""
        from opsguide.kinds.scrape.run import run  # noqa: PLC0415 -- numpy, which `check` does not need

        return await run(batch, world)

    def judge(
        self, claim: Claim[ScrapeSpec], memory: ScrapeMemory, evidence: Evidence | None, now: float
    ) -> Judged[ScrapeMemory]:
        """Broken after two failures in a row, holding after one success."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[ScrapeSpec], flip: Flip) -> Iterable[Effect]:
        """A target that is down pages where no rule of the guide watches its job."""
        return claim_broken(claim, flip, "critical")


KIND: AnyKind = Scrape()
