from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Evidence
from opsguide.core.ports import HttpRequest, WorldFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import World

    from .spec import Toy


async def run(batch: Batch[Toy], world: World) -> Sequence[Evidence]:
    found: list[Evidence] = []
    for claim, _ in batch.jobs:
        if claim.spec.fails == "run":
            raise RuntimeError("planted in run")
        found += await _look(claim, world)
    return found


async def _look(claim: Claim[Toy], world: World) -> list[Evidence]:
    """A body of words are the subjects that are bad; otherwise the status says it of the claim itself."""
    try:
        reply = await world.net.http(HttpRequest("GET", f"http://toy/{claim.spec.name}", timeout_s=9.0))
    except WorldFault as fault:
        return [Evidence(claim.id, "", world.clock.now(), ok=False, says=fault.says, because=fault.detail)]
    now = world.clock.now()
    topic = claim.spec.serves
    if not reply.body:
        ok = reply.status == 200
        says = "ok" if ok else f"status {reply.status}"
        values = (("status", float(reply.status)),)
        return [Evidence(claim.id, "", now, ok=ok, says=says, because=says, values=values, topic=topic)]
    words = tuple(word for word in reply.body.decode().split() if word != "none")
    whole = Evidence(claim.id, "", now, ok=True, says="ok", roll=words, topic=topic)
    parts = (Evidence(claim.id, w, now, ok=False, says="bad", labels=(("part", w),)) for w in words)
    return [whole, *parts]
