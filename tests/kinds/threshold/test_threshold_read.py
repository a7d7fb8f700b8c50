from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of, seed_claims

from opsguide.kinds.threshold import KIND

if TYPE_CHECKING:
    from pathlib import Path

BULLETS: list[tuple[str, str, dict[str, Any]]] = [
    ("System Metrics", "**CPU Usage**: < 70%", {"quantity": "CPU Usage", "op": "<", "value": 0.7, "level": "normal"}),
    (
        "Key metrics",
        "**Response Time**: < 500ms (95th percentile)",
        {"value": 0.5, "unit": "seconds", "quantile": 0.95},
    ),
    ("Scaling Triggers", "**CPU**: Consistently > 70% for 1 week", {"op": ">", "for_s": 604800.0, "level": "warning"}),
    (
        "Scaling Triggers",
        "**Response Time**: > 1 second average",
        {"value": 1.0, "aggregate": "avg", "level": "warning"},
    ),
    ("Monitoring", "CPU usage > 80% for 10 minutes", {"quantity": "CPU usage", "for_s": 600.0, "level": "warning"}),
    ("Monitoring", "Cache hit rate > 90%", {"quantity": "Cache hit rate", "level": "normal"}),
    ("Monitoring", "Free memory < 10%", {"quantity": "Free memory", "level": "warning"}),
    ("Normal ranges", "Queue depth: 0 - 5 s", {"op": ">=", "value": 0.0, "also_op": "<=", "also_value": 5.0}),
    ("CPU usage", "**Critical**: > 95%", {"quantity": "CPU usage", "level": "critical"}),
    ("Performance", "Error rate: at most 0.1 %", {"op": "<=", "value": 0.001, "unit": "ratio"}),
]


@pytest.mark.parametrize(("heading", "bullet", "stated"), BULLETS)
def test_a_limit_under_a_heading_about_metrics_is_a_threshold(
    heading: str, bullet: str, stated: dict[str, Any]
) -> None:
    (claim,) = claims_of(KIND, f"# Guide\n\n## {heading}\n\n- {bullet}\n")
    assert {name: getattr(claim.spec, name) for name in stated} == stated
    assert claim.place.line == 5
    assert claim.inferred
    assert claim.understood


@pytest.mark.parametrize(
    ("heading", "bullet"),
    [
        ("Critical Alerts", "Memory usage > 90%"),
        ("Availability SLO", "**Alert**: < 99.9% for 5 minutes"),
        ("P0 - Critical", "**Response Time**: < 5 minutes"),
        ("Horizontal Pod Autoscaler", "**Scale up**: CPU > 70% for 2 minutes"),
        ("Scaling", "**Scale up**: CPU > 70% for 2 minutes"),
        ("Current Baseline", "**CPU**: < 100m per pod"),
        ("Performance Benchmarks", "P99 latency < 500ms"),
        ("Growth Projections", "**Users**: > 10% monthly"),
        ("System Metrics", "**Network I/O**: Monitor for spikes"),
        ("System Metrics", "**System Uptime**: Target 99.9%"),
        ("Installation", "Needs Python > 3.11"),
        ("Metrics", "Service down for > 1 minute"),
    ],
)
def test_what_means_something_else_is_no_threshold(heading: str, bullet: str) -> None:
    assert claims_of(KIND, f"# Guide\n\n## {heading}\n\n- {bullet}\n") == ()


def test_a_deeper_heading_of_metrics_counts_unless_it_is_about_something_else() -> None:
    text = "# G\n\n## Key Metrics\n\n### {}\n\n- **CPU**: < 70%\n"
    assert len(claims_of(KIND, text.format("Hosts"))) == 1
    assert claims_of(KIND, text.format("Alerts")) == ()


def test_alerting_in_a_heading_far_above_does_not_turn_a_normal_range_around() -> None:
    (claim,) = claims_of(KIND, "# G\n\n## Monitoring & Alerting\n\n### Metrics\n\n- **CPU**: < 70%\n")
    assert claim.spec.level == "normal"


def test_label_lines_of_a_paragraph_are_read_as_bullets_are() -> None:
    found = claims_of(KIND, "# G\n\n## Metrics\n\n**CPU**: < 70%\n**Memory**: < 80%\n")
    assert [(c.spec.quantity, c.spec.value, c.place.line) for c in found] == [("CPU", 0.7, 5), ("Memory", 0.8, 6)]


def test_levels_in_one_bullet_are_thresholds_of_their_own() -> None:
    found = claims_of(KIND, "# G\n\n## Metrics\n\n- **Latency**: warning > 5s, critical > 15s\n")
    assert [(c.spec.level, c.spec.value) for c in found] == [("warning", 5.0), ("critical", 15.0)]
    assert len({c.id for c in found}) == 2


def test_a_table_with_a_normal_range_keeps_both_and_judges_the_alert() -> None:
    table = (
        "# G\n\n## Key Metrics\n\n| Metric | Description | Normal Range | Alert Threshold |\n|---|---|---|---|\n"
        "| `jvm.memory.used` | JVM memory | < 80% of max | > 90% of max |\n| `a.b` | Rate | Varies | > 1000 req/s |\n"
        "| `c.d` | Fine | < 5 | - |\n| `e.f` | None | Varies | Varies |\n"
    )
    first, second, third = claims_of(KIND, table)
    assert (first.spec.value, first.spec.of, first.spec.level) == (0.9, "max", "warning")
    assert (first.spec.normal_op, first.spec.normal_value, first.spec.normal_unit) == ("<", 0.8, "ratio")
    assert (second.spec.value, second.spec.unit, second.spec.normal_value) == (1000.0, "per_second", None)
    assert (third.spec.value, third.spec.level) == (5.0, "normal")
    assert [c.place.line for c in (first, second, third)] == [7, 8, 9]


def test_level_columns_may_hold_bare_numbers() -> None:
    table = (
        "# G\n\n## Limits\n\n| Metric | Warning | Critical | For |\n|---|---|---|---|\n| CPU usage | 80% | 95% | 5m |\n"
    )
    table += "| Cache hit rate | 90% | 70% | |\n"
    found = claims_of(KIND, table)
    assert [(c.spec.quantity, c.spec.level, c.spec.op, c.spec.value, c.spec.for_s) for c in found] == [
        ("CPU usage", "warning", ">", 0.8, 300.0),
        ("CPU usage", "critical", ">", 0.95, 300.0),
        ("Cache hit rate", "warning", "<", 0.9, None),
        ("Cache hit rate", "critical", "<", 0.7, None),
    ]


def test_names_in_code_bring_their_unit_and_leave_remarks_aside() -> None:
    table = "# G\n\n#### Thresholds\n\n| Metric | Warning | Critical |\n|---|---|---|\n"
    table += "| `invoice_age_seconds` | > 3600 (1 h) | > 14400 (4 h) |\n| `dead_events_total` (rate) | > 5/min | - |\n"
    found = claims_of(KIND, table)
    assert [(c.spec.quantity, c.spec.value, c.spec.unit) for c in found] == [
        ("invoice_age_seconds", 3600.0, "seconds"),
        ("invoice_age_seconds", 14400.0, "seconds"),
        ("dead_events_total", pytest.approx(5 / 60), "per_second"),
    ]


def test_what_a_program_does_by_itself_is_no_threshold_unless_the_heading_says_so() -> None:
    table = "# G\n\n## {}\n\n| Check | Threshold | Action |\n|---|---|---|\n| Total time | > 120 seconds | Kill |\n"
    assert claims_of(KIND, table.format("Slow client protection")) == ()
    assert len(claims_of(KIND, table.format("Monitoring"))) == 1


@pytest.mark.parametrize(
    "header",
    [
        "| Alert | Threshold |",
        "| SLO | Target |",
        "| Severity | Threshold |",
        "| Metric | Value |",
        "| Name | Normal |",
    ],
)
def test_tables_of_alerts_objectives_and_figures_are_not_thresholds(header: str) -> None:
    assert claims_of(KIND, f"# G\n\n## Metrics\n\n{header}\n|---|---|\n| CPU | > 90% |\n") == ()


def test_a_checking_scripts_own_limit_is_a_threshold_of_what_its_comment_names() -> None:
    text = (
        "# G\n\n## Checks\n\n```bash\n# Check error rates\n./scripts/error-rate.sh --threshold=1%\n\n./other.sh\n```\n"
    )
    (claim,) = claims_of(KIND, text)
    assert (claim.spec.quantity, claim.spec.op, claim.spec.value) == ("error rates", ">", 0.01)
    assert (claim.place.line, claim.place.end_line) == (7, 7)


def test_annotations_name_the_expression_and_the_state() -> None:
    note = '<!-- opsguide: kind=threshold polarity=alert expr="sum(oven_celsius)" -->'
    (claim,) = claims_of(KIND, f"# G\n\n## Ovens\n\n{note}\n- **Heat**: < 180\n")
    assert (claim.spec.expr, claim.spec.level, claim.spec.op) == ("sum(oven_celsius)", "warning", "<")


def test_a_placeholder_left_open_is_named() -> None:
    (claim,) = claims_of(KIND, "# G\n\n## Metrics\n\n- **`<queue>` depth**: < 100\n")
    assert claim.needs == ("<queue>",)


def test_an_id_holds_no_value_so_that_a_changed_limit_keeps_its_history() -> None:
    (before,) = claims_of(KIND, "# G\n\n## Metrics\n\n- **CPU**: < 70%\n")
    (after,) = claims_of(KIND, "# G\n\n## Metrics\n\nNew text.\n\n- **CPU**: < 75%\n")
    assert before.id == after.id


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_no_bullet_crashes_the_reader(text: str) -> None:
    claims_of(KIND, f"# Metrics\n\n- **{text}**: < 5 {text}\n\n| Metric | Warning |\n|---|---|\n| {text} | {text} |\n")


@pytest.mark.seeds
def test_every_threshold_of_the_seeds_is_read(seeds: Path) -> None:
    with (seeds / "CLAIMS.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if "threshold" in row["kind"].split("|")]
    assert len(rows) == 15
    for row in rows:
        (claim,) = seed_claims(KIND, seeds, row["guide"])[int(row["line"])]
        for name, wanted in (pair.split("=", 1) for pair in row["spec"].split(";") if pair):
            got = getattr(claim.spec, name)
            assert any(str(got) == one or (name != "op" and _number(one) == got) for one in wanted.split("|")), row
    known = {(row["guide"], int(row["line"])) for row in rows}
    for name in {row["guide"] for row in rows} | {"maintenance-api", "integration-engine"}:
        assert {(name, line) for line in seed_claims(KIND, seeds, name)} <= known


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
