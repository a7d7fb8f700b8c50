"""What tests of measuring kinds share: a guide compiled to claims, and a series store fed and asked in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from opsguide.core.kind import Batch
from opsguide.core.ports import Samples, Target
from opsguide.core.settings import DEFAULTS_S, Settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.store.series import SeriesStore
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import SimWorld

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from opsguide.core.kind import AnyKind
    from opsguide.core.nouns import Claim, Evidence, Plan
    from opsguide.core.ports import Series

STEP_S = 15.0


def claims_of(kind: AnyKind, text: str) -> tuple[Claim[Any], ...]:
    """The claims of a guide's text, as the compiler gives them."""
    return compile_guide([Source("guide.md", text.encode())], [kind], Settings(defaults=DEFAULTS_S)).claims


def seed_claims(kind: AnyKind, seeds: Path, name: str) -> dict[int, list[Claim[Any]]]:
    """The claims of a seed guide by the line of any of their places."""
    path = seeds / f"{name}.md"
    guide = compile_guide([Source(path.name, path.read_bytes())], [kind], Settings(defaults=DEFAULTS_S))
    found: dict[int, list[Claim[Any]]] = {}
    for claim in guide.claims:
        for place in (claim.place, *claim.places):
            found.setdefault(place.line, []).append(claim)
    return found


def batch_of(kind: AnyKind, claims: Sequence[Claim[Any]]) -> Batch[Any]:
    """The batch of all jobs that the claims plan, which must share a key."""
    jobs = [(claim, job) for claim in claims for job in plan_of(kind, claim).jobs]
    (key,) = {job.key for _, job in jobs}
    return Batch(key, tuple(jobs))


def plan_of(kind: AnyKind, claim: Claim[Any]) -> Plan:
    """What a claim asks for."""
    return kind.plan(claim)


class House:
    """One target, scraped every 15 virtual seconds into a real series store; looks at claims through a kind's run."""

    def __init__(self, kind: AnyKind, series: Series | None = None) -> None:
        self.kind = kind
        self.now = 1767225600.0
        self.store = SeriesStore(None)
        self.series: Series = series or self.store
        self.target = Target("scrape api", (("instance", "h:1"), ("job", "api")))

    def scrape(self, values: Mapping[str, float], kinds: Mapping[str, str] | None = None) -> None:
        """One scrape, STEP_S after the last."""
        self.now += STEP_S
        samples = Samples(list(values), np.array(list(values.values()), dtype=np.float64), dict(kinds or {}))
        run(self.store.append(self.target, self.now, samples))

    def wait(self, seconds: float) -> None:
        """Nothing is scraped."""
        self.now += seconds

    def look(self, *claims: Claim[Any]) -> list[Evidence]:
        """What one run sees of the claims."""

        async def once() -> list[Evidence]:
            sim = SimWorld(series=self.series)
            sim.clock.base = self.now
            return list(await self.kind.run(batch_of(self.kind, claims), sim.world))

        return run(once())
