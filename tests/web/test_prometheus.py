from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.web.fakes import HOST, NOW, Spec, claim_at, seen, stage

from opsguide.core.nouns import Known, State, Verdict
from opsguide.core.ports import Answer, Blind, Point

if TYPE_CHECKING:
    from tests.web.fakes import Reply, Stage


def asked(path: str, prepare: Any = None) -> Reply:
    async def scene() -> Reply:
        on = await stage()
        if prepare is not None:
            prepare(on)
        return await on.call.get(f"/api/v1/{path}")

    return asyncio.run(scene())


def data(path: str, prepare: Any = None) -> Any:
    reply = asked(path, prepare)
    assert (reply.status, reply.json()["status"]) == (200, "success"), reply
    return reply.json()["data"]


def test_an_instant_vector_has_prometheus_shape() -> None:
    said = data("query?query=up&time=100.5")
    assert said["resultType"] == "vector"
    assert said["result"][0] == {"metric": {"__name__": "up", "job": "shop"}, "value": [100.5, "1"]}
    assert said["result"][1]["value"] == [100.5, "NaN"]


def test_a_scalar_is_one() -> None:
    assert data("query?query=1%2B1&time=7") == {"resultType": "scalar", "result": [7, "2"]}


def test_a_time_may_be_written_and_is_now_unless_told() -> None:
    assert data("query?query=up&time=1970-01-01T00:01:00Z")["result"][0]["value"][0] == 60
    assert data("query?query=up")["result"][0]["value"][0] == NOW


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (5.0, "5"),
        (1e-7, "0.0000001"),
        (float("-inf"), "-Inf"),
        (-0.5, "-0.5"),
    ],
)
def test_values_are_written_as_go_writes_them(value: float, said: str) -> None:
    def answer(on: Stage) -> None:
        async def query_many(exprs: Any, at: float) -> list[Answer]:
            return [Answer((Point((), value),))]

        on.running.series.query_many = query_many  # type: ignore[method-assign]

    assert data("query?query=x", answer)["result"][0]["value"][1] == said


def test_what_a_query_is_blind_to_is_a_warning() -> None:
    def answer(on: Stage) -> None:
        async def query_many(exprs: Any, at: float) -> list[Answer]:
            return [Answer((), (Blind("up", "its target is down"),))]

        on.running.series.query_many = query_many  # type: ignore[method-assign]

    assert asked("query?query=up", answer).json()["warnings"] == ["up: its target is down"]


def test_a_matrix_leaves_out_what_is_not_there() -> None:
    (series,) = data("query_range?query=up&start=0&end=60&step=15")["result"]
    assert series["metric"] == {"job": "shop"}
    assert [point[0] for point in series["values"]] == [0, 30, 45, 60]


@pytest.mark.parametrize(
    "path",
    [
        "query",
        "query?query=syntax(",
        "query?query=up&time=noon",
        "query?query=up&time=inf",
        "query_range?query=up&start=0&end=60",
        "query_range?query=up&start=0&end=60&step=0",
        "query_range?query=up&start=60&end=0&step=15",
        "query_range?query=up&start=0&end=100000&step=1",
        "query_range?query=bad&start=0&end=60&step=15",
        "series",
        "label/not-a-label/values",
    ],
)
def test_a_fault_has_prometheus_shape(path: str) -> None:
    reply = asked(path)
    assert reply.status == 400
    assert reply.json()["status"] == "error"
    assert reply.json()["errorType"] == "bad_data"
    assert reply.json()["error"]


def test_a_step_may_be_a_duration() -> None:
    (series,) = data("query_range?query=up&start=0&end=60&step=15s")["result"]
    assert len(series["values"]) == 4


def test_grafana_posts_its_queries_without_an_origin() -> None:
    async def scene() -> list[Reply]:
        on = await stage()
        form = {"content_type": "application/x-www-form-urlencoded"}
        return [
            await on.call.call("POST", "/api/v1/query", b"query=up&time=5", **form),
            await on.call.call("POST", "/api/v1/query_range", b"query=up&start=0&end=30&step=15", **form),
            await on.call.call("POST", "/api/v1/series", b"match%5B%5D=up", **form),
            await on.call.call("POST", "/api/v1/query", b"query=up", origin="http://evil.example", **form),
            await on.call.call("POST", "/api/v1/query", b"{}", content_type="application/json"),
        ]

    assert [reply.status for reply in asyncio.run(scene())] == [200, 200, 200, 403, 415]


def test_labels_and_values_come_from_the_catalogue_or_from_what_matches() -> None:
    assert data("labels") == ["__name__", "job", "le"]
    assert data("labels?match[]=up") == ["__name__", "job", "x"]
    assert data("label/__name__/values") == ["latency", "up"]
    assert data("label/job/values") == ["db", "shop"]
    assert data("label/job/values?match[]=up") == ["shop"]
    assert {"__name__": "up", "job": "shop"} in data("series?match[]=up&match[]=up")


def test_metadata_and_buildinfo_are_there_for_grafana() -> None:
    assert data("metadata?metric=up") == {"up": [{"type": "gauge", "help": "", "unit": ""}]}
    assert set(data("metadata")) == {"up", "latency"}
    assert data("status/buildinfo")["application"] == "opsguide"


def test_rules_and_alerts_are_the_alert_statements() -> None:
    (group,) = data("rules")["groups"]
    slow, down = group["rules"]
    assert (slow["name"], slow["query"], slow["duration"], slow["state"], slow["health"]) == (
        *("Slow", "latency > 2", 300, "firing", "ok"),
    )
    assert (down["state"], down["health"], down["lastError"]) == ("inactive", "unknown", "up was never seen")
    (alert,) = data("alerts")["alerts"]
    assert alert == {
        "labels": {"alertname": "Slow", "instance": "a:1"},
        "annotations": {"summary": "slow"},
        "state": "firing",
        "activeAt": "2027-01-15T07:54:00Z",
        "value": "2.31",
    }


def test_targets_are_the_subjects_of_scrapes() -> None:
    def scrape(on: Stage) -> None:
        claim = claim_at(5, "scrape", "shop", Spec(job="shop", path="/metrics"))
        up = Known(claim.id, "http://a:1/metrics", 1, NOW, Verdict(State.HOLDS, "up"), at=NOW - 4)
        down = replace(up, subject="b:2", verdict=Verdict(State.BROKEN, "refused"))
        on.running.views.append(seen(claim, down.verdict, subjects=(down, up)))

    b, a = data("targets", scrape)["activeTargets"]
    assert (a["health"], a["scrapeUrl"], a["labels"]) == (
        "up",
        "http://a:1/metrics",
        {"instance": "a:1", "job": "shop"},
    )
    assert (b["health"], b["lastError"], b["scrapeUrl"]) == ("down", "refused", "http://b:2/metrics")


def test_an_unknown_path_of_it_is_a_problem() -> None:
    reply = asked("write")
    assert (reply.status, reply.headers["content-type"]) == (404, "application/problem+json")
    assert HOST not in reply.text
