"""A receiver that cannot reach anybody as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Status
from opsguide.core.mend import Level, Mend
from opsguide.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.guide import Guide


def check(guide: Guide) -> Iterable[Mend]:
    """One finding for each receiver that lacks something, with all that it lacks."""
    for claim in guide.claims:
        if claim.kind == "routing" and claim.status is Status.ACTIVE and claim.spec.lacks:
            yield Mend(
                at=claim.place,
                wrong=f"receiver {claim.spec.receiver} reaches nobody: {'; '.join(claim.spec.lacks)}",
                mend="complete it here, or give what it lacks in opsguide.toml",
                rule=RULE.name,
                level=Level.WARNING,
            )


RULE = Rule("routing/incomplete", check)
