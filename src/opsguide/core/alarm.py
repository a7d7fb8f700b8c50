"""The built-in alert `ClaimBroken`, for what is broken and no rule of the guide watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsguide.core.facts import AlertChanged
from opsguide.core.machine import Signal
from opsguide.core.nouns import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Claim, Flip

NAME = "ClaimBroken"
ROUTING = "routing"
WATCHED = "watched"
"""Topic. A claim that wants (watched, X) raises no ClaimBroken where another active claim serves (watched, X)."""


def claim_broken(claim: Claim[Any], flip: Flip, severity: str = "critical") -> Iterable[Effect]:
    """Raise ClaimBroken when the flip breaks the claim, and end it when the flip mends it; nothing in between.

    Unknown, waiting or unbound after broken neither raises nor ends it: what is blind stays as it was.
    The kernel adds label `service`, and drops the effect where `[notify] claims` or a watching rule says so.
    """
    ends = flip.after is State.HOLDS
    if not ends and flip.after is not State.BROKEN:
        return
    labels = {"alertname": NAME, "claim": claim.id, "kind": claim.kind, "severity": severity}
    if flip.subject:
        labels["subject"] = flip.subject
    annotations = {
        "summary": f"{claim.title}: {flip.because}" if not ends else claim.title,
        "statement": f"{claim.place.file}:{claim.place.line}",
    }
    yield Signal(
        ROUTING,
        AlertChanged(
            labels=tuple(sorted(labels.items())),
            annotations=tuple(sorted(annotations.items())),
            starts_at=flip.at,
            ends_at=flip.at if ends else 0.0,
            claim=claim.id,
            inferred=claim.kind not in {"probe", "scrape"},
            why=flip.because if ends else "",
        ),
    )
