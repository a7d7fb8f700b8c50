"""Measures thresholds: one catalogue and one `query_many` for all that are due together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from opsguide.core.facts import QuantityMeasured
from opsguide.core.nouns import Evidence
from opsguide.core.ports import WorldFault
from opsguide.engines.binding import Bound, Unbound, bind, canonical, metric_name
from opsguide.engines.conditions import compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import Answer, Metric, World
    from opsguide.kinds.threshold.spec import Threshold

MEASURED = "quantity.measured"
INSIDE, OUTSIDE, BLIND, UNBOUND = "inside", "outside", "blind", "unbound"


async def run(batch: Batch[Threshold], world: World) -> Sequence[Evidence]:
    """Evidence for each claim: inside or outside its limit, blind, or unbound."""
    now = world.clock.now()
    claims = [claim for claim, _ in batch.jobs]
    try:
        catalogue = await world.series.catalogue()
        found = [binding(claim.spec, catalogue) for claim in claims]
        exprs = [one.expr for one in found if isinstance(one, Bound)]
        answers = iter(await world.series.query_many(exprs, now) if exprs else ())
    except WorldFault as fault:
        return [Evidence(claim.id, "", now, ok=False, says=BLIND, because=fault.detail) for claim in claims]
    return [
        _unbound(claim, one, now) if isinstance(one, Unbound) else _measured(claim, one, next(answers), now)
        for claim, one in zip(claims, found, strict=True)
    ]


def binding(spec: Threshold, catalogue: Mapping[str, Metric]) -> Bound | Unbound:
    """The expression of the quantity: pinned by an annotation, or bound by what is scraped."""
    if spec.expr:
        return Bound(spec.expr, spec.unit, "the expression stands beside the statement")
    return bind(
        spec.quantity,
        catalogue=catalogue,
        quantile=spec.quantile,
        aggregate=spec.aggregate,
        window_s=spec.window_s,
        unit=spec.unit or ("count" if metric_name(spec.quantity) else ""),
        of=spec.of,
        hint=spec.description,
    )


def breaks(spec: Threshold, value: float) -> bool:
    """Whether the value is in the bad state: outside a normal range, or inside an alert's condition."""
    meets = compare(value, spec.op, spec.value)
    if spec.also_value is not None:
        meets = meets and compare(value, spec.also_op, spec.also_value)
    return meets != (spec.level == "normal")


def _unbound(claim: Claim[Threshold], one: Unbound, now: float) -> Evidence:
    because = f"{one.why}; what would bind it: {one.would}"
    return Evidence(claim.id, "", now, ok=False, says=UNBOUND, because=because)


def _measured(claim: Claim[Threshold], bound: Bound, answer: Answer, now: float) -> Evidence:
    spec = claim.spec
    values = [point.value for point in answer.points if not math.isnan(point.value)]
    worst = _worst(spec, values)
    outside = worst is not None and breaks(spec, worst)
    if answer.error or worst is None or (answer.blind and not outside):
        return Evidence(claim.id, "", now, ok=False, says=BLIND, because=f"{_why_blind(answer)}; {bound.expr}")
    name = canonical(spec.quantity)
    return Evidence(
        claim.id,
        "",
        now,
        ok=not outside,
        says=OUTSIDE if outside else INSIDE,
        because=f"{bound.why}: {bound.expr}",
        values=((f"value_{bound.unit}" if bound.unit else "value", worst),),
        topic=MEASURED,
        scope=name,
        fact=QuantityMeasured(name, worst, bound.unit),
    )


def _worst(spec: Threshold, values: Sequence[float]) -> float | None:
    """Of several series the one that breaks the limit, or comes nearest to it."""
    if not values:
        return None
    broken = [value for value in values if breaks(spec, value)]
    if broken:
        return max(broken, key=lambda value: abs(value - spec.value))
    return min(values, key=lambda value: abs(value - spec.value))


def _why_blind(answer: Answer) -> str:
    if answer.error:
        return f"the expression cannot be evaluated: {answer.error}"
    if answer.blind:
        return answer.blind[0].why
    if answer.points:
        return "nothing was counted in the window, so there is no value"
    return "the expression has no value now"
