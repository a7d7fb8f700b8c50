"""What a metric claims; its judge remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is to be measured.

    name: as written. percentiles: ratios, 0.95 for "P95". watch: "spikes" or "trend" where the guide asks for more than
    the value. expr: PromQL that an annotation pins. every_s: how often it is looked at.
    """

    name: str
    percentiles: tuple[float, ...] = ()
    watch: str = ""
    description: str = ""
    expr: str = ""
    every_s: float = 15.0


@dataclass(frozen=True, slots=True)
class MetricMemory:
    """Nothing: each look decides alone."""
