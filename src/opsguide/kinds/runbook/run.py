"""Looks whether a runbook's programs and scripts exist; on firing runs its trusted reading steps, each bounded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.facts import StepRan
from opsguide.core.nouns import Evidence
from opsguide.core.ports import Command, WorldFault
from opsguide.core.units import said
from opsguide.kinds.runbook.judge import ASSESS, ASSESSED, MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import World
    from opsguide.kinds.runbook.spec import Runbook, RunStep

UNTRUSTED = "untrusted"
OUTPUT_BYTES = 64 << 10
"""Of each command; what a page of logs needs, and what an incident still can show."""
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")


async def run(batch: Batch[Runbook], world: World) -> Sequence[Evidence]:
    """One look at each, or the reading steps of each."""
    found: list[Evidence] = []
    for claim, job in batch.jobs:
        found += await _assess(claim, world) if job.name == ASSESS else [await _look(claim, world)]
    return found


async def _look(claim: Claim[Runbook], world: World) -> Evidence:
    lacks = [needed for needed in claim.spec.programs if not await _exists(needed, world)]
    count = len(claim.spec.programs)
    if not lacks:
        because = f"{', '.join(claim.spec.programs)}: there" if count else "it names no command"
        return Evidence(claim.id, "", world.clock.now(), ok=True, says="ok", because=because)
    because = "; ".join(_lacks(needed) for needed in lacks)
    return Evidence(claim.id, "", world.clock.now(), ok=False, says=MISSING, because=because)


async def _exists(needed: str, world: World) -> bool:
    return await (world.files.exists(needed) if "/" in needed else world.files.program(needed))


def _lacks(needed: str) -> str:
    if "/" in needed:
        return f"{needed} does not exist beside the guide"
    return f"{needed} is not installed on this machine"


async def _assess(claim: Claim[Runbook], world: World) -> list[Evidence]:
    spec = claim.spec
    if not spec.command:
        return []
    if not world.secrets.trusted(claim.id, spec.command):
        count = len(spec.running)
        because = f"nobody trusted its {count} reading steps yet; run `opsguide trust {claim.id} --until DATE`"
        return [_evidence(claim, world.clock.now(), UNTRUSTED, because, ok=False)]
    return [await _step(claim, step, world) for step in spec.running]


async def _step(claim: Claim[Runbook], step: RunStep, world: World) -> Evidence:
    """One command, in the guide's folder, with a limit on its time and on what it may say."""
    assert step.runs is not None
    at = world.clock.now()
    asked = Command(step.runs, str(world.folder), _environment(step.runs, world), claim.spec.limit_s, OUTPUT_BYTES)
    try:
        done = await world.proc.run(asked)
    except WorldFault as fault:
        because = f"line {step.line}: {world.secrets.mask(fault.detail)}"
        return _evidence(claim, at, f"line_{step.line}_{fault.says}", because, ok=False)
    output = world.secrets.mask(done.output)
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    tail = f": {last[:160]}" if last else ""
    because = f"line {step.line} ended with {done.code} in {said(done.took_s, 'seconds')}{tail}"
    fact = StepRan(step.line, step.runs, done.code, output + ("\n[cut]" if done.truncated else ""), done.took_s)
    return _evidence(claim, at, f"line_{step.line}_exit_{done.code}", because, ok=done.code == 0, fact=fact)


def _evidence(
    claim: Claim[Runbook], at: float, says: str, because: str, *, ok: bool, fact: StepRan | None = None
) -> Evidence:
    return Evidence(
        claim.id, "", at, ok=ok, says=says, because=because, topic=ASSESSED, scope=claim.spec.name, fact=fact
    )


def _environment(command: str, world: World) -> tuple[tuple[str, str], ...]:
    """The secrets that the command names; what is no secret is the shell's own business."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(_VARIABLE.findall(command)):
        try:
            found[name] = world.secrets.resolve(f"${{{name}}}", "command")
        except WorldFault:
            continue
    return tuple(found.items())
