"""The dried-fruits system: a small shop on PostgreSQL and Redis behind nginx, as far as they are installed."""

from __future__ import annotations

from opsguide.examples.dried_fruits.shop import SYSTEM

__all__ = ["SYSTEM"]
