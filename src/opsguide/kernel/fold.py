"""Folding one subject, pure: what a kind judges of it, and what of that must survive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from opsguide.core.nouns import ABSENT, Evidence, Flip, Known, State
from opsguide.kernel.codec import Kept, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Judged
    from opsguide.kernel.live import LiveClaim

MEMORY_LIMIT_BYTES = 4096


class KindFault(Exception):  # noqa: N818 -- our fault, with the claims it concerns
    """A kind or machine did what its interface forbids, or raised."""

    def __init__(self, claims: Sequence[str], text: str) -> None:
        """Keep who is concerned."""
        super().__init__(text)
        self.claims = claims
        self.text = text


def folded(live: LiveClaim, before: Kept, judged: Judged[Any], memory: bytes, evidence: Evidence | None) -> Kept:
    """The subject after a fold. Shown values and labels are those of its own claim's evidence."""
    known = before.known
    verdict = judged.verdict
    if judged.forget and verdict.state is not State.HOLDS:
        verdict = replace(verdict, state=State.HOLDS)
    known = replace(known, verdict=verdict, memory=memory, look_again_at=judged.look_again_at)
    if evidence is not None and evidence.claim == live.claim.id:
        known = replace(
            known,
            at=evidence.at,
            says=evidence.says,
            values=evidence.values,
            labels=evidence.labels or known.labels,
            annotations=evidence.annotations or known.annotations,
        )
    after = replace(before, known=known, text_hash=live.text_hash)
    return _carried(live, before, after) if before.carried else after


def _carried(live: LiveClaim, before: Kept, after: Kept) -> Kept:
    """A subject that fired under an older text: broken and holding decide, anything else leaves it as it is."""
    verdict = after.known.verdict
    if verdict.state is State.BROKEN:
        return replace(after, carried=False)
    if verdict.state is State.HOLDS:
        place = live.claim.place
        because = f"statement changed ({place.file}:{place.line}): {verdict.because}"
        return replace(after, carried=False, known=replace(after.known, verdict=replace(verdict, because=because)))
    stays = replace(before.known.verdict, because=f"since before the statement changed; now: {verdict.because}")
    return replace(after, known=replace(after.known, verdict=stays))


def judged_of(live: LiveClaim, known: Known, evidence: Evidence | None, now: float) -> tuple[Judged[Any], bytes]:
    """The kind's judgement and its memory as bytes."""
    kind, claim = live.kind, live.claim
    try:
        memory = msgspec.json.decode(known.memory, type=kind.memory) if known.memory else kind.memory()
        judged = kind.judge(claim, memory, evidence, now)
        stored = encode(judged.memory)
    except Exception as fault:
        raise KindFault((claim.id,), f"a fault of opsguide: judging failed: {fault!r}") from fault
    if len(stored) > MEMORY_LIMIT_BYTES:
        text = f"a fault of opsguide: kind {kind.name} remembers {len(stored)} bytes, {MEMORY_LIMIT_BYTES} are allowed"
        raise KindFault((claim.id,), text)
    return judged, stored


def reacted(live: LiveClaim, flip: Flip) -> list[Effect]:
    """What the kind sets off on a flip. Raises KindFault."""
    try:
        return list(live.kind.react(live.claim, flip))
    except Exception as fault:
        raise KindFault((live.claim.id,), f"a fault of opsguide: reacting failed: {fault!r}") from fault


def flip_of(before: Kept, after: Kept) -> Flip:
    """The flip between two editions of a subject."""
    known = after.known
    return Flip(
        claim=known.claim,
        subject=known.subject,
        sequence=known.sequence,
        at=known.since,
        before=before.known.verdict.state,
        after=known.verdict.state,
        because=known.verdict.because,
        labels=known.labels,
        annotations=known.annotations,
        value=known.verdict.value,
    )


def absent(known: Known, at: float) -> Evidence:
    """What the kernel says of a subject that is not on its claim's roll."""
    return Evidence(
        known.claim,
        known.subject,
        at,
        ok=True,
        says=ABSENT,
        because="no longer there",
        labels=known.labels,
        annotations=known.annotations,
    )


def lasting(kept: Kept) -> tuple[object, ...]:
    """What of a subject must survive; a difference here is written."""
    known = kept.known
    return (
        known.sequence,
        known.verdict.state,
        known.memory,
        known.labels,
        known.look_again_at,
        known.says,
        kept.text_hash,
        kept.carried,
        kept.raised,
    )
