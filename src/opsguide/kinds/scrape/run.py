"""Asks targets and native collectors, and appends what they expose beside `up`."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from opsguide.core.nouns import Evidence
from opsguide.core.ports import HttpRequest, Samples, Target, WorldFault
from opsguide.core.units import said
from opsguide.engines.exposition import key_of, parse, split_key
from opsguide.kinds.scrape.relabel import relabelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from opsguide.core.kind import Batch
    from opsguide.core.nouns import Claim, Job, Labels
    from opsguide.core.ports import World
    from opsguide.kinds.scrape.spec import Auth, Point, Relabel, ScrapeSpec

LIMIT_BYTES = 16 << 20
PURPOSE = "scrape"
OK = 200
_ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
_UP = {"postgresql": "pg_up", "mysql": "mysql_up", "redis": "redis_up"}
_KINDS = dict.fromkeys(
    ["up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling"], "gauge"
)


@dataclass(frozen=True, slots=True)
class _Scraped:
    """What a target exposed. wrong: "" or a sentence about lines that are no samples; faulty: how many they are."""

    samples: Samples
    wrong: str = ""
    faulty: int = 0


async def run(batch: Batch[ScrapeSpec], world: World) -> Sequence[Evidence]:
    """Scrape the target of each job; the first target of a claim also says which targets there are."""
    found: list[Evidence] = []
    for claim, job in batch.jobs:
        roll = tuple(subjects(claim.spec))
        if roll and job.name == roll[0]:
            because = f"{len(roll)} targets" if len(roll) > 1 else "1 target"
            found.append(Evidence(claim.id, "", world.clock.now(), ok=True, says="listed", because=because, roll=roll))
        found.append(await _scrape(claim, job, world))
    return found


def subjects(spec: ScrapeSpec) -> list[str]:
    """The subjects of a job: its targets after relabelling, or its collector's instance."""
    return list(spec.targets) if spec.collector else [point.subject for point in spec.points]


async def _scrape(claim: Claim[ScrapeSpec], job: Job, world: World) -> Evidence:
    spec = claim.spec
    labels, point = _where(spec, job.name)
    at, target = world.clock.now(), _target(labels)
    try:
        scraped = await _collected(spec, world) if point is None else await _asked(spec, point, world)
        groups = _within(spec, _groups(spec, labels, scraped.samples))
    except WorldFault as fault:
        await world.series.append(target, at, _down(spec))
        because = world.secrets.mask(fault.detail)
        return Evidence(claim.id, job.name, at, ok=False, says=fault.says, because=because, labels=labels)
    took_s = world.clock.now() - at
    count = len(scraped.samples.keys)
    own = {"up": 1.0, "scrape_duration_seconds": took_s, "scrape_samples_scraped": float(count)}
    own["scrape_samples_post_metric_relabeling"] = float(sum(len(keys) for keys, _ in groups.values()))
    keys, values = groups.get(labels, ([], np.empty(0)))
    groups[labels] = ([*keys, *own], np.concatenate([values, list(own.values())]))
    kinds = {**scraped.samples.kinds, **_KINDS}
    for group, (names, numbers) in groups.items():
        await world.series.append(_target(group), at, Samples(names, numbers, kinds))
    return Evidence(
        claim.id,
        job.name,
        at,
        ok=True,
        says="ok",
        because=f"{count:,} samples in {said(took_s, 'seconds')}" + (f"; {scraped.wrong}" if scraped.wrong else ""),
        values=(("samples", float(count)), ("duration_seconds", took_s), ("faults", float(scraped.faulty))),
        labels=labels,
    )


def _where(spec: ScrapeSpec, subject: str) -> tuple[Labels, Point | None]:
    if spec.collector is not None:
        return (("instance", subject), ("job", spec.job)), None
    point = next(point for point in spec.points if point.subject == subject)
    return point.labels, point


def _target(labels: Labels) -> Target:
    """Its key is its labels: two guides that scrape one target write one set of series, not two that are equal."""
    return Target("scrape/" + ",".join(f"{name}={value}" for name, value in labels), labels)


def _down(spec: ScrapeSpec) -> Samples:
    """`up 0`, and the collector's own word for it; all else of the target becomes stale."""
    keys = ["up"]
    if spec.collector is not None and spec.collector.kind in _UP:
        keys.append(_UP[spec.collector.kind])
    return Samples(keys, np.zeros(len(keys)), dict.fromkeys(keys, "gauge"))


async def _collected(spec: ScrapeSpec, world: World) -> _Scraped:
    assert spec.collector is not None
    return _Scraped(await world.collect.collect(spec.collector, spec.limit_s))


async def _asked(spec: ScrapeSpec, point: Point, world: World) -> _Scraped:
    request = HttpRequest(
        method="GET",
        url=point.url,
        headers=(
            ("Accept", _ACCEPT),
            ("X-Prometheus-Scrape-Timeout-Seconds", f"{spec.limit_s:g}"),
            *(await _authorization(spec.auth, world)),
        ),
        timeout_s=spec.limit_s,
        limit_bytes=LIMIT_BYTES,
        verify_tls=not spec.insecure,
        ca_file=spec.ca_file,
    )
    reply = await world.net.http(request)
    if reply.status != OK:
        raise WorldFault(f"status_{reply.status}", f"{point.url} answered {reply.status}")
    found = parse(reply.body)
    wrong = ""
    if found.faulty:
        first = found.faults[0]
        wrong = f"{found.faulty} lines are no samples, the first is line {first.line}: {first.why}"
    if found.faulty and not found.keys:
        raise WorldFault("nonsense", f"{point.url} exposes no metrics: {wrong}")
    return _Scraped(Samples(found.keys, found.values, found.kinds), wrong, found.faulty)


async def _authorization(auth: Auth | None, world: World) -> tuple[tuple[str, str], ...]:
    if auth is None:
        return ()
    secret = world.secrets.resolve(auth.secret, PURPOSE)
    if auth.file:
        secret = (await world.files.read(auth.file)).decode("utf-8", "replace").strip()
        world.secrets.hide(secret)
    if auth.scheme == "Basic":
        secret = base64.b64encode(f"{world.secrets.resolve(auth.user, PURPOSE)}:{secret}".encode()).decode()
    return (("Authorization", f"{auth.scheme} {secret}"),)


_Groups = dict["Labels", "tuple[Sequence[str], NDArray[np.float64]]"]


def _groups(spec: ScrapeSpec, labels: Labels, samples: Samples) -> _Groups:
    """The samples by the target labels they end up with: one group, unless honor_labels or relabelling differ."""
    if not spec.honor_labels and not spec.metric_relabel:
        return {labels: (samples.keys, samples.values)}
    found: dict[Labels, dict[str, float]] = {}
    for key, value in zip(samples.keys, samples.values.tolist(), strict=True):
        placed = _placed(key, labels, spec.metric_relabel, honor=spec.honor_labels)
        if placed is not None:
            found.setdefault(placed[0], {}).setdefault(placed[1], value)
    return {group: (list(values), np.array(list(values.values()))) for group, values in found.items()}


def _within(spec: ScrapeSpec, groups: _Groups) -> _Groups:
    """The groups; raises WorldFault where they hold more samples than the job allows."""
    kept = sum(len(keys) for keys, _ in groups.values())
    if spec.sample_limit and kept > spec.sample_limit:
        raise WorldFault("too_large", f"{kept} samples, and sample_limit is {spec.sample_limit}")
    return groups


@lru_cache(maxsize=100_000)
def _placed(key: str, target: Labels, rules: tuple[Relabel, ...], *, honor: bool) -> tuple[Labels, str] | None:
    """Target labels and key of a sample after metric_relabel_configs; None where they drop it."""
    name, exposed = split_key(key)
    own = dict(target)
    clash = {n if honor or n not in own else f"exported_{n}": v for n, v in exposed}
    after = relabelled({**own, **clash, "__name__": name}, rules)
    if after is None or not after.get("__name__"):
        return None
    common = tuple((n, after[n]) for n, _ in target if n in after)
    rest = sorted((n, v) for n, v in after.items() if n not in own and n != "__name__")
    return common, key_of(after["__name__"], rest)
