"""A guide that states alerts and names nobody who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Status
from opsguide.core.mend import Level, Mend
from opsguide.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.guide import Guide


def check(guide: Guide) -> Iterable[Mend]:
    """One finding, at the first alert, where no active routing claim names a receiver."""
    active = [claim for claim in guide.claims if claim.status is Status.ACTIVE]
    alerts = sorted((claim.place for claim in active if claim.kind == "alert"), key=lambda p: (p.file, p.line))
    told = any(claim.kind == "routing" and claim.spec.receiver for claim in active)
    if alerts and not told:
        count = f"{len(alerts)} alert{'s' if len(alerts) != 1 else ''}"
        yield Mend(
            at=alerts[0],
            wrong=f"{count}, and no route or receiver anywhere: nobody is told",
            mend="add an Alertmanager route with its receivers, or [[receivers]] and [notify] to opsguide.toml",
            rule=RULE.name,
            level=Level.WARNING,
        )


RULE = Rule("routing/nobody", check)
