"""Frozen payloads that cross from one kind to another, and the events that cross from kinds to machines.

A topic names a fact for good: fields may be added with a default, never renamed. Scope says what it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsguide.core.nouns import Labels


@dataclass(frozen=True, slots=True)
class QuantityMeasured:
    """Topic `quantity.measured`, scope: the quantity ("disk usage"). value: in the unit's base."""

    quantity: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class TaskTicked:
    """Topic `task.ticked`, scope: the claim id. note: what the person wrote beside it."""

    note: str


@dataclass(frozen=True, slots=True)
class DeliveryDone:
    """Topic `delivery.done`, scope: the receiver. outcome: accepted, refused or retried."""

    receiver: str
    integration: str
    outcome: str
    reply: str


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """Topic `alert.fired`, scope: the alert's name. One label set of it began to fire, or (firing False) ended."""

    name: str
    labels: Labels
    firing: bool


@dataclass(frozen=True, slots=True)
class StepRan:
    """Topic `runbook.assessed`, scope: the runbook's name. A reading step that ran by itself; output may be cut."""

    line: int
    command: str
    code: int
    output: str
    took_s: float


Fact = QuantityMeasured | TaskTicked | DeliveryDone | AlertSeen | StepRan


@dataclass(frozen=True, slots=True)
class AlertChanged:
    """An alert that began to fire, fires on, or ended: the event that machine `routing` steps on.

    Its identity is the label set. ends_at 0 while firing. claim: who raised it ("" for one posted from outside).
    inferred: opsguide made the alert (ClaimBroken, a condition read from text), so it passes the trial first.
    why: shown where the end is no plain resolve, e.g. "statement removed".
    """

    labels: Labels
    annotations: Labels
    starts_at: float
    ends_at: float
    claim: str
    inferred: bool = False
    why: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class NoticeSettled:
    """A notice of the outbox that was accepted or finally refused; told to the machine that sent it.

    unsure: refused after attempts whose answer was lost or was an error, so that the receiver may have it all the same.
    """

    notice: str
    key: str
    accepted: bool
    at: float
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Woken:
    """The machine's own timer is due."""

    key: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Part of a machine's instance that an edited configuration gives to the instance `key`. body: its own JSON."""

    key: str
    body: str


Event = AlertChanged | NoticeSettled | Woken | HandedOver
