"""Claims as they are shown: what is live, beside what the ledger knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import State, Verdict
from opsguide.kernel.step import UNSEEN
from opsguide.kernel.view import ClaimView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.kernel.codec import Registered
    from opsguide.kernel.live import LiveClaim
    from opsguide.kernel.turns import Turns


def find(turns: Turns, claim_id: str) -> LiveClaim | None:
    """A live claim by its id or by an id it once had."""
    for _ in range(100):  # aliases of aliases; a circle of them must not hang
        if claim_id in turns.live.claims:
            return turns.live.claims[claim_id]
        claim_id = turns.ledger.record("aliases", claim_id) or ""
    return None


def views(turns: Turns) -> Sequence[ClaimView]:
    """All live claims in the order of the guide."""
    return tuple(view(turns, found) for found in turns.live.claims.values())


def view(turns: Turns, found: LiveClaim) -> ClaimView:
    """One claim with its subjects, the worst first; unbound or never looked at where there are none."""
    claim, guide = found.stated or found.claim, found.edition.guide.key
    registered: Registered | None = turns.ledger.record("claims", claim.id)
    since = registered.read_at if registered is not None else 0.0
    if claim.needs:
        lacks = Verdict(State.UNBOUND, f"lacks a value for {', '.join(claim.needs)}")
        return ClaimView(guide, claim, lacks, since, 0.0, ())
    known = [kept.known for kept in turns.ledger.all_kept(claim.id)]
    if not known:
        return ClaimView(guide, claim, UNSEEN, since, 0.0, ())
    known.sort(key=lambda k: (-k.verdict.state.badness, -k.since, k.subject))
    worst = known[0]
    return ClaimView(guide, claim, worst.verdict, worst.since, max(k.at for k in known), tuple(known))
