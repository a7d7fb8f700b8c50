"""The words that every receiver shares, and settings with templates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.nouns import Notice, Notified
from opsguide.tell.wording import counts, cut, firing_first, setting, severity, severity_of, statements, subject

FIRING = Notified(
    (("alertname", "DiskFull"), ("host", "db1"), ("severity", "warning")),
    (("summary", "a <b>"),),
    1_700_000_000.0,
    0.0,
    "f",
)
NOTICE = Notice(
    id="n1",
    receiver="team",
    integration="slack",
    settings={},
    status="firing",
    key="{}:{}",
    group_labels=(("alertname", "DiskFull"), ("host", "db1")),
    common_labels=FIRING.labels,
    common_annotations=FIRING.annotations,
    alerts=(replace(FIRING, ends_at=1_700_000_060.0), FIRING),
    reason="new alerts added",
    external_url="http://guide:8400/",
    guide="shop",
    claims=("alert/shop/disk-full", "alert/shop/b c"),
)


def test_a_subject_counts_what_fires_and_says_what_ended_or_was_acknowledged() -> None:
    assert subject(NOTICE) == "[FIRING:1] DiskFull db1 (warning)"
    assert subject(replace(NOTICE, status="resolved", common_labels=())) == "[RESOLVED] DiskFull db1"
    assert subject(replace(NOTICE, status="acknowledged", common_labels=())) == "[ACKNOWLEDGED] DiskFull db1"


def test_counts_name_what_there_is_and_the_reason() -> None:
    assert counts(NOTICE) == "1 firing, 1 resolved (new alerts added)"
    assert counts(replace(NOTICE, alerts=(), reason="")) == "0 resolved"
    assert firing_first(NOTICE)[0] is FIRING


def test_statements_lead_to_their_guides_page() -> None:
    assert statements(NOTICE) == (
        "http://guide:8400/g/shop/#alert/shop/disk-full",
        "http://guide:8400/g/shop/#alert/shop/b%20c",
    )
    assert statements(replace(NOTICE, claims=())) == ("http://guide:8400/g/shop/",)
    assert statements(replace(NOTICE, external_url="")) == ()


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("critical", "critical"),
        (" Page ", "critical"),
        ("P2", "error"),
        ("warn", "warning"),
        ("low", "info"),
        ("", "error"),
        ("häßlich", "error"),
    ],
)
def test_a_guides_word_for_a_severity_is_one_of_four(word: str, level: str) -> None:
    assert severity_of(word) == level


def test_the_worst_severity_of_what_fires_counts_and_not_of_what_ended() -> None:
    worse = replace(FIRING, labels=(("severity", "critical"),))
    assert severity(NOTICE) == "warning"
    assert severity(replace(NOTICE, alerts=(FIRING, worse))) == "critical"
    assert severity(replace(NOTICE, alerts=(FIRING, replace(worse, ends_at=1.0)))) == "warning"
    assert severity(replace(NOTICE, alerts=())) == "error"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("#ops", "#ops"),
        ("{{ .CommonLabels.severity | toUpper }}", "WARNING"),
        ("{{ .Status }} {{ len .Alerts }} of {{ .GroupLabels.host }}", "firing 2 of db1"),
        ("{{ range .Alerts }}{{ .Status }}:{{ .Annotations.summary }} {{ end }}", "resolved:a <b> firing:a <b> "),
        ("{{ .CommonLabels.nothing }}", "otherwise"),
        ('{{ template "slack.default.title" . }}', "otherwise"),
        ("{{ .Alerts.Firing }}", "otherwise"),
        ("{{ .Nothing }}", "otherwise"),
        ("{{ if", "otherwise"),
        ("", "otherwise"),
    ],
)
def test_a_template_that_fails_does_not_cost_the_page(written: str, said: str) -> None:
    assert setting(replace(NOTICE, settings={"x": written}), "x", "otherwise") == said


def test_labels_go_through_what_makes_them_harmless_and_the_guides_own_words_do_not() -> None:
    notice = replace(NOTICE, settings={"x": "<b> {{ .CommonAnnotations.summary }}"})
    assert setting(notice, "x", plain=str.upper) == "<b> A <B>"


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_within_its_limit_and_says_that_it_was_cut(text: str, limit: int) -> None:
    made = cut(text, limit)
    assert len(made) <= limit
    assert made == text or made.endswith("…")
