"""What a dashboard claims; its judge remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dashboard:
    """name: as written. panels: as written, in their order. every_s: how often the panels are looked at."""

    name: str
    panels: tuple[str, ...] = ()
    every_s: float = 15.0


@dataclass(frozen=True, slots=True)
class DashboardMemory:
    """Nothing: each look decides alone."""
