"""What the web and the command line see of a running opsguide, and what they may ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from opsguide.core.guide import Guide
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Known, Labels, Verdict
    from opsguide.core.ports import FlipRow, LoggedEvidence, Series, State, StoredNotice


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim and what is known of it. since: when its verdict's state began; at: of its newest evidence (0: none).

    verdict: the worst of its subjects'. subjects: all of them, worst first.
    """

    guide: str
    claim: Claim[Any]
    verdict: Verdict
    since: float
    at: float
    subjects: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened, for server-sent events. kind: claim, reload, notice, finding. claim: its id or ""."""

    kind: str
    claim: str
    at: float


@dataclass(frozen=True, slots=True)
class Health:
    """stuck: names of what has not moved for too long (evaluation, outbox, disk); empty means healthy."""

    ready: bool
    stuck: tuple[str, ...]
    counters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class WouldTell:
    """A notice that would go out. after_s: how long after the break; group: the machine's own name of its group."""

    receiver: str
    integration: str
    after_s: float
    group: str


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would follow if a claim broke now. labels: of its alert, () where it raises none.

    trial_until: until then its alerts reach people only in the trial's digest; 0: they go at once. why_not: a sentence
    where nobody would be told, else "".
    """

    labels: Labels = ()
    told: tuple[WouldTell, ...] = ()
    trial_until: float = 0.0
    why_not: str = ""


class Running(Protocol):
    """The kernel as the web sees it."""

    @property
    def guides(self) -> Sequence[Guide]:
        """The live guides (the last good edition of each)."""
        ...

    @property
    def broken_edits(self) -> Mapping[str, tuple[Mend, ...]]:
        """Guide path -> faults of an edit on disk that could not go live; the older edition stays live."""
        ...

    @property
    def state(self) -> State:
        """The state store, for reading."""
        ...

    @property
    def series(self) -> Series:
        """The time series."""
        ...

    def claims(self) -> Sequence[ClaimView]:
        """All live claims in the order of the guide."""
        ...

    def claim(self, claim_id: str) -> ClaimView | None:
        """One claim, by id or alias."""
        ...

    def would_tell(self, claim_id: str) -> Foreseen | None:
        """Who would be told if this claim broke now; None for a claim that is not live."""
        ...

    def health(self) -> Health:
        """Whether evaluation, outbox and disk move."""
        ...

    def changes(self) -> AsyncIterator[Change]:
        """Everything that happens from now on."""
        ...

    async def tick(self, claim_id: str, by: str, note: str) -> str:
        """Record that a person did a task; returns "" or why not."""
        ...

    async def trust(self, claim_id: str, by: str, until: float) -> str:
        """Record that a person trusts exactly this claim's command text for unattended runs; returns "" or why not."""
        ...

    async def run_now(self, claim_ids: Sequence[str]) -> None:
        """Run all jobs of these claims once, now, and wait for their evidence to be judged."""
        ...

    async def notices(self, limit: int = 100) -> Sequence[StoredNotice]:
        """The outbox, newest first."""
        ...

    async def evidence(self, claim_id: str, limit: int = 100) -> Sequence[LoggedEvidence]:
        """The log of one claim, or of all (""), newest first."""
        ...

    async def flips(self, claim_id: str, limit: int = 100) -> Sequence[FlipRow]:
        """Flips of one claim, or of all (""), newest first."""
        ...
