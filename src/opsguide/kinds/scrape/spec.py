"""What a scrape job claims, and what its judge remembers of each target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsguide.core.nouns import Labels
    from opsguide.core.ports import Collector


@dataclass(frozen=True, slots=True)
class Point:
    """One target after relabelling. subject: its instance, its address where two are equal; labels: of its series."""

    subject: str
    url: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class Relabel:
    """One relabelling rule, with Prometheus's defaults filled in."""

    action: str = "replace"
    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    target_label: str = ""
    replacement: str = "$1"
    modulus: int = 0


@dataclass(frozen=True, slots=True)
class Auth:
    """What is sent as Authorization. scheme: Basic, Bearer, ...; secret: a `${NAME}` reference; file: instead of it."""

    scheme: str
    user: str = ""
    secret: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class ScrapeSpec:
    """A job: its targets as written, and what they became.

    path, interval_s, timeout_s, scheme: as the guide states them, None where it does not. every_s, limit_s: what is in
    force. collector: a native collector instead of targets to ask over HTTP.
    """

    job: str
    targets: tuple[str, ...] = ()
    path: str | None = None
    interval_s: float | None = None
    timeout_s: float | None = None
    scheme: str | None = None
    honor_labels: bool = False
    sample_limit: int | None = None
    points: tuple[Point, ...] = ()
    metric_relabel: tuple[Relabel, ...] = ()
    auth: Auth | None = None
    insecure: bool = False
    ca_file: str = ""
    collector: Collector | None = None
    every_s: float = 15.0
    limit_s: float = 10.0


@dataclass(frozen=True, slots=True)
class ScrapeMemory:
    """failures: in a row, counted up to the number that breaks. held: whether it was ever up under this text."""

    failures: int = 0
    held: bool = False
