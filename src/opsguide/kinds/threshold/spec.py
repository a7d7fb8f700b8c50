"""What a threshold claims, and what its judge remembers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    """A quantity held against a limit.

    level: normal (op and value describe the good state), warning or critical (they describe the bad one).
    value: in the base of `unit` (ratio, seconds, bytes, bytes_per_second, per_second, count, "" for a bare number).
    of: "max" where the ratio is a share of the quantity's own maximum. also_op, also_value: the other end of a range.
    normal_*: the good state where a table states both. expr: PromQL that an annotation pins. every_s: how often it is
    measured.
    """

    quantity: str
    op: str
    value: float
    unit: str = ""
    level: str = "normal"
    quantile: float | None = None
    for_s: float | None = None
    window_s: float | None = None
    aggregate: str = ""
    of: str = ""
    also_op: str = ""
    also_value: float | None = None
    normal_op: str = ""
    normal_value: float | None = None
    normal_unit: str = ""
    description: str = ""
    expr: str = ""
    every_s: float = 15.0


@dataclass(frozen=True, slots=True)
class ThresholdMemory:
    """The `for` clock. outside_since, blind_since: Unix seconds, 0 when not. broken: it was, and nothing ended it."""

    outside_since: float = 0.0
    blind_since: float = 0.0
    broken: bool = False
