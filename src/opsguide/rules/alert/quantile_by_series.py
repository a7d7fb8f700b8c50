"""A quantile over buckets that are not summed: one figure for each label set, and none for the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Status
from opsguide.core.mend import Level, Mend
from opsguide.engines.promql import QueryFault, parse
from opsguide.engines.promql.syntax import walk
from opsguide.engines.promql.tree import Aggregate, Call
from opsguide.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.guide import Guide


def check(guide: Guide) -> Iterable[Mend]:
    """One finding for each alert with histogram_quantile over something that is not aggregated."""
    for claim in guide.claims:
        if claim.kind == "alert" and claim.status is Status.ACTIVE and claim.spec.expr and _bare(claim.spec.expr):
            yield Mend(
                at=claim.place,
                wrong=f"{claim.spec.name} takes a quantile of buckets that are not summed: one result for each label "
                "set, and none for the whole service",
                mend="write histogram_quantile(q, sum by (le) (rate(..._bucket[5m])))",
                rule=RULE.name,
                level=Level.WARNING,
            )


def _bare(expr: str) -> bool:
    try:
        nodes = list(walk(parse(expr).tree))
    except QueryFault:
        return False
    calls = [node for node in nodes if isinstance(node, Call) and node.name == "histogram_quantile"]
    return any(not any(isinstance(inner, Aggregate) for inner in walk(call)) for call in calls)


RULE = Rule("alert/quantile_by_series", check)
