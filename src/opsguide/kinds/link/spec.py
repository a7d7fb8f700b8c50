"""What a link claims, and what its judge remembers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """target: as written, placeholders filled. web: it is an address; otherwise a path beside the guide.

    path, anchor: the parts of a path (without `#`), from the guide's folder.
    """

    target: str
    web: bool = False
    path: str = ""
    anchor: str = ""
    every_s: float = 3600.0
    limit_s: float = 10.0


@dataclass(frozen=True, slots=True)
class LinkMemory:
    """failures: in a row, counted up to the number that breaks. held: whether it was ever found under this text."""

    failures: int = 0
    held: bool = False
