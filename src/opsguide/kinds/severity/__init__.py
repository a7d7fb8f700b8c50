"""Kind severity: a level of incidents, with the times in which people respond and resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Plan
from opsguide.kinds.severity.judge import judge
from opsguide.kinds.severity.read import read
from opsguide.kinds.severity.spec import Severity, SeverityMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World


class Severities:
    """See `core.kind.Kind`."""

    name = "severity"
    spec = Severity
    memory = SeverityMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Severity] | Mend]:
        """Lists, tables and headings of levels."""
        return read(node, context)

    def plan(self, claim: Claim[Severity]) -> Plan:
        """Nothing runs: no incident is recorded yet."""
        del claim
        return Plan()

    async def run(self, batch: Batch[Severity], world: World) -> Sequence[Evidence]:
        """Nothing runs."""
        del batch, world
        return ()

    def judge(
        self, claim: Claim[Severity], memory: SeverityMemory, evidence: Evidence | None, now: float
    ) -> Judged[SeverityMemory]:
        """Unknown, with the times."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Severity], flip: Flip) -> Iterable[Effect]:
        """Nothing: a level pages nobody."""
        del claim, flip
        return ()


KIND: AnyKind = Severities()
