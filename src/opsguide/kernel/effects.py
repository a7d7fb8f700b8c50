"""What of a claim's effects may leave: ClaimBroken under its oldest id; ends that name what was raised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.alarm import NAME
from opsguide.core.facts import AlertChanged
from opsguide.core.machine import Signal
from opsguide.kernel.codec import Raised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opsguide.core.machine import Effect
    from opsguide.kernel.live import Live, LiveClaim


def passed(all_live: Live, live: LiveClaim, origin: str, effect: Effect, why: str) -> Iterator[Effect]:
    """The effect as it may leave, or nothing. why: what an end must name, "" for a plain resolve."""
    if not isinstance(effect, Signal) or not isinstance(effect.event, AlertChanged):
        yield effect
        return
    event = effect.event
    if why and event.ends_at:
        event = replace(event, why=why)
    if ("alertname", NAME) in event.labels:
        if not event.ends_at and not _pages(all_live, live):
            return
        labels = {**dict(event.labels), "service": live.edition.service, "claim": origin}
        event = replace(event, labels=tuple(sorted(labels.items())))
    yield Signal(effect.machine, event)


def _pages(all_live: Live, live: LiveClaim) -> bool:
    return live.claim.kind in live.edition.settings.notify.claims and not all_live.is_watched(live)


def raised_after(raised: Sequence[Raised], effects: Iterable[Effect]) -> tuple[Raised, ...]:
    """What is raised once these effects have left."""
    found = {(r.machine, r.labels): r for r in raised}
    for effect in effects:
        if not isinstance(effect, Signal) or not isinstance(effect.event, AlertChanged):
            continue
        key = (effect.machine, effect.event.labels)
        if effect.event.ends_at:
            found.pop(key, None)
        else:
            found[key] = Raised.of(effect.machine, effect.event)
    return tuple(found.values())


def ends_of(raised: Iterable[Raised], at: float, why: str) -> list[Effect]:
    """The ends of all that is raised."""
    return [Signal(r.machine, r.event(at, why)) for r in raised]
