"""Looks whether a link's target is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Evidence
from opsguide.core.ports import HttpRequest, WorldFault
from opsguide.kinds.link.anchors import anchors_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import HttpReply, World
    from opsguide.kinds.link.spec import LinkSpec

PURPOSE = "link"
LIMIT_BYTES = 4 << 20
FAILS_FROM = 400
# The target is there, and says so to those who may come in.
_THERE = frozenset({401, 402, 403, 405, 407, 429})
# Some servers know no HEAD; asked with GET they answer.
_ASK_AGAIN = frozenset({400, 403, 404, 405, 500, 501, 503})


async def run(batch: Batch[LinkSpec], world: World) -> Sequence[Evidence]:
    """One look at each."""
    return [await _look(claim, world) for claim, _ in batch.jobs]


async def _look(claim: Claim[LinkSpec], world: World) -> Evidence:
    at = world.clock.now()
    try:
        says, because = await (_address(claim.spec, world) if claim.spec.web else _file(claim.spec, world))
    except WorldFault as fault:
        says, because = fault.says, world.secrets.mask(fault.detail)
    return Evidence(claim.id, "", at, ok=says == "ok", says=says, because=because)


async def _address(spec: LinkSpec, world: World) -> tuple[str, str]:
    reply = await _ask("HEAD", spec, world)
    if reply is None or reply.status in _ASK_AGAIN:
        reply = await _ask("GET", spec, world)
    if reply is None:
        return "ok", "it answers with a large page"
    if reply.status < FAILS_FROM or reply.status in _THERE:
        return "ok", f"it answers {reply.status}"
    return f"status_{reply.status}", f"{spec.target} answers {reply.status}"


async def _ask(method: str, spec: LinkSpec, world: World) -> HttpReply | None:
    """The reply; None where its body was larger than anybody reads, or where HEAD was met with silence."""
    url = world.secrets.resolve(spec.target, PURPOSE)
    try:
        return await world.net.http(HttpRequest(method, url, timeout_s=spec.limit_s, limit_bytes=LIMIT_BYTES))
    except WorldFault as fault:
        if fault.says == "too_large" or (method == "HEAD" and fault.says in {"reset", "nonsense"}):
            return None
        raise


async def _file(spec: LinkSpec, world: World) -> tuple[str, str]:
    if spec.path and not await world.files.exists(spec.path):
        return "not_found", f"{spec.path} does not exist beside the guide"
    if not spec.anchor or not spec.path.endswith((".md", ".markdown")):
        return "ok", f"{spec.path} exists"
    text = (await world.files.read(spec.path, LIMIT_BYTES)).decode("utf-8", "replace")
    if spec.anchor.lower() not in {name.lower() for name in anchors_of(text)}:
        return "no_anchor", f"{spec.path} has no heading #{spec.anchor}"
    return "ok", f"{spec.path} has the heading #{spec.anchor}"
