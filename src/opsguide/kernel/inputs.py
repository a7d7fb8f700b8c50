"""What may happen to the house: the inputs of a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opsguide.core.facts import Event
    from opsguide.core.nouns import Evidence
    from opsguide.kernel.live import Live


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence of one run or one act, in order. documents: (bucket, key, document) written with it."""

    evidence: tuple[Evidence, ...]
    documents: tuple[tuple[str, str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """Evidence that is logged and judged by nobody."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Faulted:
    """Our own fault in a run of these claims."""

    claims: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt to deliver a notice. state: pending, accepted or refused."""

    notice: str
    state: str
    next_at: float
    reply: str
    at: float


@dataclass(frozen=True, slots=True)
class Told:
    """An event from outside for a machine (an alert posted by a Prometheus)."""

    machine: str
    event: Event


@dataclass(frozen=True, slots=True)
class Put:
    """Documents to write."""

    documents: tuple[tuple[str, str, Any], ...]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A new edition of what is live; it has a turn of its own."""

    live: Live


Input = Seen | Noted | Faulted | Attempted | Told | Put
