"""The kernel's documents as bytes: what stands in the bodies of evidence, flips, notices and records."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from opsguide.core.facts import AlertChanged
from opsguide.core.nouns import Known, Labels, Notice, Notified

encode = msgspec.json.encode
JSON = msgspec.Raw


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that a claim raised and that has not ended, as it was signalled."""

    machine: str
    labels: Labels
    annotations: Labels
    starts_at: float
    claim: str
    inferred: bool
    source: str

    @classmethod
    def of(cls, machine: str, event: AlertChanged) -> Raised:
        """What must be remembered of a firing event to end it later."""
        return cls(machine, event.labels, event.annotations, event.starts_at, event.claim, event.inferred, event.source)

    def event(self, ends_at: float = 0.0, why: str = "") -> AlertChanged:
        """The same alert, firing (0) or ended."""
        return AlertChanged(
            self.labels, self.annotations, self.starts_at, ends_at, self.claim, self.inferred, why, self.source
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A subject as its row has it. carried: firing under an older text, until the first evidence decides."""

    known: Known
    text_hash: str = ""
    carried: bool = False
    raised: tuple[Raised, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """A claim as bucket `claims` remembers it.

    read_at: when this text was first seen. high: highest sequence of a forgotten subject. origin: its oldest id.
    """

    kind: str
    subject: str
    title: str
    text_hash: str
    first_seen: float
    read_at: float
    retired_at: float | None = None
    high: int = 0
    origin: str = ""


@dataclass(frozen=True, slots=True)
class HeldAlert:
    """An inferred alert of the trial: the newest of its label set, whether it still fires, and how often it began."""

    alert: Raised
    firing: bool
    times: int = 1


@dataclass(frozen=True, slots=True)
class Held:
    """What the trial of one claim holds back until then; or, under a key `digest ...`, a digest that ends then."""

    alerts: tuple[HeldAlert, ...] = ()
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Trust:
    """A person's consent to unattended runs of exactly one command text. until 0: without end."""

    hash: str
    by: str
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class FlipDoc:
    """Body of a flip: what it was judged on, so that it can be judged again."""

    because: str
    value: str
    labels: Labels
    annotations: Labels
    evidence: JSON
    memory: JSON
    text_hash: str
    guide_hash: str
    version: str


DOCUMENTS: dict[str, Any] = {"claims": Registered, "aliases": str, "jobs": float, "trial": Held, "trust": Trust}
"""Bucket -> what its bodies are. Other buckets belong to other rooms."""


def notice_of(body: bytes) -> Notice:
    """The notice of an outbox row."""
    raw: dict[str, Any] = msgspec.json.decode(body)
    for name in ("group_labels", "common_labels", "common_annotations"):
        raw[name] = tuple((k, v) for k, v in raw[name])
    raw["alerts"] = tuple(msgspec.convert(raw["alerts"], list[Notified]))
    raw["claims"] = tuple(raw.get("claims", ()))
    return Notice(**raw)


def hash_text(text: str) -> str:
    """The hash by which a command text is trusted."""
    return sha256(text.encode()).hexdigest()
