"""Evaluate a group at one instant: its recording rules in order, then all alerts in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from opsguide.core.nouns import Evidence
from opsguide.core.ports import Samples, Target, WorldFault
from opsguide.core.units import said
from opsguide.engines.binding import Unbound, bind
from opsguide.engines.gotemplate import render
from opsguide.engines.gotemplate.values import float_text
from opsguide.engines.routing.labels import label_set, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim, Labels
    from opsguide.core.ports import Answer, Metric, Point, World
    from opsguide.kinds.alert.spec import AlertSpec, Recording

NAME = "__name__"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A claim with the expression it comes to, or why it comes to none. how: the binding that was chosen."""

    claim: Claim[AlertSpec]
    expr: str = ""
    how: str = ""
    unbound: str = ""


async def run(batch: Batch[AlertSpec], world: World) -> Sequence[Evidence]:
    """The evidence of every alert of the batch: one for each label set that it gives, and one for the whole."""
    now = world.clock.now()
    claims = [claim for claim, _ in batch.jobs]
    try:
        await _record(claims, world, now)
        words = any(claim.spec.expr is None for claim in claims)
        catalogue = await world.series.catalogue() if words else {}
        asked = [_asked(claim, catalogue) for claim in claims]
        answers = await world.series.query_many([one.expr for one in asked if one.expr], now)
    except WorldFault as fault:
        return [_whole(claim, now, "error", fault.detail, ok=False) for claim in claims]
    left = iter(answers)
    return [seen for one in asked for seen in (_seen(one, next(left), now) if one.expr else _unbound(one, now))]


async def _record(claims: Iterable[Claim[AlertSpec]], world: World, now: float) -> None:
    """Evaluate the recording rules one by one, so that a later one sees what an earlier one recorded."""
    found = {(claim.spec.group, rule.name, rule.expr): rule for claim in claims for rule in claim.spec.recordings}
    for (group, name, _), rule in found.items():
        (answer,) = await world.series.query_many([rule.expr], now)
        if answer.error or (answer.blind and not answer.points):
            continue
        keys = [_key(rule, point.labels) for point in answer.points]
        values = np.array([point.value for point in answer.points], dtype=np.float64)
        target = Target(f"rule:{group or ''}:{name}", ())
        await world.series.append(target, now, Samples(keys, values, {name: "gauge"}))


def _key(rule: Recording, labels: Labels) -> str:
    merged = label_set(({k: v for k, v in labels if k != NAME} | dict(rule.labels)).items())
    inner = ",".join(f"{name}={quoted(value)}" for name, value in merged)
    return f"{rule.name}{{{inner}}}" if inner else rule.name


def _asked(claim: Claim[AlertSpec], catalogue: Mapping[str, Metric]) -> _Asked:
    spec = claim.spec
    if spec.expr is not None:
        return _Asked(claim, spec.expr)
    bound = bind(
        spec.quantity or spec.name,
        catalogue=catalogue,
        quantile=spec.quantile,
        aggregate=spec.aggregate or "",
        window_s=spec.window_s,
        unit=spec.unit or "",
        of=spec.of or "",
    )
    if isinstance(bound, Unbound):
        return _Asked(claim, unbound=f"{bound.why}; it would take {bound.would}")
    limit = "" if spec.op is None else f" {spec.op} {float_text(spec.value or 0.0)}"
    # An event is bound to how many of its kind there are now.
    return _Asked(claim, f"({bound.expr}){limit or ' > 0'}", bound.why)


def _unbound(asked: _Asked, now: float) -> list[Evidence]:
    return [_whole(asked.claim, now, "unbound", asked.unbound, ok=False)]


def _seen(asked: _Asked, answer: Answer, now: float) -> list[Evidence]:
    claim = asked.claim
    if answer.error:
        return [_whole(claim, now, "error", answer.error, ok=False)]
    found = [_element(asked, point, now) for point in answer.points]
    elements = list({element.subject: element for element in found}.values())
    if len(elements) < len(found):
        return [_whole(claim, now, "error", "two series have the same labels once the rule's own are added", ok=False)]
    roll = tuple(element.subject for element in elements)
    if answer.blind or answer.partly:
        # What fired and cannot be seen now is not gone: it ends by data, by a person or with the statement. Where only
        # some targets are lost, the roll is called for the others.
        lost = (*answer.blind, *answer.partly)
        because = "; ".join(dict.fromkeys(f"{blind.selector}: {blind.why}" for blind in lost))
        if answer.blind:
            return [*elements, _whole(claim, now, "blind", because, ok=False)]
        unseen = tuple(tuple(pair for pair in blind.labels if pair[0] != NAME) for blind in answer.partly)
        return [*elements, replace(_whole(claim, now, "blind", because, ok=False, roll=roll), spared=unseen)]
    because = f"{len(elements)} active" if elements else "not firing"
    because += f" ({asked.how})" if asked.how else ""
    return [*elements, _whole(claim, now, "active" if elements else "clear", because, ok=True, roll=roll)]


def _whole(
    claim: Claim[AlertSpec], now: float, says: str, because: str, *, ok: bool, roll: tuple[str, ...] | None = None
) -> Evidence:
    return Evidence(claim.id, "", now, ok=ok, says=says, because=because, roll=roll)


def _element(asked: _Asked, point: Point, now: float) -> Evidence:
    claim, spec = asked.claim, asked.claim.spec
    own = {name: value for name, value in point.labels if name != NAME}
    ruled = {name: render(text, own, point.value) for name, text in spec.labels.items()}
    labels = label_set({**own, **ruled, "alertname": spec.name}.items())
    annotations = {name: render(text, own, point.value) for name, text in spec.annotations.items()}
    if spec.expr is None:
        shown = said(point.value, spec.unit or "")
        annotations = {"summary": f"{claim.title} ({shown} now)" if spec.op else claim.title} | annotations
    return Evidence(
        claim.id,
        "{" + ",".join(f"{name}={quoted(value)}" for name, value in labels) + "}",
        now,
        ok=False,
        says="active",
        because="the expression gives it",
        values=(("value", point.value),),
        labels=labels,
        annotations=tuple(sorted(annotations.items())),
    )
