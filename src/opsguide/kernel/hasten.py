"""A demo's clocks: the times of a claim divided, so that five minutes of a guide pass in fifteen seconds.

Only what is planned, judged and stepped on is divided; what is shown stays as the guide states it. Range windows are
divided in `world/hasty.py`, where expressions are asked.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from opsguide.engines.routing.config import GROUP_INTERVAL_S, GROUP_WAIT_S, REPEAT_INTERVAL_S, Route

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim

TIMES = frozenset(
    [
        *("for_s", "keep_firing_for_s", "group_wait_s", "group_interval_s", "repeat_interval_s"),
        *("response_s", "resolution_s", "update_s"),
    ]
)
INTERVALS = frozenset(("every_s", "interval_s"))
SHORTEST_S = 1.0
UNTOUCHED = frozenset(("probe", "link", "service", "task"))
"""Kinds whose intervals are no clocks of the guide: a probe is as frequent as the settings say."""


def hastened(claim: Claim[Any], by: float) -> Claim[Any]:
    """The claim with its times divided by `by`; the very same one at 1."""
    if by == 1.0 or claim.kind in UNTOUCHED:
        return claim
    spec = claim.spec
    tree = getattr(spec, "tree", None)
    if isinstance(tree, Route):
        spec = replace(spec, tree=_stated(tree))
    return replace(claim, spec=_divided(spec, by))


def _stated(root: Route) -> Route:
    """The root with Alertmanager's defaults written out, so that they are divided as well."""
    wait_s, interval_s, repeat_s = root.group_wait_s, root.group_interval_s, root.repeat_interval_s
    return replace(
        root,
        group_wait_s=GROUP_WAIT_S if wait_s is None else wait_s,
        group_interval_s=GROUP_INTERVAL_S if interval_s is None else interval_s,
        repeat_interval_s=REPEAT_INTERVAL_S if repeat_s is None else repeat_s,
    )


def _divided(value: Any, by: float) -> Any:
    if isinstance(value, tuple):
        return tuple(_divided(one, by) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed: dict[str, Any] = {}
    for field in fields(value):
        old = getattr(value, field.name)
        if field.name in TIMES and old is not None:
            changed[field.name] = old / by
        elif field.name in INTERVALS and old is not None:
            changed[field.name] = max(SHORTEST_S, old / by)
        elif field.name in {"tree", "routes"}:
            changed[field.name] = _divided(old, by)
    return replace(value, **changed) if changed else value
