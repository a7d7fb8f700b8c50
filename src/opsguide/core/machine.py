"""Machines own what outlives one claim: alert groups, incidents, escalations, runs of procedures. All pure.

The kernel stores (machine, key, state, sequence, wake_at) and one durable timer table; a step is committed in the
same transaction as the flip that caused it and the notices it sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.facts import Event
    from opsguide.core.nouns import Claim, Evidence, Notice

C = TypeVar("C")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Signal:
    """Tell a machine about an event. A machine nobody has is a fault of ours and raises."""

    machine: str
    event: Event


@dataclass(frozen=True, slots=True)
class Send:
    """Put a notice in the outbox."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class RunJob:
    """Run a job of a claim now, by its name."""

    claim: str
    job: str


@dataclass(frozen=True, slots=True)
class Record:
    """Append evidence that a machine measured itself; it is judged like any other."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a notice back that is still in the outbox; nobody hears more of it. why: a sentence."""

    notice: str
    why: str


Effect = Signal | Send | RunJob | Record | Withdraw


@dataclass(frozen=True, slots=True)
class Stepped(Generic[M]):
    """The outcome of one step. state None ends the instance. wake_at: when to step with `Woken`; None: not by time."""

    state: M | None
    effects: tuple[Effect, ...] = ()
    wake_at: float | None = None


class Machine(Protocol[C, M]):
    """A pure state machine of one kind. `state` must be a dataclass that msgspec encodes."""

    @property
    def name(self) -> str:
        """Unique; the kind's name."""
        ...

    @property
    def state(self) -> type[M]:
        """The class of its state, for decoding."""
        ...

    def config(self, claims: Sequence[Claim[Any]], settings: Mapping[str, str]) -> C:
        """What the machine knows of the live claims (all kinds; it picks its own) and of the `[notify]` settings."""
        ...

    def keys(self, config: C, event: Event) -> Sequence[str]:
        """The instances that this event concerns, existing or new. For an event that has a key: that key."""
        ...

    def step(self, config: C, key: str, state: M | None, event: Event, now: float) -> Stepped[M]:
        """One transition; `state` is None for an instance that does not exist yet."""
        ...

    def reload(self, config: C, key: str, state: M, now: float) -> Stepped[M]:
        """The same instance under a changed configuration."""
        ...


AnyMachine = Machine[Any, Any]
"""Machines of every kind together: their configs and states only meet the machine they came from."""
