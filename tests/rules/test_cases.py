"""Every rule: a guide in which it finds its fault, at its lines, and the mended guide in which it finds nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import opsguide
from opsguide.core.settings import Settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.kernel.kinds import discover
from opsguide.rules.rule import discover as discover_rules

SOURCE = Path(opsguide.__file__).parent
ROUTE = """
```yaml
route: {receiver: team}
receivers:
  - name: team
    webhook_configs: [{url: "http://127.0.0.1:9/hook"}]
```
"""


def rules(expr: str, severity: str = "critical") -> str:
    return f"```yaml\n- alert: Gone\n  expr: '{expr}'\n  for: 1m\n  labels: {{severity: {severity}}}\n```\n"


QUANTILE = "histogram_quantile(0.95, {}) > 2"
BUCKETS = "rate(api_seconds_bucket[5m])"
MAIL = ROUTE.replace('webhook_configs: [{url: "http://127.0.0.1:9/hook"}]', "email_configs: [{to: ops@team.net}]")
JOB = "```yaml\nscrape_configs:\n  - job_name: db\n    static_configs: [{targets: ['127.0.0.1:1']}]\n```\n"
CASES = {
    "alert/no_such_job": (rules('up{job="db"} == 0'), rules('up{job="db"} == 0') + JOB, [2]),
    "alert/quantile_by_series": (
        rules(QUANTILE.format(BUCKETS)),
        rules(QUANTILE.format(f"sum by (le) ({BUCKETS})")),
        [2],
    ),
    "alert/severity_heading": (
        "### Critical alerts\n\n" + rules("x > 1", "warning"),
        "### Warning alerts\n\n" + rules("x > 1", "warning"),
        [1, 4],
    ),
    "placeholders/unfilled": (
        "```bash\ncurl -f https://yourdomain.com/health\n```\n",
        "```bash\ncurl -f https://127.0.0.1/health\n```\n",
        [2],
    ),
    "routing/incomplete": (MAIL, ROUTE, [5]),
    "routing/nobody": (rules("x > 1"), rules("x > 1") + ROUTE, [2]),
}


def found(text: str, rule: str) -> list[list[int]]:
    guide = compile_guide((Source("guide.md", text.encode(), native=False),), discover(), Settings())
    (check,) = (r.check for r in discover_rules() if r.name == rule)
    return [sorted({m.at.line, *(p.line for p in m.others)}) for m in check(guide)]


@pytest.mark.parametrize("rule", sorted(CASES))
def test_a_rule_finds_its_fault_where_it_stands(rule: str) -> None:
    assert found(CASES[rule][0], rule) == [CASES[rule][2]]


@pytest.mark.parametrize("rule", sorted(CASES))
def test_a_rule_finds_nothing_in_the_mended_guide(rule: str) -> None:
    assert found(CASES[rule][1], rule) == []


def test_a_reference_to_a_secret_is_not_asked_for_as_a_binding() -> None:
    text = ROUTE.replace("http://127.0.0.1:9/hook", "${HOOK}")
    guide = compile_guide((Source("guide.md", text.encode(), native=False),), discover(), Settings())
    (check,) = (r.check for r in discover_rules() if r.name == "placeholders/unfilled")
    assert [m.mend for m in check(guide)] == [
        'write HOOK = { env = "HOOK", for = "..." } below [secrets] in opsguide.toml'
    ]


def test_every_rule_has_its_case() -> None:
    assert {rule.name for rule in discover_rules()} == set(CASES)


def test_every_fault_that_the_code_names_has_its_page() -> None:
    areas = {p.parent.name for p in (SOURCE / "rules").glob("*/*.md")} | {kind.name for kind in discover()}
    pattern = re.compile(rf'"((?:{"|".join(areas)})/[a-z0-9_-]+)"')
    named = {name for file in SOURCE.rglob("*.py") for name in pattern.findall(file.read_text())}
    assert named
    assert [name for name in sorted(named) if not (SOURCE / "rules" / f"{name}.md").exists()] == []
