"""What is going on now, derived from what is broken: statements that broke together are one incident.

Incidents with clocks and people of their own come with kind severity; until then nothing is stored here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.nouns import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.kernel.view import ClaimView

TOGETHER_S = 60.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Broken claims, the earliest first, each of which broke within a minute of the one before it."""

    claims: tuple[ClaimView, ...]

    @property
    def id(self) -> str:
        """The same while its first statement stays broken."""
        return f"{int(self.since)}-{self.claims[0].claim.id}"

    @property
    def since(self) -> float:
        """When the first of them broke, Unix seconds."""
        return self.claims[0].since

    @property
    def because(self) -> str:
        """The first one's reason."""
        first = self.claims[0]
        return f"{first.claim.title}: {first.verdict.because}"


def incidents(views: Sequence[ClaimView]) -> list[Incident]:
    """The open incidents, the newest first."""
    broken = sorted((view for view in views if view.verdict.state is State.BROKEN), key=lambda view: view.since)
    groups: list[list[ClaimView]] = []
    for view in broken:
        if groups and view.since - groups[-1][-1].since <= TOGETHER_S:
            groups[-1].append(view)
        else:
            groups.append([view])
    return [Incident(tuple(group)) for group in reversed(groups)]
