"""Looks at every panel: one catalogue and one `query_many` for all dashboards that are due together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.nouns import Evidence
from opsguide.core.ports import WorldFault
from opsguide.engines.binding import Bound, Unbound
from opsguide.kinds.dashboard.panels import curves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import Answer, World
    from opsguide.kinds.dashboard.panels import Curve
    from opsguide.kinds.dashboard.spec import Dashboard

DATA, MISSING, UNBOUND = "data", "missing", "unbound"
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """One quantity of a panel as looked at. why: "" where it has data. bound: whether anything gives it at all."""

    panel: str
    quantity: str
    value: float
    unit: str
    why: str = ""
    bound: bool = True


async def run(batch: Batch[Dashboard], world: World) -> Sequence[Evidence]:
    """Evidence for each claim: data in every panel, or which panels have none."""
    now = world.clock.now()
    claims = [claim for claim, _ in batch.jobs]
    try:
        catalogue = await world.series.catalogue()
        found = [curves(claim.spec, catalogue) for claim in claims]
        exprs = list(dict.fromkeys(_exprs(found)))
        answers = await world.series.query_many(exprs, now) if exprs else ()
    except WorldFault as fault:
        return [Evidence(claim.id, "", now, ok=False, says=MISSING, because=fault.detail) for claim in claims]
    by_expr = dict(zip(exprs, answers, strict=True))
    return [_looked(claim, one, by_expr, now) for claim, one in zip(claims, found, strict=True)]


def _exprs(found: Sequence[Mapping[str, Sequence[Curve]]]) -> Iterator[str]:
    for one in found:
        for panel in one.values():
            yield from (curve.found.expr for curve in panel if isinstance(curve.found, Bound))


def _looked(
    claim: Claim[Dashboard], found: Mapping[str, Sequence[Curve]], answers: Mapping[str, Answer], now: float
) -> Evidence:
    seen = [_seen(panel, curve, answers) for panel, of_panel in found.items() for curve in of_panel]
    empty = [one for one in seen if one.why]
    panels = dict.fromkeys(one.panel for one in empty)
    without = [one for one in empty if not one.bound]
    says = UNBOUND if without else MISSING if empty else DATA
    values = tuple((f"{_slug(one.quantity)}_{one.unit}", one.value) for one in seen if _is_number(one))
    count = f"{len(found) - len(panels)} of {len(found)} panels have data"
    because = f"{count}; without: {_reasons(without or empty)}" if empty else f"{count}: {_sources(found)}"
    return Evidence(claim.id, "", now, ok=not empty, says=says, because=because, values=values)


def _seen(panel: str, curve: Curve, answers: Mapping[str, Answer]) -> Seen:
    if isinstance(curve.found, Unbound):
        why = f"{curve.found.why} ({_would(curve.found)})"
        return Seen(panel, curve.quantity, math.nan, "", why, bound=False)
    answer = answers[curve.found.expr]
    # An empty window counts as data where its series are fresh: nothing happened in it.
    value = max((p.value for p in answer.points if not math.isnan(p.value)), default=math.nan)
    return Seen(panel, curve.quantity, value, curve.found.unit, _why_not(answer))


def _would(found: Unbound) -> str:
    """What would bind it, here: no annotation pins one panel of several, but a metric's own name does."""
    return f"{found.would.partition('; or name the series beside')[0]}; or write the metric's name as the panel"


def _why_not(answer: Answer) -> str:
    if answer.error:
        return f"the expression cannot be evaluated: {answer.error}"
    if answer.blind:
        return answer.blind[0].why
    return "" if answer.points else "no value yet"


def _is_number(one: Seen) -> bool:
    return not one.why and math.isfinite(one.value)


def _slug(text: str) -> str:
    """Words joined by hyphens, so that what follows the first underscore is the unit."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


def _reasons(empty: Sequence[Seen]) -> str:
    named = [f"{one.quantity}: {one.why}" for one in empty[:_MOST_NAMED]]
    more = f"; and {len(empty) - _MOST_NAMED} more" if len(empty) > _MOST_NAMED else ""
    return "; ".join(named) + more


def _sources(found: Mapping[str, Sequence[Curve]]) -> str:
    bound = [curve.found for panel in found.values() for curve in panel if isinstance(curve.found, Bound)]
    return "; ".join(one.expr for one in bound)
