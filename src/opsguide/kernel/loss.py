"""Whether an edit is broken: live claims are gone, and a fault stands that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Status
from opsguide.core.mend import Level

if TYPE_CHECKING:
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim
    from opsguide.kernel.live import Edition

FILE_AREAS = frozenset({"file", "input", "settings"})
"""Areas of faults that can take claims of any kind with them."""


def lost(before: Edition | None, after: Edition) -> tuple[Mend, ...]:
    """The new faults for which claims of the older edition are gone; empty where the edit may go live.

    A fault answers for claims of its own file that are gone: those of its kind (`alert/expr` for alerts), or all of
    them where the file or a whole block cannot be read.
    """
    if before is None:
        return ()
    there = {claim.id for claim in after.guide.claims}
    gone = [c for c in before.guide.claims if c.status is Status.ACTIVE and c.id not in there]
    known = {(mend.rule, mend.wrong) for mend in before.guide.findings}
    faults = (m for m in after.guide.findings if m.level is Level.ERROR and (m.rule, m.wrong) not in known)
    return tuple(mend for mend in faults if any(_took(mend, claim) for claim in gone))


def _took(mend: Mend, claim: Claim[object]) -> bool:
    area, _, name = mend.rule.partition("/")
    return mend.at.file == claim.place.file and (area in FILE_AREAS or name == "yaml" or area == claim.kind)
