"""What is read as an alert, from which line, and what is wrong with it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from opsguide.core.mend import Mend
from opsguide.core.settings import Settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.kinds.alert import KIND

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.core.guide import Guide
    from opsguide.core.nouns import Claim
    from opsguide.kinds.alert.spec import AlertSpec


def guide(text: str, *, native: bool = False, bindings: dict[str, str] | None = None) -> Guide:
    name = "rules.yml" if native else "guide.md"
    return compile_guide([Source(name, text.encode(), native)], [KIND], Settings(bindings=bindings or {}))


def fenced(yaml: str) -> Guide:
    return guide(f"# G\n\n```yaml\n{yaml}```\n")


def one(found: Guide) -> Claim[AlertSpec]:
    (claim,) = found.claims
    return claim


def rules(found: Guide) -> list[tuple[int, str]]:
    return [(mend.at.line, mend.rule) for mend in found.findings if isinstance(mend, Mend)]


RULE = """- alert: Slow
  expr: up > 2
  for: 5m
  keep_firing_for: 1m
  labels: {severity: Warning, team: a}
  annotations: {summary: "{{ $value }}"}
"""


@pytest.mark.parametrize(
    ("before", "indent"),
    [
        ("", ""),
        ("groups:\n- name: g\n  interval: 30s\n  rules:\n", "  "),
        (
            "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: g\n    rules:\n",
            "    ",
        ),
        ("rules:\n", ""),
        ("a: 1\n---\n", ""),
    ],
)
def test_a_rule_is_found_in_every_wrapping_at_its_own_lines(before: str, indent: str) -> None:
    inner = "".join(f"{indent}{row}\n" for row in RULE.splitlines())
    claim = one(fenced(before + inner))
    first = 4 + before.count("\n")
    assert (claim.place.line, claim.place.end_line) == (first, first + 5)
    spec = claim.spec
    assert (spec.name, spec.expr, spec.for_s, spec.keep_firing_for_s) == ("Slow", "up > 2", 300.0, 60.0)
    assert (spec.severity, dict(spec.labels)) == ("warning", {"severity": "Warning", "team": "a"})
    assert spec.interval_s == (30.0 if "interval" in before else 15.0)
    assert claim.understood == "warning when up > 2 is true for 5 min"
    assert not claim.inferred


def test_a_rule_alone_and_a_native_file_are_read() -> None:
    assert one(fenced("alert: Down\nexpr: up == 0\n")).spec.name == "Down"
    found = guide("groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up == 0\n", native=True)
    assert one(found).place.line == 4


def test_recording_rules_go_with_the_alerts_of_their_group() -> None:
    claim = one(
        fenced(
            "groups:\n- name: g\n  rules:\n"
            "  - {record: a:b, expr: sum(up), labels: {x: y}}\n  - {alert: Few, expr: 'a:b < 2'}\n"
        )
    )
    (recording,) = claim.spec.recordings
    assert (recording.name, recording.expr, dict(recording.labels)) == ("a:b", "sum(up)", {"x": "y"})
    plan = KIND.plan(claim)
    assert plan.jobs[0].key == "group g"


@pytest.mark.parametrize(
    ("yaml", "line", "rule", "claims"),
    [
        ("- alert: A\n  expr: up\n  severity: critical\n", 6, "alert/misplaced-severity", 1),
        ("- alert: A\n  expr: up >\n", 5, "alert/expr", 0),
        ("- alert: A\n  expr: |\n    up\n    == nosuch(1)\n", 7, "alert/expr", 0),
        ("- alert: A\n  expr: up[5m]\n", 5, "alert/expr", 0),
        ("- alert: A\n", 4, "alert/expr", 0),
        ("- alert: A\n  expr: up\n  for: soon\n", 6, "alert/duration", 1),
        ("- alert: A\n  expr: up\n  fro: 5m\n", 6, "alert/unknown-key", 1),
        ("- alert: A\n  expr: up\n  annotations:\n    x: ok\n    y: '{{ $valeu }}'\n", 8, "alert/template", 1),
        ("- alert: A\n  expr: up\n  expr: up\n", 6, "alert/repeated-key", 1),
        ("- alert: A\n  expr: 'up\n", 5, "alert/yaml", 0),
        ("groups:\n- name: g\n  rules:\n  - {record: a, expr: up}\n", 7, "alert/records", 0),
        ("groups:\n- rules:\n  - {record: a}\n  - {alert: A, expr: up}\n", 6, "alert/expr", 1),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_at_its_line(yaml: str, line: int, rule: str, claims: int) -> None:
    found = fenced(yaml)
    assert (rules(found), len(found.claims)) == ([(line, rule)], claims)
    assert all(mend.mend for mend in found.findings)


def test_a_fault_in_an_expression_has_its_column() -> None:
    found = fenced("- alert: A\n  expr: sum(up) + nosuch(1)\n")
    (mend,) = found.findings
    assert (mend.at.line, mend.at.column) == (5, 19)
    assert "nosuch" in mend.wrong


def test_misplaced_severity_is_taken_as_the_label_it_was_meant_to_be() -> None:
    spec = one(fenced("- alert: A\n  expr: up\n  severity: Critical\n")).spec
    assert (spec.severity, spec.labels["severity"]) == ("critical", "Critical")


def test_a_placeholder_in_the_expression_has_to_be_bound() -> None:
    text = '# G\n\n```yaml\n- alert: A\n  expr: up{job="[service-name]"} == 0\n```\n'
    assert one(guide(text)).needs == ("[service-name]",)
    bound = one(guide(text, bindings={"[service-name]": "shop"}))
    assert (bound.needs, bound.spec.expr) == ((), 'up{job="shop"} == 0')
    assert [(want.topic, want.scope) for want in KIND.plan(bound).serves] == [
        ("watched", "job=shop"),
        ("alert.fired", "A"),
    ]


TABLE = """# G

## Critical Alerts

| Alert Name | Condition | Severity | Notification Channel |
|---|---|---|---|
| Errors | `rate(errors_total[5m]) > 5` | Critical | PagerDuty, Email |
| Slow | p99 latency > 500 ms for 5 minutes | Warning | Slack |
| Lost | `sum(rate(x[5m])` | Warning | Slack |
| Odd | ask Bob | Warning | Slack |
"""


def test_a_table_states_one_alert_a_row_as_promql_or_in_words() -> None:
    found = guide(TABLE)
    errors, slow = found.claims
    assert (errors.place.line, errors.spec.expr, errors.spec.severity) == (7, "rate(errors_total[5m]) > 5", "critical")
    assert errors.spec.channels == ("pagerduty", "email")
    assert not errors.inferred
    assert (slow.place.line, slow.spec.expr, slow.spec.quantile) == (8, None, 0.99)
    assert (slow.spec.op, slow.spec.value, slow.spec.unit, slow.spec.for_s) == (">", 0.5, "seconds", 300.0)
    assert slow.inferred
    assert slow.understood == "warning by Slack when p99 of latency is above 500 ms for 5 min"
    assert rules(found) == [(9, "alert/expr"), (10, "alert/expr")]


def test_a_table_of_metrics_is_no_table_of_alerts() -> None:
    assert (
        guide("# G\n\n| Metric | Normal Range | Alert Threshold |\n|---|---|---|\n| cpu | < 70% | > 90% |\n").claims
        == ()
    )


BULLETS = """# G

## Alerting

### Critical Alerts (PagerDuty/Slack)
- High error rate (>5% for 5 minutes)
- Service down
- Talk to the team
- [ ] Check memory > 90%

### Metrics
- Memory usage > 90%
"""


def test_bullets_under_an_alert_heading_take_its_severity_and_channels() -> None:
    found = guide(BULLETS)
    errors, down = found.claims
    assert (errors.place.line, errors.spec.name, errors.spec.severity) == (6, "HighErrorRate", "critical")
    assert (errors.spec.op, errors.spec.value, errors.spec.for_s) == (">", 0.05, 300.0)
    assert errors.spec.channels == ("pagerduty", "slack")
    assert (down.spec.name, down.spec.op, down.spec.quantity) == ("ServiceDown", None, "Service down")
    assert errors.inferred
    assert down.inferred


def test_an_annotation_names_the_series_and_then_nothing_is_inferred() -> None:
    text = "# G\n\n## Critical Alerts\n\n- Service down <!-- opsguide: expr=shop_lost -->\n"
    (claim,) = guide(text).claims
    assert (claim.spec.expr, claim.inferred) == ("(shop_lost) > 0", False)


@pytest.mark.seeds
def test_every_alert_of_the_seeds_is_read_at_its_line_with_its_values(seeds: Path) -> None:
    missed: list[str] = []
    with (seeds / "CLAIMS.tsv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["kind"] == "alert"]
    assert len(rows) > 20
    for name in {row["guide"] for row in rows}:
        found = compile_guide([Source(f"{name}.md", (seeds / f"{name}.md").read_bytes())], [KIND], Settings())
        wanted = [row for row in rows if row["guide"] == name]
        by_line = {claim.place.line: claim.spec for claim in found.claims}
        assert len(by_line) == len(wanted), name
        missed += [f"{name}:{row['line']}" for row in wanted if not _meets(by_line.get(int(row["line"])), row["spec"])]
    assert missed == []


def _meets(spec: AlertSpec | None, wanted: str) -> bool:
    return spec is not None and all(
        str(getattr(spec, key)) in {value, f"{value}.0"}
        for key, value in (part.split("=", 1) for part in wanted.split(";"))
    )
