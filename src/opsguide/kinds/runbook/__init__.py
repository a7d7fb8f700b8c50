"""Kind runbook: what to do when something is wrong; its commands exist, and its reading steps run when it fires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Section
from opsguide.core.nouns import Every, Job, Lane, Plan, Want
from opsguide.kinds.runbook.judge import ASSESS, ASSESSED, FIRED, judge
from opsguide.kinds.runbook.read import read
from opsguide.kinds.runbook.run import run
from opsguide.kinds.runbook.spec import Runbook, RunbookMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World

LOOK_LIMIT_S = 10.0


class Runbooks:
    """See `core.kind.Kind`."""

    name = "runbook"
    spec = Runbook
    memory = RunbookMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Runbook] | Mend]:
        """Sections with symptom, diagnosis and resolution, and those of a troubleshooting chapter."""
        return read(node, context) if isinstance(node, Section) else ()

    def plan(self, claim: Claim[Runbook]) -> Plan:
        """A look at what it needs every few minutes; its reading steps only when an alert asks."""
        spec = claim.spec
        jobs = []
        if spec.programs:
            jobs.append(Job(claim.id, "look", Every(spec.every_s), Lane.PROBE, LOOK_LIMIT_S, "runbooks"))
        if spec.command:
            limit_s = spec.limit_s * len(spec.running) + 1.0
            jobs.append(Job(claim.id, ASSESS, None, Lane.COMMAND, limit_s, claim.id))
        return Plan(tuple(jobs), wants=(Want(FIRED),), serves=(Want(ASSESSED, spec.name),))

    async def run(self, batch: Batch[Runbook], world: World) -> Sequence[Evidence]:
        """Look, or run what a person trusted."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[Runbook], memory: RunbookMemory, evidence: Evidence | None, now: float
    ) -> Judged[RunbookMemory]:
        """Everything that its commands need is there."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Runbook], flip: Flip) -> Iterable[Effect]:
        """Nobody is paged for a runbook."""
        del claim, flip
        return ()


KIND: AnyKind = Runbooks()
