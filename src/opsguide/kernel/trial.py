"""The trial: for the first `[notify] trial` of a reading, what opsguide inferred reaches people only as one digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.machine import Signal
from opsguide.kernel.codec import Held, HeldAlert, Raised
from opsguide.kernel.ledger import Timer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.facts import AlertChanged
    from opsguide.kernel.codec import Registered
    from opsguide.kernel.draft import Draft
    from opsguide.kernel.live import Edition, Live

DIGEST = "TrialDigest"
DIGEST_FIRES_S = 3600.0
SHOWN = 50
"""Alerts that a digest lists; the rest is a number."""


def held(draft: Draft, live: Live, machine: str, event: AlertChanged, now: float) -> bool:
    """Whether the trial holds this event back. An end never is; it takes the mark "still firing" away."""
    known: Held = draft.record("trial", event.claim) or Held()
    if event.ends_at:
        if any(h.firing and h.alert.labels == event.labels for h in known.alerts):
            draft.put("trial", event.claim, _ended(known, event))
        return False
    until = trial_until(draft, live, event.claim) if event.inferred else None
    if until is None or now >= until:
        return False
    draft.put("trial", event.claim, _begun(known, Raised.of(machine, event), until))
    draft.timers.append(Timer(until, "trial", (event.claim, "")))
    return True


def trial_until(draft: Draft, live: Live, claim: str) -> float | None:
    """When the trial of a claim's reading ends; None where there is no such claim."""
    found = live.claims.get(claim)
    registered: Registered | None = draft.record("claims", claim)
    if found is None or registered is None:
        return None
    return registered.read_at + found.edition.settings.notify.trial_s


def _ended(known: Held, event: AlertChanged) -> Held:
    alerts = (replace(h, firing=False) if h.alert.labels == event.labels else h for h in known.alerts)
    return replace(known, alerts=tuple(alerts))


def _begun(known: Held, alert: Raised, until: float) -> Held:
    before = next((h for h in known.alerts if h.alert.labels == alert.labels), None)
    others = tuple(h for h in known.alerts if h is not before)
    times = 1 if before is None else before.times + (not before.firing)
    return Held((*others, HeldAlert(alert, firing=True, times=times)), until)


def trial_over(draft: Draft, live: Live, keys: Sequence[str], now: float) -> list[Signal]:
    """What is signalled when these trials (and digests) end: one digest a guide, then what still fires."""
    signals: list[Signal] = []
    listed: dict[int, list[HeldAlert]] = {}
    for key in keys:
        ended: Held | None = draft.record("trial", key)
        draft.put("trial", key, None)
        if ended is None:
            continue
        if key.startswith("digest "):
            signals += [Signal(h.alert.machine, h.alert.event(now, "a digest ends by itself")) for h in ended.alerts]
            continue
        listed.setdefault(_edition_of(live, key), []).extend(ended.alerts)
        signals += [Signal(h.alert.machine, h.alert.event()) for h in ended.alerts if h.firing]
    digests = [_digest(draft, live.editions[i], alerts, now) for i, alerts in listed.items() if alerts]
    return [*digests, *signals]


def _edition_of(live: Live, claim: str) -> int:
    found = live.claims.get(claim)
    return 0 if found is None else live.editions.index(found.edition)


def _digest(draft: Draft, edition: Edition, alerts: Sequence[HeldAlert], now: float) -> Signal:
    """One alert that lists what would have been sent; it ends by itself."""
    labels = (("alertname", DIGEST), ("service", edition.service), ("severity", "info"))
    lines = list(_lines(alerts))
    more = f"\nand {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    annotations = (
        ("description", "\n".join(lines[:SHOWN]) + more),
        ("summary", f"{len(lines)} inferred alerts of {edition.service} were held back during their trial"),
    )
    machine = alerts[0].alert.machine
    raised = Raised(machine, labels, annotations, now, "", inferred=False, source="")
    until = now + DIGEST_FIRES_S
    key = f"digest {edition.guide.key} {now:.3f}"
    draft.put("trial", key, Held((HeldAlert(raised, firing=True),), until))
    draft.timers.append(Timer(until, "trial", (key, "")))
    return Signal(machine, raised.event())


def _lines(alerts: Iterable[HeldAlert]) -> Iterable[str]:
    for held_alert in alerts:
        alert = held_alert.alert
        said = dict(alert.annotations).get("summary") or ", ".join(f"{k}={v}" for k, v in alert.labels)
        state = "still firing" if held_alert.firing else "over"
        times = "" if held_alert.times == 1 else f", {held_alert.times} times"
        yield f"- {dict(alert.labels).get('alertname', '')}: {said} ({state}{times})"
