"""Alerts that stand below a heading of one severity and carry another."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from opsguide.core.block import Status
from opsguide.core.mend import Level, Mend
from opsguide.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Heading
    from opsguide.core.guide import Guide
    from opsguide.core.nouns import Claim

LEVELS = ("critical", "warning", "info")


def check(guide: Guide) -> Iterable[Mend]:
    """One finding for each heading, naming it and every alert below it that says otherwise."""
    found: dict[Heading, list[Claim[Any]]] = defaultdict(list)
    headings = {file.path: file.headings for file in guide.files}
    for claim in guide.claims:
        if claim.kind == "alert" and claim.status is Status.ACTIVE:
            heading = _heading(headings.get(claim.place.file, ()), claim)
            stated = claim.spec.severity
            if heading is not None and stated in LEVELS and stated not in heading.words:
                found[heading].append(claim)
    for heading, claims in found.items():
        names = ", ".join(claim.spec.name for claim in claims)
        severities = " and ".join(sorted({claim.spec.severity for claim in claims}))
        yield Mend(
            at=heading.place,
            wrong=f'listed under "{heading.text}" with severity {severities}: {names}',
            mend="move them below a heading of their own severity, or correct the severity",
            rule=RULE.name,
            level=Level.NOTE,
            others=tuple(claim.place for claim in claims),
        )


def _heading(headings: Sequence[Heading], claim: Claim[Any]) -> Heading | None:
    """The nearest heading above the claim, where it names exactly one level."""
    above = bisect_left(headings, claim.place.line, key=lambda heading: heading.place.line)
    if not above:
        return None
    nearest = headings[above - 1]
    return nearest if sum(level in nearest.words for level in LEVELS) == 1 else None


RULE = Rule("alert/severity_heading", check)
