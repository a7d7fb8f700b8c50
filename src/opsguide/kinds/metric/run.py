"""Looks at metrics: one catalogue and one `query_many` for all that are due together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.facts import QuantityMeasured
from opsguide.core.nouns import Evidence
from opsguide.core.ports import WorldFault
from opsguide.engines.binding import Bound, Unbound, bind, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import Answer, World
    from opsguide.core.ports import Metric as Known
    from opsguide.kinds.metric.spec import Metric

MEASURED = "quantity.measured"
FRESH, STALE, UNBOUND = "fresh", "stale", "unbound"


@dataclass(frozen=True, slots=True)
class Shown:
    """One value to be shown: its name ("p95_seconds"), and where it comes from."""

    name: str
    bound: Bound


async def run(batch: Batch[Metric], world: World) -> Sequence[Evidence]:
    """Evidence for each claim: fresh with its values, stale, or unbound."""
    now = world.clock.now()
    claims = [claim for claim, _ in batch.jobs]
    try:
        catalogue = await world.series.catalogue()
        found = [binding(claim.spec, catalogue) for claim in claims]
        exprs = [shown.bound.expr for one in found if not isinstance(one, Unbound) for shown in one]
        answers = iter(await world.series.query_many(exprs, now) if exprs else ())
    except WorldFault as fault:
        return [Evidence(claim.id, "", now, ok=False, says=STALE, because=fault.detail) for claim in claims]
    return [
        _unbound(claim, one, now) if isinstance(one, Unbound) else _looked(claim, one, answers, catalogue, now)
        for claim, one in zip(claims, found, strict=True)
    ]


def binding(spec: Metric, catalogue: Mapping[str, Known]) -> tuple[Shown, ...] | Unbound:
    """What is to be shown: the value, or each percentile that the guide asks for."""
    if spec.expr:
        return (Shown("value", Bound(spec.expr, "", "the expression stands beside the statement")),)
    shown = []
    for quantile in spec.percentiles or (None,):
        unit = "seconds" if quantile else ""
        found = bind(spec.name, catalogue=catalogue, quantile=quantile, unit=unit, hint=spec.description)
        if isinstance(found, Unbound):
            return found
        prefix = f"p{quantile * 100:g}" if quantile else "value"
        shown.append(Shown(f"{prefix}_{found.unit}" if found.unit else prefix, found))
    return tuple(shown)


def _unbound(claim: Claim[Metric], one: Unbound, now: float) -> Evidence:
    because = f"{one.why}; what would bind it: {one.would}"
    return Evidence(claim.id, "", now, ok=False, says=UNBOUND, because=because)


def _looked(
    claim: Claim[Metric], shown: Sequence[Shown], answers: Iterator[Answer], catalogue: Mapping[str, Known], now: float
) -> Evidence:
    got = [(one, next(answers)) for one in shown]
    fault = next((why for one, answer in got if (why := _why_not(one.bound, answer, catalogue))), "")
    if fault:
        return Evidence(claim.id, "", now, ok=False, says=STALE, because=fault)
    values = tuple((one.name, max(point.value for point in answer.points)) for one, answer in got)
    because = f"{shown[0].bound.why}: {'; '.join(one.bound.expr for one in shown)}"
    first, unit = values[0][1], shown[0].bound.unit
    if math.isnan(first):
        because = f"fresh, but nothing was counted in the window; {because}"
        return Evidence(claim.id, "", now, ok=True, says=FRESH, because=because)
    name = canonical(claim.spec.name)
    fact = QuantityMeasured(name, first, unit)
    return Evidence(
        claim.id, "", now, ok=True, says=FRESH, because=because, values=values, topic=MEASURED, scope=name, fact=fact
    )


def _why_not(bound: Bound, answer: Answer, catalogue: Mapping[str, Known]) -> str:
    if answer.error:
        return f"the expression cannot be evaluated: {answer.error}; {bound.expr}"
    if answer.blind:
        return f"{answer.blind[0].why}; {bound.expr}"
    stale = [name for name in bound.metrics if name in catalogue and catalogue[name].stale]
    if stale:
        return f"{stale[0]} has no fresh series now"
    return "" if answer.points else f"no value yet; {bound.expr}"
