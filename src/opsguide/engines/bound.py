"""What binding is asked and answers, and what it knows of the metrics that are scraped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW_S = 300.0
"""Over how much a rate is taken where the guide states nothing."""
QUANTILE = 0.95
"""The percentile of a duration where the guide states neither one nor an average."""


class Facts(Protocol):
    """What is known of one metric name; core.ports.Metric is one."""

    @property
    def name(self) -> str:
        """The metric's name."""
        ...

    @property
    def kind(self) -> str:
        """counter, gauge, histogram, summary or unknown."""
        ...

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """Label name -> some of its values."""
        ...

    @property
    def stale(self) -> bool:
        """Whether it has no fresh series now."""
        ...


@dataclass(frozen=True, slots=True)
class Bound:
    """expr: PromQL that gives one value in `unit` (ratio, seconds, bytes, bytes_per_second, per_second, count or "").

    why: which metric was chosen and why, one sentence. metrics: the names it reads.
    """

    expr: str
    unit: str
    why: str
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unbound:
    """why: what was looked for in vain. would: what would bind it, one sentence."""

    why: str
    would: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be bound. hint: the guide's further words about it. of: "max" for a share of its own maximum."""

    quantity: str
    quantile: float | None
    aggregate: str
    window_s: float
    unit: str
    of: str
    hint: str

    @property
    def daily(self) -> bool:
        """Whether a number per day is meant."""
        return not self.unit and re.search(r"\b(daily|per day|a day)\b", self.quantity, re.IGNORECASE) is not None
