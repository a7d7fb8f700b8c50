"""Finds scrape jobs: Prometheus YAML by its content, ServiceMonitors, `curl .../metrics` lines, native collectors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opsguide.core.block import Fence, Place
from opsguide.core.mend import Mend
from opsguide.core.ports import Collector
from opsguide.engines.curl import commands, read_curl
from opsguide.engines.marked import YamlFault, load, repeated_keys
from opsguide.engines.weburl import host_of, path_of, tidy
from opsguide.kinds.scrape.jobs import (
    SCRAPE_EVERY_S,
    Reading,
    bound_targets,
    claim,
    job_claim,
    limit,
    plain_target,
)
from opsguide.kinds.scrape.spec import ScrapeSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Node as Block
    from opsguide.core.kind import Context
    from opsguide.core.nouns import Claim
    from opsguide.engines.marked import Node

SHELLS = frozenset({"", "bash", "sh", "shell", "zsh", "console", "terminal", "text", "shell-session"})
YAMLS = frozenset({"", "yaml", "yml", "toml"})
_OURS = re.compile(
    r"^\s*-?\s*(scrape_configs|job_name|collect)\s*:|kind:\s*[\"']?(ServiceMonitor|PodMonitor)\b", re.MULTILINE
)
_METRICS_PATH = re.compile(r"/(metrics|actuator/prometheus|prometheus/metrics)(?=[/?]|$)")
_CURLS_METRICS = re.compile(r"\bcurl\b.*(metrics|prometheus)")
_MONITORS = {"ServiceMonitor": "endpoints", "PodMonitor": "podMetricsEndpoints"}


def read(node: Block, context: Context) -> Iterator[Claim[ScrapeSpec] | Mend]:
    """Every job of one block."""
    if not isinstance(node, Fence):
        return
    if node.language in SHELLS:
        yield from _curls(node, context)
    if node.language in YAMLS and _OURS.search(node.text):
        yield from _yaml(node, context)


def _curls(node: Fence, context: Context) -> Iterator[Claim[ScrapeSpec]]:
    for shell in commands((line.number, line.text) for line in node.lines):
        curl = read_curl(shell.text) if _CURLS_METRICS.search(shell.text) else None
        if curl is None or curl.sends or not _METRICS_PATH.search(path_of(curl.url)):
            continue
        filled = context.fill(curl.url)
        url = tidy(filled.text)
        host, path = host_of(url), path_of(url)
        scheme = "https" if url.startswith("https:") else None
        job = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        every_s = context.defaults.get("scrape_interval", SCRAPE_EVERY_S)
        spec = ScrapeSpec(
            job=job,
            targets=(host,),
            path=path,
            scheme=scheme,
            points=plain_target(job, host, path, scheme),
            insecure=curl.insecure,
            every_s=every_s,
            limit_s=limit(curl.timeout_s, every_s, context),
        )
        place = Place(node.place.file, shell.line, shell.end_line)
        yield claim(spec, place, subject=curl.url.partition("://")[2], needs=filled.needs)


def _yaml(node: Fence, context: Context) -> Iterator[Claim[ScrapeSpec] | Mend]:
    reading = Reading(node, context)
    try:
        documents = load(node.text)
    except YamlFault as fault:
        line = node.lines[min(fault.line, len(node.lines)) - 1]
        place = Place(node.place.file, line.number, line.number, fault.column + line.cut)
        yield Mend(place, fault.message, fault.hint, "scrape/yaml")
        return
    for document in documents:
        claims = list(_document(document, reading))
        yield from claims
        if claims:
            yield from _repeated(document, node)
    yield from reading.faults


def _repeated(document: Node, fence: Fence) -> Iterator[Mend]:
    for again in repeated_keys(document):
        line, first = (fence.lines[min(number, len(fence.lines)) - 1] for number in (again.line, again.first))
        place = Place(fence.place.file, line.number, line.number, again.column + line.cut)
        others = (Place(fence.place.file, first.number, first.number),)
        yield Mend(place, again.message, again.hint, "scrape/repeated-key", others=others)


def _document(document: Node, reading: Reading) -> Iterator[Claim[ScrapeSpec]]:
    kind = document.get("kind")
    if kind is not None and kind.text in _MONITORS:
        yield from _monitor(document, kind.text, reading)
        return
    collectors = document.get("collect")
    for one in collectors.children if collectors is not None and collectors.is_sequence else ():
        yield _collector(one, reading)
    reading.interval_s = reading.duration(document.at(["global", "scrape_interval"]))
    reading.timeout_s = reading.duration(document.at(["global", "scrape_timeout"]))
    configs = document.get("scrape_configs")
    if configs is not None and configs.value is not None and not configs.is_sequence:
        reading.fault(configs, "scrape_configs is no list", "write each job as `- job_name: ...`")
    jobs = configs if configs is not None else document
    named = jobs.children if jobs.is_sequence else (jobs,) if jobs.get("job_name") else ()
    for job in named:
        if job.is_mapping and (configs is not None or job.get("job_name")):
            found = job_claim(job, reading)
            if found is not None:
                yield found


def _monitor(document: Node, kind: str, reading: Reading) -> Iterator[Claim[ScrapeSpec]]:
    """A ServiceMonitor's endpoints. Its Service is the cluster's to know, so a binding names the targets."""
    name_node = document.at(["metadata", "name"])
    endpoints = document.at(["spec", _MONITORS[kind]])
    children = endpoints.children if endpoints else ()
    for number, endpoint in enumerate(children):
        reading.needs = {}
        name = reading.text(name_node) or kind
        path = reading.text(endpoint.get("path")) or None
        scheme = reading.text(endpoint.get("scheme")) or None
        interval_s, timeout_s = (reading.duration(endpoint.get(key)) for key in ("interval", "scrapeTimeout"))
        addresses = bound_targets(name, reading)
        every_s = interval_s or reading.context.defaults.get("scrape_interval", SCRAPE_EVERY_S)
        spec = ScrapeSpec(
            job=name,
            targets=addresses,
            path=path,
            interval_s=interval_s,
            timeout_s=timeout_s,
            scheme=scheme,
            points=tuple(point for a in addresses for point in plain_target(name, a, path, scheme)),
            every_s=every_s,
            limit_s=limit(timeout_s, every_s, reading.context),
        )
        port = endpoint.get("port") or endpoint.get("targetPort")
        subject = f"{name_node.text if name_node else kind} {port.text if port else number}"
        place = reading.place(document if len(children) == 1 else endpoint)
        yield claim(spec, place, subject=subject, needs=tuple(reading.needs))


def _collector(node: Node, reading: Reading) -> Claim[ScrapeSpec]:
    """A native collector of opsguide.toml: `{name, kind, dsn}`."""
    reading.needs = {}
    name, kind, dsn = (reading.text(node.get(key)) for key in ("name", "kind", "dsn"))
    instance = _instance(dsn) if dsn else "localhost"
    if _password(dsn):
        mend = 'write "scheme://user:${NAME}@host/..." and name its source under [secrets]'
        reading.fault(node, f"the password of collector {name} stands in plain text", mend, "scrape/secret")
        reading.needs[f"the password of {name} as a ${{NAME}} reference"] = None
        dsn = ""
    every_s = reading.context.defaults.get("scrape_interval", SCRAPE_EVERY_S)
    spec = ScrapeSpec(
        job=name,
        targets=(instance,),
        collector=Collector(name, kind, dsn),
        every_s=every_s,
        limit_s=limit(None, every_s, reading.context),
    )
    return claim(spec, reading.place(node), subject=f"collector {name}", needs=tuple(reading.needs))


def _instance(dsn: str) -> str:
    return re.split(r"[/?#]", dsn.partition("://")[2], maxsplit=1)[0].rpartition("@")[2] or "localhost"


def _password(dsn: str) -> bool:
    try:
        password = urlsplit(dsn).password or ""
    except ValueError:
        return False
    return bool(password) and "${" not in password
