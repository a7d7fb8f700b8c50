"""One scrape job of YAML to a claim: Prometheus's own keys and their defaults, each fault at its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import re2

from opsguide.core.block import Place
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import Claim
from opsguide.core.units import duration_s, said
from opsguide.engines.weburl import one_port
from opsguide.kinds.scrape.relabel import ACTIONS, compiled, relabelled
from opsguide.kinds.scrape.spec import Auth, Point, Relabel, ScrapeSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Fence
    from opsguide.core.kind import Context
    from opsguide.engines.marked import Node

SCRAPE_EVERY_S = 15.0
SCRAPE_LIMIT_S = 10.0
KNOWN = frozenset(
    [
        *("job_name", "scrape_interval", "scrape_timeout", "metrics_path", "honor_labels", "honor_timestamps"),
        *("params", "basic_auth", "authorization", "bearer_token", "bearer_token_file", "tls_config", "scheme"),
        *("relabel_configs", "metric_relabel_configs", "sample_limit", "body_size_limit", "follow_redirects"),
        *("enable_http2", "proxy_url", "label_limit", "target_limit", "scrape_protocols", "static_configs"),
        *("label_name_length_limit", "label_value_length_limit", "scrape_classic_histograms", "oauth2", "no_proxy"),
        *("keep_dropped_targets", "scrape_fallback_protocol", "http_headers", "native_histogram_bucket_limit"),
        *("track_timestamps_staleness", "enable_compression"),
    ]
)


@dataclass
class Reading:
    """One block that is being read: its faults and open names are collected on the way."""

    fence: Fence
    context: Context
    interval_s: float | None = None
    timeout_s: float | None = None
    faults: list[Mend] = field(default_factory=list)
    needs: dict[str, None] = field(default_factory=dict)

    def place(self, node: Node) -> Place:
        """Where a node stands in the file."""
        lines = self.fence.lines
        first = lines[min(node.line, len(lines)) - 1]
        last = lines[min(node.end_line, len(lines)) - 1]
        return Place(self.fence.place.file, first.number, last.number, node.column + first.cut)

    def fault(self, node: Node, wrong: str, mend: str, rule: str = "scrape/config", level: Level = Level.ERROR) -> None:
        """Note a fault of the guide."""
        self.faults.append(Mend(self.place(node), wrong, mend, rule, level))

    def text(self, node: Node | None) -> str:
        """A scalar with its placeholders filled; "" where there is none."""
        if node is None or not node.is_scalar:
            return ""
        filled = self.context.fill(node.text)
        self.needs |= dict.fromkeys(filled.needs)
        return filled.text

    def texts(self, node: Node | None) -> tuple[str, ...]:
        """The scalars of a list; a lone scalar counts as a list of one."""
        if node is None:
            return ()
        return tuple(self.text(child) for child in (node.children if node.is_sequence else (node,)) if child.is_scalar)

    def duration(self, node: Node | None) -> float | None:
        """Seconds, or None and a fault where it is no duration."""
        text = self.text(node)
        seconds = duration_s(text) if text else None
        if node is not None and text and not seconds:
            self.fault(node, f"{text!r} is no duration", 'write a number and its unit: "15s"')
        return seconds or None

    def count(self, node: Node | None) -> int | None:
        """A whole number above 0, or None."""
        text = self.text(node)
        if node is not None and text and not text.isdigit():
            self.fault(node, f"{text!r} is no number", "write a whole number")
        return int(text) if text.isdigit() and int(text) else None


def job_claim(node: Node, reading: Reading) -> Claim[ScrapeSpec] | None:
    """The claim of one `- job_name:` mapping; None where it has no name (a fault)."""
    reading.needs = {}
    name = node.get("job_name")
    job = reading.text(name)
    if name is None or not job:
        reading.fault(node, "a scrape job has no job_name", "add job_name: and a name of its own")
        return None
    for key, _ in node.pairs:
        if key.text not in KNOWN and not key.text.endswith("_sd_configs"):
            mend = "take it out, or mend its spelling"
            reading.fault(key, f"Prometheus knows no {key.text} in a scrape job", mend, level=Level.WARNING)
    stated = _Stated.of(node, reading)
    written = _static(node, reading) + _bound(node, job, reading)
    rules = _rules(node.get("relabel_configs"), reading)
    points = targets(job, written, stated, rules)
    if written and not points and not reading.needs:
        reading.fault(name, f"job {job} drops every target it has", "loosen its relabel_configs", level=Level.WARNING)
    every_s = stated.interval_s or reading.context.defaults.get("scrape_interval", SCRAPE_EVERY_S)
    spec = ScrapeSpec(
        job=job,
        targets=tuple(address for address, _ in written),
        path=stated.path,
        interval_s=stated.interval_s,
        timeout_s=stated.timeout_s,
        scheme=stated.scheme,
        honor_labels=reading.text(node.get("honor_labels")) == "true",
        sample_limit=reading.count(node.get("sample_limit")),
        points=points,
        metric_relabel=_rules(node.get("metric_relabel_configs"), reading),
        auth=_auth(node, reading),
        insecure=_insecure(node, reading),
        ca_file=reading.text(node.at(["tls_config", "ca_file"])),
        every_s=every_s,
        limit_s=limit(stated.timeout_s, every_s, reading.context),
    )
    if stated.timeout_s and stated.timeout_s > every_s:
        wrong = f"job {job} may take {said(stated.timeout_s, 'seconds')} and is due every {said(every_s, 'seconds')}"
        reading.fault(name, wrong, "make scrape_timeout at most scrape_interval")
    return claim(spec, reading.place(node), subject=name.text, needs=tuple(reading.needs))


def claim(spec: ScrapeSpec, place: Place, *, subject: str, needs: tuple[str, ...]) -> Claim[ScrapeSpec]:
    """The claim of a job, with its sentence."""
    whom = ", ".join(point.url for point in spec.points[:3]) or "its targets"
    more = f" and {len(spec.points) - 3} more" if len(spec.points) > 3 else ""  # noqa: PLR2004 -- as many as are named
    if spec.collector is not None:
        whom, more = f"{spec.collector.kind} natively", ""
    return Claim(
        kind="scrape",
        title=f"scrape {spec.job}",
        subject=subject,
        place=place,
        spec=spec,
        understood=f"job {spec.job} reads {whom}{more} every {said(spec.every_s, 'seconds')} "
        f"within {said(spec.limit_s, 'seconds')}",
        needs=needs,
    )


def limit(stated_s: float | None, every_s: float, context: Context) -> float:
    """The scrape timeout in force: never above the interval, as Prometheus has it."""
    return min(stated_s or context.defaults.get("scrape_timeout", SCRAPE_LIMIT_S), every_s)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a job says of how to ask."""

    path: str | None
    scheme: str | None
    params: tuple[tuple[str, str], ...]
    interval_s: float | None
    timeout_s: float | None

    @classmethod
    def of(cls, node: Node, reading: Reading) -> _Stated:
        given = node.get("params")
        params = (
            tuple((key.text, text) for key, value in given.items() for text in reading.texts(value)) if given else ()
        )
        return cls(
            path=reading.text(node.get("metrics_path")) or None,
            scheme=reading.text(node.get("scheme")) or None,
            params=params,
            interval_s=reading.duration(node.get("scrape_interval")) or reading.interval_s,
            timeout_s=reading.duration(node.get("scrape_timeout")) or reading.timeout_s,
        )


Written = tuple[str, tuple[tuple[str, str], ...]]
"""A target as written, and the labels beside it."""


def _static(node: Node, reading: Reading) -> list[Written]:
    found: list[Written] = []
    groups = node.get("static_configs")
    for group in groups.children if groups else ():
        given = group.get("labels")
        labels = tuple((key.text, reading.text(value)) for key, value in given.items()) if given else ()
        for address, at in zip(reading.texts(group.get("targets")), _children(group.get("targets")), strict=True):
            if "://" in address or "/" in address:
                reading.fault(
                    at, f"{address!r} is no host:port", "write host:port, and scheme: and metrics_path: beside it"
                )
                continue
            found.append((one_port(address), labels))
    return found


def _children(node: Node | None) -> Sequence[Node]:
    if node is None:
        return ()
    return tuple(child for child in (node.children if node.is_sequence else (node,)) if child.is_scalar)


def _bound(node: Node, job: str, reading: Reading) -> list[Written]:
    """Targets of a job that discovers them: opsguide discovers nothing, so a binding names them."""
    if not any(key.text.endswith("_sd_configs") for key, _ in node.pairs):
        return []
    return [(address, ()) for address in bound_targets(job, reading)]


def bound_targets(name: str, reading: Reading) -> tuple[str, ...]:
    """The addresses that binding `<name>:targets` gives, separated by commas; without it the claim needs it."""
    binding = f"{name}:targets"
    filled = reading.context.fill(binding).text
    if filled == binding or filled.endswith(":targets"):
        reading.needs[binding] = None
        return ()
    return tuple(address.strip() for address in filled.split(",") if address.strip())


def targets(job: str, written: Iterable[Written], stated: _Stated, rules: Sequence[Relabel]) -> tuple[Point, ...]:
    """The targets after relabelling, with the labels that their series get."""
    found: list[Point] = []
    for address, labels in written:
        own = {
            "job": job,
            "__address__": address,
            "__scheme__": stated.scheme or "http",
            "__metrics_path__": stated.path or "/metrics",
            **{f"__param_{name}": value for name, value in reversed(stated.params)},
        }
        after = relabelled({**own, **dict(labels)}, rules)
        if after is None or not after.get("__address__"):
            continue
        params = [(n, after.get(f"__param_{n}", v)) for n, v in dict(stated.params).items()]
        query = f"?{urlencode(params)}" if params else ""
        path = "/" + after.get("__metrics_path__", "").lstrip("/")
        url = f"{after.get('__scheme__', 'http')}://{after['__address__']}{path}{query}"
        kept = {"instance": after["__address__"], **{n: v for n, v in after.items() if not n.startswith("__")}}
        subject = kept["instance"] if all(kept["instance"] != p.subject for p in found) else url
        found.append(Point(subject, url, tuple(sorted(kept.items()))))
    return tuple(found)


def plain_target(job: str, address: str, path: str | None, scheme: str | None) -> tuple[Point, ...]:
    """One target that no rule changes."""
    return targets(job, [(address, ())], _Stated(path, scheme, (), None, None), ())


def _rules(node: Node | None, reading: Reading) -> tuple[Relabel, ...]:
    found = (_rule(child, reading) for child in (node.children if node else ()) if child.is_mapping)
    return tuple(rule for rule in found if rule is not None)


def _rule(node: Node, reading: Reading) -> Relabel | None:
    action = (reading.text(node.get("action")) or "replace").lower()
    if action not in ACTIONS:
        reading.fault(
            node.get("action") or node, f"no relabelling is called {action}", f"one of {', '.join(sorted(ACTIONS))}"
        )
        return None
    regex = node.get("regex")
    try:
        compiled(regex.text if regex else "(.*)")
    except re2.error as error:
        reading.fault(regex or node, f"no regular expression of RE2: {error}", "mend the pattern")
        return None
    modulus = reading.count(node.get("modulus")) or 0
    if action == "hashmod" and not modulus:
        reading.fault(node, "hashmod without a modulus", "add modulus: and the number of shards")
        return None
    given: dict[str, Any] = {
        name: child.text for name in ("separator", "regex", "target_label") if (child := node.get(name))
    }
    # In a pattern `[a-z]` is no placeholder; in what is put in its place it is.
    if node.get("replacement"):
        given["replacement"] = reading.text(node.get("replacement"))
    return Relabel(action, reading.texts(node.get("source_labels")), modulus=modulus, **given)


def _insecure(node: Node, reading: Reading) -> bool:
    return reading.text(node.at(["tls_config", "insecure_skip_verify"])) == "true"


def _auth(node: Node, reading: Reading) -> Auth | None:
    basic, named = node.get("basic_auth"), node.get("authorization")
    if basic is not None:
        secret = _reference(basic.get("password"), reading)
        return Auth("Basic", reading.text(basic.get("username")), secret, reading.text(basic.get("password_file")))
    if named is not None:
        scheme = reading.text(named.get("type")) or "Bearer"
        return Auth(
            scheme, "", _reference(named.get("credentials"), reading), reading.text(named.get("credentials_file"))
        )
    bearer, file = node.get("bearer_token"), node.get("bearer_token_file")
    return Auth("Bearer", "", _reference(bearer, reading), reading.text(file)) if bearer or file else None


def _reference(node: Node | None, reading: Reading) -> str:
    """A secret by reference; one in plain text is a fault and goes no further."""
    text = reading.text(node)
    if node is None or not text or "${" in text:
        return text
    if not reading.context.fill(node.text).needs:
        mend = "write ${NAME} and name its source under [secrets] of opsguide.toml"
        reading.fault(node, "a secret stands in the guide as plain text, and is not used", mend, "scrape/secret")
        reading.needs[f"{node.text[:2]}... as a ${{NAME}} reference"] = None
    return ""
