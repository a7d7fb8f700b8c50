"""Kind dashboard: a named list of panels, each bound to the series that are really there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Every, Job, Lane, Plan
from opsguide.kinds.dashboard.judge import judge
from opsguide.kinds.dashboard.read import read
from opsguide.kinds.dashboard.run import run
from opsguide.kinds.dashboard.spec import Dashboard, DashboardMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World

TIMEOUT_S = 10.0


class Dashboards:
    """See `core.kind.Kind`."""

    name = "dashboard"
    spec = Dashboard
    memory = DashboardMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Dashboard] | Mend]:
        """Named lists of panels."""
        return read(node, context)

    def plan(self, claim: Claim[Dashboard]) -> Plan:
        """One look every evaluation interval, all dashboards in one batch."""
        return Plan((Job(claim.id, "look", Every(claim.spec.every_s), Lane.RULE, TIMEOUT_S, "dashboard"),))

    async def run(self, batch: Batch[Dashboard], world: World) -> Sequence[Evidence]:
        """Bind and ask the series, all at once."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[Dashboard], memory: DashboardMemory, evidence: Evidence | None, now: float
    ) -> Judged[DashboardMemory]:
        """Data in every panel."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Dashboard], flip: Flip) -> Iterable[Effect]:
        """Nothing: a panel without data is shown, and pages nobody."""
        del claim, flip
        return ()


KIND: AnyKind = Dashboards()
