"""Kind task: what is to be done again and again; due by the calendar, done by a person's tick or by a measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.alarm import claim_broken
from opsguide.core.nouns import Calendar, Evidence, Job, Lane, Plan, Want
from opsguide.kinds.task.judge import MEASURED, TICKED, judge
from opsguide.kinds.task.read import read
from opsguide.kinds.task.spec import Task, TaskMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Flip, Judged
    from opsguide.core.ports import World

TIMEOUT_S = 5.0


class Tasks:
    """See `core.kind.Kind`."""

    name = "task"
    spec = Task
    memory = TaskMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Task] | Mend]:
        """Checklists, plain lists and tables with a cadence."""
        return read(node, context)

    def plan(self, claim: Claim[Task]) -> Plan:
        """The due times stand in the log; ticks arrive as evidence, and so does a measurement that answers the task."""
        spec = claim.spec
        job = Job(claim.id, "due", Calendar(spec.cron, spec.tz), Lane.RULE, TIMEOUT_S, "task")
        wants = (Want(MEASURED, spec.machine),) if spec.machine else ()
        return Plan((job,), wants=wants, serves=(Want(TICKED, claim.id),))

    async def run(self, batch: Batch[Task], world: World) -> Sequence[Evidence]:
        """It is due: nothing is done for anybody."""
        now = world.clock.now()
        return [
            Evidence(claim.id, "", now, ok=True, says="due", because=f"{claim.spec.text} is due")
            for claim, _ in batch.jobs
        ]

    def judge(
        self, claim: Claim[Task], memory: TaskMemory, evidence: Evidence | None, now: float
    ) -> Judged[TaskMemory]:
        """Done before the next is due."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Task], flip: Flip) -> Iterable[Effect]:
        """An overdue task is a warning."""
        return claim_broken(claim, flip, severity="warning")


KIND: AnyKind = Tasks()
