"""What an alert claim states, and what judging it remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule of the alert's group; it is evaluated before the alerts, in the order of the file."""

    name: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertSpec:
    """A rule (`expr`), or a condition in words (quantity, op, value; op absent for an event such as "service down").

    unit: base of `value`: ratio, seconds, bytes, count, ... channels: as the table or the heading names them.
    interval_s: how often it is evaluated. recordings: those of its group.
    """

    name: str
    expr: str | None = None
    quantity: str | None = None
    op: str | None = None
    value: float | None = None
    unit: str | None = None
    quantile: float | None = None
    aggregate: str | None = None
    window_s: float | None = None
    of: str | None = None
    for_s: float | None = None
    keep_firing_for_s: float | None = None
    severity: str | None = None
    channels: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    interval_s: float = 15.0
    recordings: tuple[Recording, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertMemory:
    """Of one label set. active_at: since when the expression gives it; fired_at: when it began to fire; 0 not at all.

    gone_at: since when it is not given any more while `keep_firing_for` runs.
    """

    active_at: float = 0.0
    fired_at: float = 0.0
    gone_at: float = 0.0
