from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.kinds.measuring import claims_of, seed_claims

from opsguide.kinds.runbook import KIND
from opsguide.kinds.runbook.phases import fits

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.core.nouns import Claim

LABELLED = """# Ops
## Runbooks
### High CPU Usage
1. **Symptoms**: slow answers
2. **Diagnosis**:
   ```bash
   kubectl top pods -n shop
   kubectl logs -f deployment/api -n shop
   kubectl logs <pod> -n shop
   ```
3. **Resolution**:
   - Scale up: `kubectl scale deployment api --replicas=5`
   - Check for loops in code
4. **Verification**: CPU is below 50% again
5. **Rollback**: `kubectl scale deployment api --replicas=2`
"""


def one(text: str) -> Claim[Any]:
    (claim,) = claims_of(KIND, text)
    return claim


def texts(claim: Claim[Any]) -> dict[str, list[str]]:
    return {phase: [step.command or step.text for step in steps] for phase, steps in claim.spec.phases.items()}


def test_labels_place_the_steps() -> None:
    claim = one(LABELLED)
    assert (claim.title, claim.place.line, claim.place.end_line) == ("High CPU Usage", 3, 15)
    assert texts(claim) == {
        "assess": [
            "kubectl top pods -n shop",
            "kubectl logs -f deployment/api -n shop",
            "kubectl logs <pod> -n shop",
        ],
        "act": ["kubectl scale deployment api --replicas=5", "Check for loops in code"],
        "verify": ["CPU is below 50% again"],
        "undo": ["kubectl scale deployment api --replicas=2"],
    }
    assert [step.line for step in claim.spec.phases["assess"]] == [7, 8, 9]


def test_only_reading_steps_without_parameters_run_and_endless_ones_are_bounded() -> None:
    spec = one(LABELLED).spec
    assert spec.command.splitlines() == [
        "kubectl top pods -n shop",
        "kubectl logs --tail=200 deployment/api -n shop",
    ]
    assert spec.parameters == ("<pod>",)
    assert spec.programs == ("kubectl",)
    assert one(LABELLED).needs == ()


def test_without_labels_what_a_step_says_and_does_places_it() -> None:
    found = one(
        "# Ops\n## Troubleshooting\n### Common Issues\n#### 2. Disk Full\n```bash\n# Check usage\ndf -h\n\n# Clean up\n"
        "rm -rf /tmp/cache\n\n# Edit app.conf: cache=1\n\n# Verify that it is back again\n./check.sh\n```\n"
    )
    assert found.title == "Disk Full"
    assert texts(found) == {
        "assess": ["df -h"],
        "act": ["rm -rf /tmp/cache", "Edit app.conf: cache=1"],
        "verify": ["./check.sh"],
    }
    assert [step.effect for step in found.spec.phases["act"]] == ["destroy", None]
    assert found.spec.programs == ("df", "rm", "./check.sh")
    assert found.spec.alerts == ("DiskFull", "disk full")


def test_an_alert_as_a_heading_with_its_sections_is_a_runbook() -> None:
    text = "# HighErrorRate\n\n## Meaning\nToo many.\n\n## Diagnosis\n- Check the logs\n\n## Mitigation\n- Restart it\n"
    found = one(text)
    assert (found.title, texts(found)) == (
        "HighErrorRate",
        {"assess": ["Check the logs"], "act": ["Restart it"]},
    )


@pytest.mark.parametrize(
    "text",
    [
        "# Ops\n## Troubleshooting\n### Diagnostic Commands\n```bash\ndf -h\n```\n",
        "# Ops\n## Known Issues\n### Slow start\n1. Restart daily\n",
        "# Ops\n## Incident Response Playbook\n### 1. Detection\n- Monitor alerts\n### 2. Resolution\n- Fix\n",
        "# Ops\n## Documentation\n### Runbook Updates\n- Monthly review\n",
        "# Ops\n## Runbooks\n### High CPU\nSee the wiki.\n",
        "# Troubleshooting Guide\n## Contacts\n- Team\n## Rest\n### Deep\n- a\n",
        "# Ops\n## Deployment\n### Rollback\n- Undo it\n",
    ],
)
def test_other_sections_are_no_runbooks(text: str) -> None:
    assert [claim.title for claim in claims_of(KIND, text)] == []


@pytest.mark.parametrize(
    ("stated", "alert", "is_for"),
    [
        ("High CPU Usage", "HighCPUUsage", True),
        ("HighCPUUsage", "CPU usage > 80%", True),
        ("Memory Leaks", "HighMemoryUsage", True),
        ("Disk Space Issues", "DiskSpaceLow", True),
        ("Disk Space Issues", "Low disk", True),
        ("Database Connection Pool Exhaustion", "HighDatabaseConnections", True),
        ("Database Connection Issues", "DatabaseDown", False),
        ("Message Backlog", "HighMemoryUsage", False),
        ("High CPU Usage", "HighMemoryUsage", False),
        ("Slow response", "HighLatency", True),
        ("Issues", "HighUsage", False),
    ],
)
def test_a_runbook_fits_alerts_about_the_same_thing(stated: str, alert: str, *, is_for: bool) -> None:
    assert fits(stated, alert) is is_for


def test_an_annotation_names_its_alerts() -> None:
    text = "# Ops\n## Runbooks\n<!-- opsguide: alerts=ApiSlow,ApiDown -->\n### The API\n- Check it\n"
    assert one(text).spec.alerts[:2] == ("ApiSlow", "ApiDown")


LINES = {
    "inventory-service": [161, 170],
    "dried-fruits": [239, 256, 271, 286, 418],
    "maintenance-api": [275, 287, 299],
    "core-services": [112],
    "integration-engine": [180, 185, 190],
}


@pytest.mark.seeds
@pytest.mark.parametrize(("guide", "lines"), LINES.items())
def test_the_seeds_hold_these_runbooks_and_no_others(seeds: Path, guide: str, lines: list[int]) -> None:
    assert sorted(seed_claims(KIND, seeds, guide)) == lines
