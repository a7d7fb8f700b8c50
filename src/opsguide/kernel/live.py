"""What the guides say now: their claims with kinds and plans, who wants which topic, and the machines' configs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from opsguide.core.alarm import WATCHED
from opsguide.core.block import Status
from opsguide.core.nouns import Plan
from opsguide.kernel.codec import hash_text
from opsguide.kernel.hasten import hastened
from opsguide.kernel.shape import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from opsguide.core.guide import Guide
    from opsguide.core.kind import AnyKind
    from opsguide.core.machine import AnyMachine
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.core.settings import Settings

log = logging.getLogger("opsguide.kernel")


@dataclass(frozen=True, slots=True)
class Edition:
    """One guide as compiled, with its settings. folder: where it lies. fingerprint: of every file it was made from."""

    guide: Guide
    settings: Settings
    folder: Path
    fingerprint: str = ""

    @property
    def service(self) -> str:
        """What its alerts call the service: the service claim's name, or the file's stem."""
        return self.guide.service or self.guide.key


@dataclass(frozen=True, slots=True)
class LiveClaim:
    """An active claim. plan: empty while a binding lacks. fault: why its plan could not be made (our fault).

    stated: the claim as the guide states it; `claim` has its times divided where the settings hasten a demo.
    text_hash: of its text and of what was read from it, so that a changed binding is a changed statement too.
    """

    claim: Claim[Any]
    kind: AnyKind
    edition: Edition
    text_hash: str
    plan: Plan = field(default_factory=Plan)
    fault: str = ""
    stated: Claim[Any] | None = None

    @property
    def bound(self) -> bool:
        """Whether it is judged at all."""
        return not self.claim.needs


@dataclass(frozen=True)
class Live:
    """Everything that is live. Immutable: a reload makes a new one."""

    editions: tuple[Edition, ...]
    claims: Mapping[str, LiveClaim]
    machines: Mapping[str, tuple[AnyMachine, Any]]

    @cached_property
    def wanted(self) -> Mapping[str, Sequence[tuple[str, LiveClaim]]]:
        """Topic -> (scope, who wants it), in the order of the guide."""
        found: dict[str, list[tuple[str, LiveClaim]]] = {}
        for live in self.claims.values():
            for want in live.plan.wants:
                found.setdefault(want.topic, []).append((want.scope, live))
        return found

    @cached_property
    def watched(self) -> Mapping[str, frozenset[str]]:
        """Scope -> claims that serve (watched, scope)."""
        found: dict[str, set[str]] = {}
        for live in self.claims.values():
            for served in live.plan.serves:
                if served.topic == WATCHED:
                    found.setdefault(served.scope, set()).add(live.claim.id)
        return {scope: frozenset(ids) for scope, ids in found.items()}

    def wanting(self, evidence: Evidence) -> Sequence[LiveClaim]:
        """Every other claim that wants this evidence's topic in its scope, each once."""
        if not evidence.topic:
            return ()
        wants = self.wanted.get(evidence.topic, ())
        found = {w.claim.id: w for scope, w in wants if scope in {"", evidence.scope}}
        found.pop(evidence.claim, None)
        return tuple(found.values())

    def is_watched(self, live: LiveClaim) -> bool:
        """Whether another claim watches what this one states, so that it raises no ClaimBroken of its own."""
        scopes = (w.scope for w in live.plan.wants if w.topic == WATCHED)
        return any(self.watched.get(scope, frozenset()) - {live.claim.id} for scope in scopes)

    def about(self, topic: str, scope: str) -> str:
        """The first claim that wants exactly this topic and scope, or "": whose the kernel's own evidence is."""
        return next((w.claim.id for s, w in self.wanted.get(topic, ()) if s == scope), "")


EMPTY = Live((), {}, {})


def live(editions: Sequence[Edition], kinds: Sequence[AnyKind], external_url: str = "") -> Live:
    """What goes live of these editions: their active claims, planned where they are bound; those of settings first.

    external_url: of the live page, for links in notices.
    """
    by_name = {kind.name: kind for kind in kinds}
    claims = {
        claim.id: _live_claim(claim, by_name[claim.kind], edition)
        for edition in editions
        for claim in sorted(edition.guide.claims, key=lambda claim: claim.place.file != edition.settings.path)
        if claim.status is Status.ACTIVE
    }
    active = [found.claim for found in claims.values()]
    told = _notify(editions) | {"external_url": external_url}
    machines = {kind.machine.name: kind.machine for kind in kinds if kind.machine is not None}
    return Live(tuple(editions), claims, {name: (m, m.config(active, told)) for name, m in machines.items()})


def _live_claim(stated: Claim[Any], kind: AnyKind, edition: Edition) -> LiveClaim:
    claim = hastened(stated, edition.settings.hasten)
    text_hash = hash_text(claim.text_hash + repr(plain(claim.spec)))[:32]
    if claim.needs:
        return LiveClaim(claim, kind, edition, text_hash, stated=stated)
    try:
        return LiveClaim(claim, kind, edition, text_hash, kind.plan(claim), stated=stated)
    except Exception as fault:
        log.exception("planning %s", claim.id)
        said = f"a fault of opsguide: planning failed: {fault!r}"
        return LiveClaim(claim, kind, edition, text_hash, fault=said, stated=stated)


def _notify(editions: Sequence[Edition]) -> dict[str, str]:
    """`[notify]` as machines get it: `receiver`, `claims`, `trial` of the first guide; `KEY/receiver` of each."""
    told: dict[str, str] = {}
    for edition in editions:
        notify = edition.settings.notify
        values = {"receiver": notify.receiver, "claims": ",".join(notify.claims), "trial": f"{notify.trial_s:g}s"}
        told |= {f"{edition.guide.key}/{name}": value for name, value in values.items()}
        told = values | told
    return told
