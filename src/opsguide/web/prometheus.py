"""Prometheus's query API over our series, in Prometheus's own JSON, so that Grafana and promtool work against us.

Errors have Prometheus's shape too ({"status": "error", "errorType", "error"}): its clients know no other.
Differences: `series` and label values see what is fresh at `end`, not all that ever was; a matrix has no NaN points.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
import numpy as np
from starlette.exceptions import HTTPException
from starlette.responses import Response

from opsguide.core.nouns import State
from opsguide.core.units import duration_s
from opsguide.kernel.shape import plain
from opsguide.web.moment import from_iso, iso
from opsguide.web.site import FORM, JSON, Ask, Endpoint, Query

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from opsguide.core.nouns import Known, Labels
    from opsguide.core.ports import Answer, Metric, RangeAnswer
    from opsguide.kernel.view import ClaimView

MOST_STEPS = 11_000
PREFIX = "/api/v1/"
Body = dict[str, Any]
_ALERT = {State.BROKEN: "firing", State.WAITING: "pending"}
_UP = {State.HOLDS: "up", State.BROKEN: "down", State.WAITING: "down"}


class Fault(Exception):  # noqa: N818 -- what the caller got wrong, told as Prometheus tells it
    """A query that cannot be answered. kind: Prometheus's errorType."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class Params:
    """Parameters of the query string and of a form body together, as Prometheus takes them."""

    def __init__(self, pairs: Iterable[tuple[str, str]], now: float) -> None:
        self._pairs = list(pairs)
        self._now = now

    def text(self, name: str) -> str:
        """The first value; a Fault where there is none."""
        for key, value in self._pairs:
            if key == name:
                return value
        raise Fault("bad_data", f'invalid parameter "{name}": it is missing')

    def all(self, name: str) -> list[str]:
        """Every value."""
        return [value for key, value in self._pairs if key == name]

    def moment(self, name: str, default: float | None = None) -> float:
        """Unix seconds or RFC 3339; absent: `default`, or now."""
        if not self.all(name):
            return self._now if default is None else default
        text = self.text(name)
        found = _float(text) if from_iso(text) is None else from_iso(text)
        if found is None or not math.isfinite(found):
            raise Fault("bad_data", f'invalid parameter "{name}": cannot parse {text!r} to a valid timestamp')
        return found

    def step_s(self) -> float:
        """Seconds or a Prometheus duration."""
        text = self.text("step")
        found = _float(text) if _float(text) is not None else duration_s(text)
        if found is None or not (math.isfinite(found) and found > 0):
            raise Fault("bad_data", f'invalid parameter "step": {text!r} is no positive duration')
        return found


async def query(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """One instant."""
    at = params.moment("time")
    (answer,) = await ask.site.running.series.query_many([params.text("query")], at)
    _evaluated(answer)
    return _instant(answer, at), [f"{blind.selector}: {blind.why}" for blind in answer.blind]


async def query_range(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """Steps from start to end."""
    start, end, step_s = params.moment("start"), params.moment("end"), params.step_s()
    if end < start:
        raise Fault("bad_data", 'invalid parameter "end": end timestamp must not be before start time')
    if (end - start) / step_s > MOST_STEPS:
        raise Fault("bad_data", f"exceeded maximum resolution of {MOST_STEPS} points per timeseries; raise step")
    answer = await ask.site.running.series.query_range(params.text("query"), start, end, step_s)
    _evaluated(answer)
    return _matrix(answer), [f"{blind.selector}: {blind.why}" for blind in answer.blind]


async def series(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """The label sets that are fresh at `end` and match."""
    return [dict(labels) for labels in await _matching(ask, params, needed=True)], []


async def labels(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """Label names."""
    if params.all("match[]"):
        found = {name for each in await _matching(ask, params) for name, _ in each}
    else:
        catalogue = await ask.site.running.series.catalogue()
        found = {name for metric in catalogue.values() for name in metric.labels} | {"__name__"}
    return sorted(found), []


async def values(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """Values of one label."""
    name = ask.request.path_params["name"]
    if name == "__name__" and not params.all("match[]"):
        return sorted(await ask.site.running.series.catalogue()), []
    if params.all("match[]"):
        pairs = {pair for each in await _matching(ask, params) for pair in each}
        return sorted(value for label, value in pairs if label == name), []
    if not name.isidentifier():
        raise Fault("bad_data", f"invalid label name: {name!r}")
    # Asked of the engine and not of the catalogue, which keeps 20 values of a label.
    (answer,) = await ask.site.running.series.query_many([f'count by ({name}) ({{{name}!=""}})'], params.moment("end"))
    _evaluated(answer)
    return sorted(value for point in answer.points for _, value in point.labels), []


async def metadata(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """Kinds of metrics."""
    catalogue = await ask.site.running.series.catalogue()
    wanted = set(params.all("metric")) or set(catalogue)
    return {name: [_metadata(metric)] for name, metric in catalogue.items() if name in wanted}, []


async def rules(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """The alert statements, one group for each file."""
    groups: dict[str, list[ClaimView]] = {}
    for view in _alerts(ask):
        groups.setdefault(view.claim.place.file, []).append(view)
    del params
    return {"groups": [_group(file, views) for file, views in groups.items()]}, []


async def alerts(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """What fires or is pending."""
    del params
    return {"alerts": [alert for view in _alerts(ask) for alert in _active(view)]}, []


async def targets(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """What is scraped."""
    del params
    views = [view for view in ask.site.running.claims() if view.claim.kind == "scrape"]
    return {"activeTargets": [each for view in views for each in _targets(view)], "droppedTargets": []}, []


async def buildinfo(ask: Ask, params: Params) -> tuple[Any, list[str]]:
    """Whom a client talks to; Grafana asks before it trusts a data source."""
    del ask, params
    return {"version": "2.50.0", "application": "opsguide"}, []


def _answered(handle: Callable[[Ask, Params], Awaitable[tuple[Any, list[str]]]]) -> Callable[[Ask], Awaitable[object]]:
    async def answer(ask: Ask) -> Response:
        try:
            data, warnings = await handle(ask, await _params(ask))
        except Fault as fault:
            status = 400 if fault.kind == "bad_data" else 422
            return _json({"status": "error", "errorType": fault.kind, "error": fault.detail}, status)
        said: Body = {"status": "success", "data": data}
        return _json(said | ({"warnings": warnings} if warnings else {}), 200)

    return answer


async def _params(ask: Ask) -> Params:
    pairs = list(ask.request.query_params.multi_items())
    if ask.request.method == "POST":
        media = ask.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        body = await ask.request.body()
        if body and media != FORM:
            raise HTTPException(415, f"this takes {FORM}")
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return Params(pairs, ask.site.now())


async def _matching(ask: Ask, params: Params, *, needed: bool = False) -> list[Labels]:
    matches = params.all("match[]")
    if needed and not matches:
        raise Fault("bad_data", "no match[] parameter provided")
    answers = await ask.site.running.series.query_many(matches, params.moment("end"))
    for answer in answers:
        _evaluated(answer)
    return sorted({point.labels for answer in answers for point in answer.points})


def _evaluated(answer: Answer | RangeAnswer) -> None:
    if answer.error:
        raise Fault("bad_data", answer.error)


def _instant(answer: Answer, at: float) -> Body:
    if answer.scalar:
        return {"resultType": "scalar", "result": [at, _value(answer.points[0].value)]}
    result = [{"metric": dict(point.labels), "value": [at, _value(point.value)]} for point in answer.points]
    return {"resultType": "vector", "result": result}


def _matrix(answer: RangeAnswer) -> Body:
    result = []
    for labels_, row in zip(answer.labels, answer.values, strict=True):
        known = ~np.isnan(row)
        pairs = zip(answer.times[known].tolist(), row[known].tolist(), strict=True)
        points = [[at, _value(value)] for at, value in pairs]
        if points:
            result.append({"metric": dict(labels_), "values": points})
    return {"resultType": "matrix", "result": result}


def _value(value: float) -> str:
    """A float as Go's strconv 'f' with the fewest digits writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def _metadata(metric: Metric) -> Body:
    return {"type": metric.kind, "help": "", "unit": ""}


def _alerts(ask: Ask) -> Sequence[ClaimView]:
    return [view for view in ask.site.running.claims() if view.claim.kind == "alert"]


def _group(file: str, views: Sequence[ClaimView]) -> Body:
    return {"name": file, "file": file, "interval": 15, "rules": [_rule(view) for view in views]}


def _rule(view: ClaimView) -> Body:
    spec = plain(view.claim.spec)
    active = _active(view)
    states = {alert["state"] for alert in active}
    severity = spec.get("severity")
    return {
        "type": "alerting",
        "name": spec.get("name", view.claim.title),
        "query": spec.get("expr", ""),
        "duration": spec.get("for_s", 0),
        "labels": {"severity": severity} if severity else {},
        "annotations": {},
        "alerts": active,
        "state": "firing" if "firing" in states else "pending" if states else "inactive",
        "health": "unknown" if view.verdict.state in {State.UNKNOWN, State.UNBOUND} else "ok",
        "lastError": view.verdict.because if view.verdict.state is State.UNKNOWN else "",
        "lastEvaluation": iso(view.at) or "0001-01-01T00:00:00Z",
        "evaluationTime": 0,
    }


def _active(view: ClaimView) -> list[Body]:
    return [_alert(view, known) for known in view.subjects if known.verdict.state in _ALERT]


def _alert(view: ClaimView, known: Known) -> Body:
    name = plain(view.claim.spec).get("name", view.claim.title)
    first = next((value for _, value in known.values), math.nan)
    return {
        "labels": {"alertname": name} | dict(known.labels),
        "annotations": dict(known.annotations),
        "state": _ALERT[known.verdict.state],
        "activeAt": iso(known.since),
        "value": _value(first),
    }


def _targets(view: ClaimView) -> list[Body]:
    spec = plain(view.claim.spec)
    return [_target(view, known, spec) for known in view.subjects if known.subject]


def _target(view: ClaimView, known: Known, spec: Body) -> Body:
    address = known.subject.removeprefix("http://").removeprefix("https://").partition("/")[0]
    named = {"instance": address, "job": str(spec.get("job", ""))} | dict(known.labels)
    return {
        "discoveredLabels": {"__address__": address},
        "labels": named,
        "scrapePool": named["job"],
        "scrapeUrl": known.subject if "://" in known.subject else f"http://{address}{spec.get('path', '/metrics')}",
        "globalUrl": "",
        "lastError": "" if known.verdict.state is State.HOLDS else known.verdict.because,
        "lastScrape": iso(known.at or view.at) or "0001-01-01T00:00:00Z",
        "lastScrapeDuration": dict(known.values).get("scrape_duration_seconds", 0),
        "health": _UP.get(known.verdict.state, "unknown"),
        "scrapeInterval": f"{spec.get('interval_s', 15):g}s",
        "scrapeTimeout": f"{spec.get('timeout_s', 10):g}s",
    }


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _json(body: Body, status: int) -> Response:
    return Response(msgspec.json.encode(body), status, media_type=JSON)


_MATCH = Query("match[]", "string", "a series selector; may be repeated")
_END = Query("end", "string", "Unix seconds or RFC 3339")
_SHAPES: tuple[
    tuple[str, Callable[[Ask, Params], Awaitable[tuple[Any, list[str]]]], str, tuple[Query, ...], bool], ...
] = (
    (
        "query",
        query,
        "Evaluate at one instant",
        (Query("query", "string", "PromQL"), Query("time", "string", "Unix seconds or RFC 3339; now unless told")),
        True,
    ),
    (
        "query_range",
        query_range,
        "Evaluate at steps",
        (
            Query("query", "string", "PromQL"),
            Query("start", "string", "Unix seconds or RFC 3339"),
            _END,
            Query("step", "string", "seconds or a duration; at most 11000 steps"),
        ),
        True,
    ),
    ("series", series, "Label sets that match", (_MATCH, _END), True),
    ("labels", labels, "Label names", (_MATCH, _END), True),
    ("label/{name}/values", values, "Values of a label", (_MATCH, _END), False),
    ("metadata", metadata, "Kinds of metrics", (Query("metric", "string", "only of this one"),), False),
    ("rules", rules, "The alert statements", (), False),
    ("alerts", alerts, "What fires or is pending", (), False),
    ("targets", targets, "What is scraped", (), False),
    ("status/buildinfo", buildinfo, "Whom a client talks to", (), False),
)
ENDPOINTS = tuple(
    Endpoint(method, PREFIX + path, _answered(handle), says, query=parameters)
    for path, handle, says, parameters, posts in _SHAPES
    for method in (("GET", "POST") if posts else ("GET",))
)
