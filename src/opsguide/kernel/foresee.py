"""What would happen if a claim broke: its reaction and the machines' steps, played through and thrown away.

Nothing here knows of routes. The very code that would tell people is asked, so the answer cannot differ from the deed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsguide.core.facts import AlertChanged, Woken
from opsguide.core.machine import Send, Signal
from opsguide.core.nouns import Flip, State
from opsguide.kernel.draft import Draft
from opsguide.kernel.effects import passed
from opsguide.kernel.fold import KindFault, reacted
from opsguide.kernel.trial import trial_until
from opsguide.kernel.view import Foreseen, WouldTell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Claim, Labels
    from opsguide.kernel.codec import Registered
    from opsguide.kernel.ledger import Ledger
    from opsguide.kernel.live import Live, LiveClaim

_WAKES = 3


def foresee(all_live: Live, ledger: Ledger, live: LiveClaim, now: float) -> Foreseen:
    """Who would be told, and after how long, if the claim's worst subject broke at `now` and stayed broken."""
    if not live.bound:
        return Foreseen(why_not=f"it is not watched until {', '.join(live.claim.needs)} has a value")
    draft = Draft(ledger)
    try:
        raised = [effect for effect in _reaction(ledger, live, now) if _alert(effect) is not None]
    except KindFault as fault:
        return Foreseen(why_not=str(fault))
    if not raised:
        return Foreseen(why_not="it is shown, and pages nobody")
    registered: Registered | None = draft.record("claims", live.claim.id)
    origin = (registered.origin if registered is not None else "") or live.claim.id
    admitted = [e for effect in raised for e in passed(all_live, live, origin, effect, "")]
    if not admitted:
        watched = all_live.is_watched(live)
        why = (
            "a rule of the guide watches this, and tells"
            if watched
            else f"[notify] claims leaves out {live.claim.kind}"
        )
        return Foreseen(why_not=why)
    alert = _alert(admitted[0])
    assert alert is not None
    told = tuple(dict.fromkeys(one for effect in admitted for one in _told(all_live, effect, now)))
    until = trial_until(draft, all_live, live.claim.id) if alert.inferred else None
    held_until = until if until is not None and until > now else 0.0
    why_not = "" if told else "the route leads to nobody who could be told now: no such receiver, or it is muted"
    return Foreseen(alert.labels, told, held_until, why_not)


def _alert(effect: Effect) -> AlertChanged | None:
    return effect.event if isinstance(effect, Signal) and isinstance(effect.event, AlertChanged) else None


def _reaction(ledger: Ledger, live: LiveClaim, now: float) -> Sequence[Effect]:
    """The reaction of the worst subject; of a rule that has none yet, of the label set that it states."""
    known = [kept.known for kept in ledger.all_kept(live.claim.id)]
    worst = max(known, key=lambda k: (k.verdict.state.badness, k.subject), default=None)
    found: Sequence[Effect] = ()
    if worst is not None:
        found = reacted(live, _flip(live.claim, worst.subject, worst.labels, now))
    return found or reacted(live, _flip(live.claim, "stated", _stated(live.claim), now))


def _flip(claim: Claim[Any], subject: str, labels: Labels, now: float) -> Flip:
    return Flip(claim.id, subject, 1, now, State.HOLDS, State.BROKEN, "foreseen", labels)


def _stated(claim: Claim[Any]) -> Labels:
    """The labels that a rule's own text gives its alerts; those of its series are known once it fires."""
    labels: Mapping[str, str] = getattr(claim.spec, "labels", None) or {}
    name = getattr(claim.spec, "name", "") or claim.title
    return tuple(sorted({**labels, "alertname": name}.items()))


def _told(all_live: Live, effect: Effect, now: float) -> Iterator[WouldTell]:
    """The first notice of each instance that the alert concerns, as if it were the only alert there is."""
    assert isinstance(effect, Signal)
    machine, config = all_live.machines[effect.machine]
    for key in machine.keys(config, effect.event):
        at = now
        stepped = machine.step(config, key, None, effect.event, at)
        for _ in range(_WAKES):
            if stepped.wake_at is None or any(isinstance(e, Send) for e in stepped.effects):
                break
            at = max(at, stepped.wake_at)
            stepped = machine.step(config, key, stepped.state, Woken(key), at)
        for sent in stepped.effects:
            if isinstance(sent, Send):
                notice = sent.notice
                yield WouldTell(notice.receiver, notice.integration, at - now, notice.key)
