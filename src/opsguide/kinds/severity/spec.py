"""What a severity level claims; its judge remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Severity:
    """One level of the guide.

    level: as written, its code where it has one. aliases: its other names ("Critical"). response_s, resolution_s:
    seconds, None where none are stated or the guide states no plain duration ("next business day"); `response` and
    `resolution` hold the words.
    """

    level: str
    aliases: tuple[str, ...] = ()
    response_s: float | None = None
    resolution_s: float | None = None
    response: str = ""
    resolution: str = ""
    definition: str = ""
    examples: str = ""


@dataclass(frozen=True, slots=True)
class SeverityMemory:
    """Nothing: no clock runs yet."""
