"""What a routing claim states: a route tree, one receiver, or which channels a severity goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.engines.routing import Receiver, Route
    from opsguide.engines.routing.config import InhibitRule
    from opsguide.engines.routing.intervals import TimeInterval


@dataclass(frozen=True, slots=True)
class RoutingSpec:
    """One of three: `tree` (the route of a guide), `told` (a receiver), or severity with channels.

    receiver: the route's default, or the receiver's own name. integration: its first one; integrations: all.
    receivers: every receiver that the tree names. lacks: what the receiver is not complete without, as sentences.
    """

    receiver: str | None = None
    integration: str | None = None
    integrations: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_wait_s: float | None = None
    group_interval_s: float | None = None
    repeat_interval_s: float | None = None
    severity: str | None = None
    channels: tuple[str, ...] = ()
    channel: str | None = None
    tree: Route | None = None
    told: Receiver | None = None
    inhibit: tuple[InhibitRule, ...] = ()
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The newest delivery of one integration, where it did not arrive. refused: for good."""

    integration: str
    said: str
    refused: bool


@dataclass(frozen=True, slots=True)
class RoutingMemory:
    """Of a receiver: secrets that have no value, and what did not arrive, at most one for each integration."""

    missing: str | None = None
    failed: tuple[Undelivered, ...] = ()
