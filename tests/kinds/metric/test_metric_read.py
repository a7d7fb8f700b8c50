from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of, seed_claims

from opsguide.kinds.metric import KIND

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("heading", "bullet", "name"),
    [
        ("System Metrics", "**Network I/O**: Monitor for spikes", "Network I/O"),
        ("Key metrics", "**CPU Usage**: Per service/container", "CPU Usage"),
        ("Key metrics", "Memory usage", "Memory usage"),
        ("Prometheus Metrics", "`api_requests_total` - Total API requests", "api_requests_total"),
        ("What the service exposes", "`queue_depth` - waiting jobs", "queue_depth"),
        ("Anything", "`jobs_done_total`", "jobs_done_total"),
        ("Metrics Endpoint", '`jobs_active{worker="N"}` - open jobs', "jobs_active"),
    ],
)
def test_what_is_said_to_be_measured_is_a_metric(heading: str, bullet: str, name: str) -> None:
    (claim,) = claims_of(KIND, f"# Guide\n\n## {heading}\n\n- {bullet}\n")
    assert (claim.spec.name, claim.place.line) == (name, 5)
    assert "its value is shown" in claim.understood


@pytest.mark.parametrize(
    ("heading", "bullet"),
    [
        ("System Metrics", "**CPU Usage**: < 70%"),
        ("Business Metrics", "**System Uptime**: Target 99.9%"),
        ("Monthly Growth Indicators", "**Storage Growth**: Database + file storage"),
        ("Reporting", "Performance metrics"),
        ("Grafana Dashboards", "**System Overview** - CPU, Memory"),
        ("Metrics Configuration", "`retention_seconds` - how long"),
        ("Environment variables", "`DB_POOL_total` - connections"),
        ("Performance Benchmarks", "Messages/second"),
        ("Metrics", "Look at these every week and tell the team what changed since then"),
        ("Anything", "`kubectl_config` - the file"),
    ],
)
def test_what_means_something_else_is_no_metric(heading: str, bullet: str) -> None:
    assert claims_of(KIND, f"# Guide\n\n## {heading}\n\n- {bullet}\n") == ()


def test_an_intro_about_metrics_is_as_good_as_a_heading() -> None:
    found = claims_of(
        KIND, "# G\n\n## Prometheus\n\n**Custom Metrics:**\n- `queue_depth` - waiting jobs\n- **Load**: of hosts\n"
    )
    assert [c.spec.name for c in found] == ["queue_depth", "Load"]


@pytest.mark.parametrize(
    ("text", "percentiles"),
    [
        ("P50, P95, P99 response times", (0.5, 0.95, 0.99)),
        ("95th and 99.9th percentile", (0.95, 0.999)),
        ("median and p999", (0.5, 0.999)),
        ("Requests per second", ()),
    ],
)
def test_percentiles_are_ratios(text: str, percentiles: tuple[float, ...]) -> None:
    (claim,) = claims_of(KIND, f"# G\n\n## Metrics\n\n- **Latency**: {text}\n")
    assert claim.spec.percentiles == percentiles


def test_being_watched_for_spikes_is_kept_and_not_promised() -> None:
    text = "# G\n\n## Metrics\n\n- **Network I/O**: Monitor for spikes\n- **Requests**: Track volume trends\n"
    spikes, trend = claims_of(KIND, text)
    assert (spikes.spec.watch, trend.spec.watch) == ("spikes", "trend")
    assert "spike" not in spikes.understood


def test_a_catalogue_table_is_one_metric_a_row_and_a_table_of_limits_none() -> None:
    rows = "|---|---|---|\n| `jobs_total` | counter | Jobs |\n| CPU usage | gauge | Of hosts |\n| Nonsense | x | y |\n"
    found = claims_of(KIND, f"# G\n\n## Metrics\n\n| Metric | Type | Description |\n{rows}")
    assert [(c.spec.name, c.spec.description, c.place.line) for c in found] == [
        ("jobs_total", "Jobs", 7),
        ("CPU usage", "Of hosts", 8),
    ]
    assert claims_of(KIND, f"# G\n\n## Metrics\n\n| Metric | Normal | Warning |\n{rows}") == ()


def test_an_annotation_names_kind_and_expression() -> None:
    note = '<!-- opsguide: kind=metric expr="sum(oven_celsius)" -->'
    (claim,) = claims_of(KIND, f"# G\n\n## Ovens\n\n{note}\n- **Heat**: of all ovens\n")
    assert claim.spec.expr == "sum(oven_celsius)"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_no_bullet_crashes_the_reader(text: str) -> None:
    claims_of(
        KIND,
        f"# Metrics\n\n- **{text}**: {text}\n- `{text}` - {text}\n\n| Metric | Type |\n|---|---|\n| {text} | x |\n",
    )


@pytest.mark.seeds
def test_every_metric_of_the_seeds_is_read_and_nothing_else(seeds: Path) -> None:
    with (seeds / "CLAIMS.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "metric"]
    assert len(rows) == 22
    found = {name: seed_claims(KIND, seeds, name) for name in {row["guide"] for row in rows}}
    for row in rows:
        (claim,) = found[row["guide"]][int(row["line"])]
        assert row["spec"] in {"", f"name={claim.spec.name}"}
    assert found["maintenance-api"][29][0].spec.percentiles == (0.5, 0.95, 0.99)
    # Rows that stand for several lines ("33-36") name the first; each bullet of them is a claim of its own.
    assert sum(len(lines) for lines in found.values()) == 22 + 3 + 3 + 3
    assert not seed_claims(KIND, seeds, "core-services")
    assert not seed_claims(KIND, seeds, "inventory-service")
