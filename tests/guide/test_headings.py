from __future__ import annotations

import pytest

from opsguide.guide.headings import github_slug, heading_words, slug


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("📊 System Monitoring", "system monitoring"),
        ("1. Service Health Checks", "service health checks"),
        ("2.1 Backups", "backups"),
        ("2.1. Backups", "backups"),
        ("3) Restore", "restore"),
        ("Section 4: Scaling", "scaling"),
        ("Step 2 - Restore", "restore"),
        ("✅ 1. Detection", "detection"),
        ("P0 - Critical", "p0 - critical"),
        ("SEV\u20111 \u2014 Critical", "sev-1 - critical"),
        ("Critical Alerts (PagerDuty/Slack):", "critical alerts (pagerduty/slack)"),
        ("24/7 Support", "24/7 support"),
        ("99.9% Uptime", "99.9% uptime"),
        ("3 Replicas", "3 replicas"),
        ("[service-name] - Guide", "[service-name] - guide"),
        ("Restore {#restore}", "restore"),
        ("1.", "1"),
        ("🚨", ""),
        ("监控", "监控"),
    ],
)
def test_a_heading_is_matched_by_its_words(text: str, words: str) -> None:
    assert heading_words(text) == words


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("Backup & Recovery", "backup--recovery"),
        ("Recovery Point Objective (RPO)", "recovery-point-objective-rpo"),
        ("📊 Monitoring", "-monitoring"),
        ("Über uns", "über-uns"),
    ],
)
def test_anchors_are_those_of_github(text: str, anchor: str) -> None:
    assert github_slug(text) == anchor


def test_a_slug_is_cut_between_words() -> None:
    assert slug("GET /api/v1_health") == "get-api-v1-health"
    assert slug("one two three", 9) == "one-two"
    assert slug("abcdefghij", 4) == "abcd"
    assert slug("?!") == ""
