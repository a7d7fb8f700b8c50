"""A new edition takes over, as one draft: what moved, what is gone, what changed, and what is looked at first."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.nouns import Flip, State, Verdict
from opsguide.kernel.codec import Held, Registered
from opsguide.kernel.effects import ends_of
from opsguide.kernel.fold import KindFault
from opsguide.kernel.ledger import Timer
from opsguide.kernel.trial import trial_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.kernel.codec import Kept
    from opsguide.kernel.ledger import Ledger
    from opsguide.kernel.live import Live, LiveClaim
    from opsguide.kernel.step import Step

log = logging.getLogger("opsguide.kernel")
CHANGED = Verdict(State.UNKNOWN, "the statement changed; not looked at since")


def take_over(step: Step, ledger: Ledger) -> None:
    """Let `step.live` take over from what the ledger remembers. docs/design/step.md, "Reload"."""
    known: dict[str, Registered] = ledger.bucket("claims")
    _reload_machines(step, ledger)
    before = {i: r for i, r in known.items() if r.retired_at is None}
    moved = _moved(before, step.live)
    for old, new in moved.items():
        _move(step, old, new, before[old])
    changed = [_register(step, live, known.get(i)) for i, live in step.live.claims.items() if i not in moved.values()]
    for gone in before.keys() - step.live.claims.keys() - moved.keys():
        _retire(step, gone, before[gone])
    step.drain()
    for live in filter(None, changed):
        _afresh(step, live)
    _trials(step, ledger)
    for claim in step.live.claims.values():
        for look in (_first_look, _unheard):
            try:
                look(step, claim)
            except KindFault as fault:
                log.exception("taking over %s", claim.claim.id)
                step.fault(claim.claim.id, fault.text)
    step.drain()


def _reload_machines(step: Step, ledger: Ledger) -> None:
    for name, key in ledger.instances():
        machine, config = step.live.machines[name]
        before = step.draft.instance(name, key)
        if before is None:
            continue
        try:
            stepped = machine.reload(config, key, before.state, step.now)
        except Exception:
            log.exception("reloading %s %s", name, key)
            continue  # it goes on as it was; its next event steps it under the new config
        step.stepped(name, key, before, stepped.state, stepped.wake_at)
        step.queue(stepped.effects, name, key)


def _moved(before: Mapping[str, Registered], live: Live) -> dict[str, str]:
    """Vanished id -> new id of the same kind and text, where each is the only one of its content."""
    gone: dict[tuple[str, str], list[str]] = {}
    new: dict[tuple[str, str], list[str]] = {}
    for claim, registered in before.items():
        if claim not in live.claims:
            gone.setdefault((registered.kind, registered.text_hash), []).append(claim)
    for claim, found in live.claims.items():
        if claim not in before:
            new.setdefault((found.claim.kind, found.text_hash), []).append(claim)
    return {ids[0]: new[c][0] for c, ids in gone.items() if len(ids) == 1 and len(new.get(c, ())) == 1}


def _move(step: Step, old: str, new: str, registered: Registered) -> None:
    """The old id becomes an alias of the new one; rows and trial go with it, nothing flips and nothing is sent."""
    draft = step.draft
    draft.put("claims", old, replace(registered, retired_at=step.now))
    known: Registered | None = draft.record("claims", new)
    high = max(registered.high, known.high if known else 0)
    claim = step.live.claims[new].claim
    origin = registered.origin or old
    draft.put(
        "claims",
        new,
        replace(registered, subject=claim.subject, title=claim.title, high=high, origin=origin, retired_at=None),
    )
    draft.put("aliases", old, new)
    for subject in draft.subjects(old):
        kept = draft.kept(old, subject)
        draft.keep(old, subject, None, durable=True)
        if kept is not None:
            # Above `high`: the new id may have had flips of its own once.
            sequence = kept.known.sequence + (known.high if known else 0)
            raised = tuple(replace(alert, claim=new) for alert in kept.raised)
            moved = replace(kept, known=replace(kept.known, claim=new, sequence=sequence), raised=raised)
            draft.keep(new, subject, moved, durable=True)
    held: Held | None = draft.record("trial", old)
    if held is not None:
        alerts = tuple(replace(one, alert=replace(one.alert, claim=new)) for one in held.alerts)
        draft.put("trial", old, None)
        draft.put("trial", new, replace(held, alerts=alerts))
        draft.timers.append(Timer(held.until, "trial", (new, "")))


def _register(step: Step, live: LiveClaim, known: Registered | None) -> LiveClaim | None:
    """Bring a claim's registration up to date; the claim itself where its text is another than before."""
    claim, now = live.claim, step.now
    if known is None:
        fresh = Registered(claim.kind, claim.subject, claim.title, live.text_hash, now, now)
        step.draft.put("claims", claim.id, fresh)
        return None
    changed = known.text_hash != live.text_hash
    after = replace(
        known,
        subject=claim.subject,
        title=claim.title,
        text_hash=live.text_hash,
        retired_at=None,
        read_at=now if changed or known.retired_at is not None else known.read_at,
    )
    if after != known:
        step.draft.put("claims", claim.id, after)
    if step.draft.record("aliases", claim.id) is not None:
        step.draft.put("aliases", claim.id, None)
    if not live.bound:
        _end_all(step, claim.id, f"statement is no longer bound: lacks {', '.join(claim.needs)}")
        return None
    return live if changed else None


def _retire(step: Step, claim: str, registered: Registered) -> None:
    _end_all(step, claim, "statement removed")
    latest = step.draft.record("claims", claim) or registered
    step.draft.put("claims", claim, replace(latest, retired_at=step.now))


def _end_all(step: Step, claim: str, why: str) -> None:
    """End whatever the claim had firing, under the labels it was raised with, and delete its rows."""
    for subject in step.draft.subjects(claim):
        kept = step.draft.kept(claim, subject)
        if kept is None:
            continue
        if kept.known.verdict.state is State.BROKEN or kept.raised:
            kept = _ended(step, kept, why)
        step.forget(claim, kept)


def _ended(step: Step, kept: Kept, why: str) -> Kept:
    known = replace(kept.known, sequence=kept.known.sequence + 1)
    before = kept.known.verdict.state
    flip = Flip(
        known.claim, known.subject, known.sequence, step.now, before, State.HOLDS, why, known.labels, known.annotations
    )
    step.write_flip(flip, None, known.memory, None)
    for effect in ends_of(kept.raised, step.now, why):
        step.effect(effect)
    return replace(kept, known=known)


def _afresh(step: Step, live: LiveClaim) -> None:
    """A changed text: what fires is carried until evidence decides; the rest starts again."""
    claim = live.claim.id
    for subject in step.draft.subjects(claim):
        kept = step.draft.kept(claim, subject)
        if kept is None:
            continue
        if kept.raised or kept.known.verdict.state is State.BROKEN:
            known = replace(kept.known, memory=b"", look_again_at=None)
            carried = replace(kept, known=known, carried=True, text_hash=live.text_hash)
            step.draft.keep(claim, subject, carried, durable=True)
        elif subject:
            step.forget(claim, kept)
        else:
            step.restart(live, kept, CHANGED)


def _trials(step: Step, ledger: Ledger) -> None:
    """The end of each trial under the settings and readings of now."""
    held: Held | None
    for key in ledger.bucket("trial"):
        held = step.draft.record("trial", key)
        until = trial_until(step.draft, step.live, key)
        if held is not None and until is not None and until != held.until:
            step.draft.put("trial", key, replace(held, until=until))
            step.draft.timers.append(Timer(until, "trial", (key, "")))


def _first_look(step: Step, live: LiveClaim) -> None:
    if live.fault:
        step.fault(live.claim.id, live.fault)
        return
    kept = step.draft.kept(live.claim.id, "")
    if live.bound and (kept is None or not kept.known.memory):
        step.look(live.claim.id, "")


def _unheard(step: Step, live: LiveClaim) -> None:
    """Broken, and nobody was told, because a rule watched it or `[notify]` left it out: that may be different now."""
    for subject in step.draft.subjects(live.claim.id):
        kept = step.draft.kept(live.claim.id, subject)
        if kept is not None and kept.known.verdict.state is State.BROKEN and not kept.raised and live.bound:
            step.raise_now(live, kept)
