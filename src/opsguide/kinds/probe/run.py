"""Looks at a health address, or runs a trusted check script, and keeps the measurement as series."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import numpy as np

from opsguide.core.nouns import Evidence
from opsguide.core.ports import Command, HttpRequest, Samples, Target, WorldFault
from opsguide.core.units import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim
    from opsguide.core.ports import HttpReply, World
    from opsguide.kinds.probe.spec import ProbeSpec

JOB = "probe"
PURPOSE = "probe"
UNTRUSTED = "untrusted"
UNASKED = "unasked"
"""`says` where a secret is missing, so that nothing was asked: the target is unknown, not broken."""
OK_BELOW = 400
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_PHASES = {"dns": "resolve", "connect": "connect", "tls": "tls", "first_byte": "processing"}
_KINDS = {
    "probe_success": "gauge",
    "probe_duration_seconds": "gauge",
    "probe_http_duration_seconds": "gauge",
    "probe_http_status_code": "gauge",
    "probe_http_content_length": "gauge",
    "probe_ssl_earliest_cert_expiry": "gauge",
    "probe_command_exit_code": "gauge",
}


async def run(batch: Batch[ProbeSpec], world: World) -> Sequence[Evidence]:
    """One look at each; what the world does not do becomes evidence with ok=False."""
    return [await _look(claim, world) for claim, _ in batch.jobs]


async def _look(claim: Claim[ProbeSpec], world: World) -> Evidence:
    command = claim.spec.command
    if command is None:
        return await _ask(claim, world)
    if not world.secrets.trusted(claim.id, command):
        because = f"nobody trusted `{command}` yet; run `opsguide trust {claim.id} --until DATE`"
        return Evidence(claim.id, "", world.clock.now(), ok=False, says=UNTRUSTED, because=because)
    return await _execute(claim, command, world)


async def _ask(claim: Claim[ProbeSpec], world: World) -> Evidence:
    spec, at = claim.spec, world.clock.now()
    assert spec.url is not None
    try:
        request = _request(spec, world)
    except WorldFault as fault:
        return Evidence(claim.id, "", at, ok=False, says=UNASKED, because=fault.detail)
    try:
        reply = await world.net.http(request)
    except WorldFault as fault:
        samples = {"probe_success": 0.0}
        if fault.tls_not_after is not None:
            samples["probe_ssl_earliest_cert_expiry"] = fault.tls_not_after
        await _keep(claim, at, samples, world)
        because = world.secrets.mask(fault.detail)
        return Evidence(claim.id, "", at, ok=False, says=fault.says, because=because)
    good = reply.status == spec.expect_status if spec.expect_status else reply.status < OK_BELOW
    await _keep(claim, at, _measured(reply, good=good), world)
    took_s = reply.phases.get("total", 0.0)
    return Evidence(
        claim.id,
        "",
        at,
        ok=good,
        says="ok" if good else f"status_{reply.status}",
        because=f"answered {reply.status} in {said(took_s, 'seconds')}",
        values=(("duration_seconds", took_s), ("status", float(reply.status)), *_certificate(reply, at)),
    )


def _certificate(reply: HttpReply, now: float) -> tuple[tuple[str, float], ...]:
    return () if reply.tls_not_after is None else (("certificate_left_seconds", reply.tls_not_after - now),)


def _request(spec: ProbeSpec, world: World) -> HttpRequest:
    """The request with its secrets filled; raises WorldFault where one is missing or meant for something else."""
    headers = [(name, world.secrets.resolve(value, PURPOSE)) for name, value in spec.headers]
    if spec.user:
        user = world.secrets.resolve(spec.user, PURPOSE)
        headers.append(("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}"))
    return HttpRequest(
        method=spec.method or "GET",
        url=world.secrets.resolve(spec.url or "", PURPOSE),
        headers=tuple(headers),
        timeout_s=spec.limit_s,
        follow=spec.follow,
        verify_tls=not spec.insecure,
        ca_file=spec.ca_file,
    )


def _measured(reply: HttpReply, *, good: bool) -> dict[str, float]:
    """Samples under blackbox_exporter's names."""
    samples = {
        "probe_success": float(good),
        "probe_duration_seconds": reply.phases.get("total", 0.0),
        "probe_http_status_code": float(reply.status),
        "probe_http_content_length": float(len(reply.body)),
    }
    for phase, name in _PHASES.items():
        if phase in reply.phases:
            samples[f'probe_http_duration_seconds{{phase="{name}"}}'] = reply.phases[phase]
    if reply.tls_not_after is not None:
        samples["probe_ssl_earliest_cert_expiry"] = reply.tls_not_after
    return samples


async def _keep(claim: Claim[ProbeSpec], at: float, samples: dict[str, float], world: World) -> None:
    instance = claim.spec.url or claim.spec.command or claim.id
    target = Target(f"{JOB}/{claim.id}", (("claim", claim.id), ("instance", instance), ("job", JOB)))
    values = np.fromiter(samples.values(), np.float64, len(samples))
    await world.series.append(target, at, Samples(list(samples), values, _KINDS))


async def _execute(claim: Claim[ProbeSpec], command: str, world: World) -> Evidence:
    at = world.clock.now()
    asked = Command(command, str(world.folder), _environment(command, world), claim.spec.limit_s)
    try:
        done = await world.proc.run(asked)
    except WorldFault as fault:
        await _keep(claim, at, {"probe_success": 0.0}, world)
        because = world.secrets.mask(fault.detail)
        return Evidence(claim.id, "", at, ok=False, says=fault.says, because=because)
    samples = {"probe_success": float(done.code == 0), "probe_duration_seconds": done.took_s}
    await _keep(claim, at, {**samples, "probe_command_exit_code": float(done.code)}, world)
    last = next((line.strip() for line in reversed(done.output.splitlines()) if line.strip()), "")
    tail = f": {world.secrets.mask(last)[:200]}" if last else ""
    return Evidence(
        claim.id,
        "",
        at,
        ok=done.code == 0,
        says="ok" if done.code == 0 else f"exit_{done.code}",
        because=f"ended with {done.code} in {said(done.took_s, 'seconds')}{tail}",
        values=(("duration_seconds", done.took_s), ("exit_code", float(done.code))),
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
