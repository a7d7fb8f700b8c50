"""Kind alert: a rule or a condition that is told about when it becomes true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.alarm import ROUTING, WATCHED
from opsguide.core.block import Fence, Item, Table
from opsguide.core.facts import AlertChanged, AlertSeen
from opsguide.core.machine import Record, Signal
from opsguide.core.nouns import Every, Evidence, Job, Lane, Plan, State, Want
from opsguide.engines.promql import QueryFault, parse
from opsguide.kinds.alert.judge import judge
from opsguide.kinds.alert.rules import read_rules
from opsguide.kinds.alert.run import run
from opsguide.kinds.alert.spec import AlertMemory, AlertSpec
from opsguide.kinds.alert.words import read_item, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Flip, Judged
    from opsguide.core.ports import World

LONGEST_S = 10.0
FIRED = "alert.fired"
"""Topic of evidence that tells when a label set begins to fire and when it ends; scope: the alert's name."""


class Alert:
    """See `core.kind.Kind`."""

    name = "alert"
    spec = AlertSpec
    memory = AlertMemory

    @property
    def machine(self) -> AnyMachine | None:
        """None: alerts go to machine `routing`."""
        return None

    def read(self, node: Node, context: Context) -> Iterable[Claim[AlertSpec] | Mend]:
        """Rules, rows of alert tables, bullets under alert headings."""
        if isinstance(node, Fence):
            yield from read_rules(node, context)
        elif isinstance(node, Table):
            yield from read_table(node, context)
        elif isinstance(node, Item):
            yield from read_item(node, context)

    def plan(self, claim: Claim[AlertSpec]) -> Plan:
        """One evaluation for all rules of an interval; groups that record something are evaluated by themselves."""
        spec = claim.spec
        key = f"group {spec.group or 'rules'}" if spec.recordings else "rules"
        limit_s = min(spec.interval_s, LONGEST_S)
        job = Job(claim.id, "evaluate", Every(spec.interval_s), Lane.RULE, limit_s, key)
        watched = tuple(Want(WATCHED, f"job={job}") for job in watched_jobs(spec))
        return Plan((job,), serves=(*watched, Want(FIRED, spec.name)))

    async def run(self, batch: Batch[AlertSpec], world: World) -> Sequence[Evidence]:
        """Evaluate the batch at one instant."""
        return await run(batch, world)

    def judge(
        self, claim: Claim[AlertSpec], memory: AlertMemory, evidence: Evidence | None, now: float
    ) -> Judged[AlertMemory]:
        """Waiting, firing, not firing."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[AlertSpec], flip: Flip) -> Iterator[Effect]:
        """Raise the alert when a label set begins to fire, and end it when it stops. Blindness does neither."""
        ends = flip.after is State.HOLDS and flip.before is State.BROKEN
        if not flip.subject or (not ends and flip.after is not State.BROKEN):
            return
        changed = AlertChanged(
            labels=flip.labels,
            annotations=flip.annotations,
            starts_at=flip.at,
            ends_at=flip.at if ends else 0.0,
            claim=claim.id,
            inferred=claim.inferred,
        )
        yield Signal(ROUTING, changed)
        yield Record(_seen(claim.spec.name, flip, firing=not ends))


def _seen(name: str, flip: Flip, *, firing: bool) -> Evidence:
    """For those who act on alerts; it is no claim's own evidence, and nothing is judged of the alert by it."""
    says = "firing" if firing else "ended"
    because = f"{name} {'fires' if firing else 'ended'}: {flip.because}"
    fact = AlertSeen(name, flip.labels, firing)
    return Evidence(
        "", flip.subject, flip.at, ok=not firing, says=says, because=because, topic=FIRED, scope=name, fact=fact
    )


def watched_jobs(spec: AlertSpec) -> tuple[str, ...]:
    """Scrape jobs whose loss the rule tells about: those of its selectors `up{job="..."}`."""
    try:
        selectors = parse(spec.expr).selectors if spec.expr else ()
    except QueryFault:
        return ()
    matchers = (m for s in selectors if s.name == "up" for way in s.ways for m in way)
    return tuple(dict.fromkeys(m.value for m in matchers if m.name == "job" and m.op == "="))


KIND: AnyKind = Alert()
