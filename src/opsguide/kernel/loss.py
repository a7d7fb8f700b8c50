"""Whether an edit is broken: live claims are gone, and a fault stands that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Status
from opsguide.core.mend import Level

if TYPE_CHECKING:
    from opsguide.core.mend import Mend
    from opsguide.kernel.live import Edition

AREAS = frozenset({"yaml", "file"})
"""Areas of faults after which a block, or a whole file, cannot be read at all."""


def lost(before: Edition | None, after: Edition) -> tuple[Mend, ...]:
    """The new faults for which claims of the older edition are gone; empty where the edit may go live."""
    if before is None:
        return ()
    active = {claim.id: claim for claim in before.guide.claims if claim.status is Status.ACTIVE}
    gone = {active[i].place.file for i in active.keys() - {claim.id for claim in after.guide.claims}}
    known = {(mend.rule, mend.wrong) for mend in before.guide.findings}
    return tuple(
        mend
        for mend in after.guide.findings
        if mend.level is Level.ERROR
        and mend.rule.partition("/")[0] in AREAS
        and mend.at.file in gone
        and (mend.rule, mend.wrong) not in known
    )
