"""What a receiver needs from the world: that the secrets it names have values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import World
    from opsguide.kinds.routing.spec import RoutingSpec


async def run(batch: Batch[RoutingSpec], world: World) -> Sequence[Evidence]:
    """Look up the names of every receiver's secrets; their values are not read."""
    now = world.clock.now()
    return [_looked_up(claim, world, now) for claim, _ in batch.jobs]


def _looked_up(claim: Claim[RoutingSpec], world: World, now: float) -> Evidence:
    told = claim.spec.told
    texts = [value for one in told.integrations for value in one.settings.values()] if told is not None else []
    missing = sorted({name for text in texts for name in world.secrets.missing(text)})
    if not missing:
        return Evidence(claim.id, "", now, ok=True, says="complete", because="every secret has a value")
    because = f"no value for {', '.join(missing)}: name it under [secrets] of opsguide.toml"
    return Evidence(claim.id, "", now, ok=False, says="lacks", because=because)
