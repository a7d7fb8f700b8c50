"""A compiled guide: its files as read, its claims, what is wrong with it and what was not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.core.block import Heading, Place, Section
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim


@dataclass(frozen=True, slots=True)
class GuideFile:
    """One file of a guide. path: as given on the command line, with `/`. lines: as on disk, without line ends.

    native: a prometheus.yml, rule file, alertmanager.yml or opsguide.toml, read as one YAML block.
    """

    path: str
    lines: tuple[str, ...]
    root: Section
    headings: tuple[Heading, ...] = ()
    front: tuple[tuple[str, str], ...] = ()
    native: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that looks operational and was not taken.

    why: the reason, and the smallest edit that would make it a claim.
    """

    place: Place
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Lines of one section, from its heading to the next one, by what became of them. Blank lines do not count.

    claimed: in live or complete claims; unbound: in claims that lack a value; candidates: unread; prose: the rest.
    """

    heading: str
    line: int
    lines: int
    claimed: int
    unbound: int
    candidates: int
    prose: int


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide (one file, or a folder read as one).

    path: as given. key: short name for URLs (file stem). title: first heading, or the path. service: name of the
    service claim, or "". placeholders: name as written -> places, filled or not. text_hash: over all its files.
    findings: faults met while reading, and those of rules (added by the kernel's compile).
    """

    path: str
    key: str
    title: str
    service: str
    files: tuple[GuideFile, ...]
    claims: tuple[Claim[Any], ...]
    findings: tuple[Mend, ...]
    unread: tuple[Unread, ...]
    coverage: tuple[Coverage, ...]
    placeholders: Mapping[str, tuple[Place, ...]]
    unfilled: tuple[str, ...]
    text_hash: str
