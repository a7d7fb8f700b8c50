"""Expressions for a metric that the guide names, under whatever suffix its exporter gave it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.units import prometheus_duration
from opsguide.engines.bound import QUANTILE, Asked, Bound, Unbound
from opsguide.engines.conventions import SAME, SIBLINGS_OF_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.engines.bound import Facts

NAMED = "is the metric that the guide names"


def _selected(found: Bound, written: str) -> Bound:
    """With the guide's own selector; one that documents labels (`worker="N"`, `code="2xx|5xx"`) is left out."""
    selector = re.search(r"\{([^{}]*)\}`?$", written.strip())
    pairs = re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector[1]) if selector else []
    real = [
        f'{label}{op}"{value}"'
        for label, op, value in pairs
        if op != "=" or not re.search(r"\||^[A-Z]$|^\W*$|\.\.\.", value)
    ]
    if not real:
        return found
    expr = found.expr
    for name in found.metrics:
        expr = re.sub(rf"\b{re.escape(name)}\b(?:\{{([^{{}}]*)\}})?", lambda m: _with(m[0], m[1], real), expr)
    return replace(found, expr=expr)


def _with(text: str, inside: str | None, more: list[str]) -> str:
    name = text.partition("{")[0]
    return f"{name}{{{', '.join([*([inside] if inside else []), *more])}}}"


def words_alone(quantity: str) -> bool:
    """A word like `down` in backticks may still be a quantity; a dotted or snake_case name is nothing else."""
    return not re.search(r"[._]", quantity)


def by_name(name: str, asked: Asked, catalogue: Mapping[str, Facts]) -> Bound | None:
    """The metric itself, or what exporters call it; None where neither is scraped in the unit that is asked for."""
    for candidate in (name, *SAME.get(name, ())):
        found = series_of(candidate, asked, catalogue)
        if found is not None:
            found = _selected(found, asked.quantity)
            named = NAMED if candidate == name else f"is what {asked.quantity} is scraped as"
            return replace(found, why=found.why.replace(NAMED, named))
    return None


def series_of(name: str, asked: Asked, catalogue: Mapping[str, Facts]) -> Bound | None:
    """The expression for one metric, whatever suffix its exporter gave it."""
    endings = (
        "",
        "_total",
        "_bytes",
        "_seconds",
        "_ratio",
        "_bytes_total",
        "_seconds_total",
        "_percent",
        "_milliseconds",
    )
    family = next(
        (name + e for e in endings if f"{name}{e}_count" in catalogue or f"{name}{e}_bucket" in catalogue), ""
    )
    exact = sorted((name + e for e in endings if name + e in catalogue), key=lambda n: catalogue[n].stale)
    timed = asked.unit == "seconds" or asked.quantile is not None or bool(asked.aggregate)
    timed = timed or (not asked.unit and re.search(r"(seconds|duration|latency|time|_ms)$", name) is not None)
    if family and (timed or not exact or catalogue[exact[0]].kind in {"histogram", "summary"}):
        return _duration(family, asked, catalogue) if timed else _rate(f"{family}_count", asked, catalogue)
    return _plain(exact[0], asked, catalogue) if exact else None


def _duration(family: str, asked: Asked, catalogue: Mapping[str, Facts]) -> Bound | None:
    window = prometheus_duration(asked.window_s)
    scale = " / 1000" if re.search(r"_(ms|milliseconds)$", family) else ""
    unit = "bytes" if "bytes" in family else "seconds"
    if asked.unit not in {"", unit}:
        return None
    bucket, total, count = f"{family}_bucket", f"{family}_sum", f"{family}_count"
    if bucket in catalogue and asked.aggregate != "avg":
        quantile = asked.quantile or QUANTILE
        expr = f"histogram_quantile({quantile:g}, sum by (le) (rate({bucket}[{window}]))){scale}"
        return Bound(expr, unit, f"{bucket} is the histogram{_of_percentile(asked)}", (bucket,))
    if total in catalogue and count in catalogue and asked.quantile is None:
        expr = f"sum(rate({total}[{window}])) / sum(rate({count}[{window}])){scale}"
        return Bound(expr, unit, f"{total} over {count} is the mean", (total, count))
    return None


def _of_percentile(asked: Asked) -> str:
    return "" if asked.quantile else "; the guide states no percentile, so the 95th is used"


def _rate(name: str, asked: Asked, catalogue: Mapping[str, Facts]) -> Bound | None:
    if asked.unit not in {"", "per_second", "count"} or name not in catalogue:
        return None
    return Bound(
        f"sum(rate({name}[{prometheus_duration(asked.window_s)}]))",
        "per_second",
        f"{name} {NAMED}; its rate counts",
        (name,),
    )


def _plain(name: str, asked: Asked, catalogue: Mapping[str, Facts]) -> Bound | None:
    if asked.of:
        return _share(name, catalogue)
    if catalogue[name].kind == "counter" or name.endswith("_total"):
        return _counter(name, asked)
    unit = _unit_of(name)
    if asked.unit == "ratio" and unit != "ratio":
        return _percent(name) if unit == "percent" else _share(name, catalogue)
    if asked.unit not in {"", "count", unit} and unit:
        return None
    expr = f"sum({name})" if _adds_up(name) else f"max({name})"
    counts = "its sum" if _adds_up(name) else "its highest value"
    return Bound(expr, asked.unit or unit, f"{name} {NAMED}; {counts} counts", (name,))


def _counter(name: str, asked: Asked) -> Bound | None:
    unit = "bytes_per_second" if "bytes" in name else "per_second"
    window = prometheus_duration(asked.window_s)
    if asked.unit == "count" or asked.daily:
        window = "1d" if asked.daily else window
        why = f"{name} is a counter; its increase in {window} counts, as far back as samples are kept"
        return Bound(f"sum(increase({name}[{window}]))", "count", why, (name,))
    if asked.unit == "ratio" and re.search(r"_seconds(_total)?$", name):
        return Bound(
            f"max(rate({name}[{window}]))", "ratio", f"{name} counts seconds; their rate is a share of time", (name,)
        )
    if asked.unit not in {"", unit}:
        return None
    return Bound(f"sum(rate({name}[{window}]))", unit, f"{name} is a counter; its rate over {window} counts", (name,))


def _share(name: str, catalogue: Mapping[str, Facts]) -> Bound | None:
    """A gauge against its own maximum, under the same name with another word."""
    heap = '{area="heap"}' if "heap" in catalogue[name].labels.get("area", ()) else ""
    for word, of in SIBLINGS_OF_MAX:
        other = re.sub(rf"(?<=_){word}(?=_|$)", of, name)
        if other != name and other in catalogue:
            by = "sum by (job, instance)"
            expr = f"max({by} ({name}{heap}) / {by} ({other}{heap} > 0))"
            return Bound(expr, "ratio", f"{name} {NAMED}, and {other} its maximum", (name, other))
    return None


def _percent(name: str) -> Bound:
    return Bound(f"max({name}) / 100", "ratio", f"{name} {NAMED}, in per cent", (name,))


def _unit_of(name: str) -> str:
    endings = (
        (r"_(ratio|usage|utilization)$", "ratio"),
        (r"_percent(age)?$", "percent"),
        (r"_seconds$", "seconds"),
        (r"_bytes$", "bytes"),
    )
    return next((unit for pattern, unit in endings if re.search(pattern, name)), "")


def _adds_up(name: str) -> bool:
    """Connections of two instances add up; their utilisation, age or lag does not."""
    return not re.search(
        r"(ratio|usage|utilization|percent|celsius|lag|seconds|age|max|limit|load\d*|temperature|depth)", name
    )


def no_such(name: str, asked: Asked) -> Unbound:
    """A metric that the guide names is never replaced by another one."""
    return Unbound(
        f"no scraped metric is called {name}, with or without a suffix" + (f" in {asked.unit}" if asked.unit else ""),
        f"scrape a target that exposes {name}; or name the series beside the statement: <!-- opsguide: expr=... -->",
    )
