"""Kind communication: who is told what of an incident, how soon and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Plan
from opsguide.kinds.communication.judge import judge
from opsguide.kinds.communication.read import read
from opsguide.kinds.communication.spec import Communication, CommunicationMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World


class Communications:
    """See `core.kind.Kind`."""

    name = "communication"
    spec = Communication
    memory = CommunicationMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Communication] | Mend]:
        """Labelled bullets, tables and lists of steps."""
        return read(node, context)

    def plan(self, claim: Claim[Communication]) -> Plan:
        """Nothing runs: no incident is recorded yet."""
        del claim
        return Plan()

    async def run(self, batch: Batch[Communication], world: World) -> Sequence[Evidence]:
        """Nothing runs."""
        del batch, world
        return ()

    def judge(
        self, claim: Claim[Communication], memory: CommunicationMemory, evidence: Evidence | None, now: float
    ) -> Judged[CommunicationMemory]:
        """Unknown, with what is stated."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Communication], flip: Flip) -> Iterable[Effect]:
        """Nothing: a plan pages nobody."""
        del claim, flip
        return ()


KIND: AnyKind = Communications()
