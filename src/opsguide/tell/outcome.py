"""What a receiver's answer means for the notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """accepted: done. permanent: refused for good, do not try again. detail: the answer in short, for people.

    retry_after_s: not before so many seconds, where the receiver said so; only where it is neither.
    """

    accepted: bool
    permanent: bool
    detail: str
    retry_after_s: float | None = None
