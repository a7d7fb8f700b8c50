"""What the guide is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """name: the service or system, as the guide calls it. environment: where the guide says so ("production")."""

    name: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceMemory:
    """Nothing is remembered: the statement is about the guide itself."""
