from __future__ import annotations

import pytest

from opsguide.core.block import Inherited, Polarity, Status
from opsguide.guide.inherit import annotated, clock, inherit, inherit_intro, inherit_title, marked_status


def said(*words: str) -> Inherited:
    found = Inherited()
    for heading in words:
        found = inherit(found, heading)
    return found


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("critical alerts (pagerduty/slack)", "critical"),
        ("warning alerts", "warning"),
        ("critical", "critical"),
        ("critical (page immediately)", "critical"),
        ("p0 - critical", "critical"),
        ("p1 - high", "p1"),
        ("sev-2", "sev-2"),
        ("high", "high"),
        ("high priority alerts", "high"),
        ("high cpu usage", None),
        ("critical data", None),
        ("error rate slo", None),
    ],
)
def test_a_heading_gives_the_severity_where_it_is_about_alerts(words: str, severity: str | None) -> None:
    assert said(words).severity == severity


def test_channels_stand_in_parentheses_or_alone() -> None:
    assert said("critical alerts (pagerduty/slack)").channels == ("pagerduty", "slack")
    assert said("warnings via e-mail").channels == ("email",)
    assert said("slack").channels == ("slack",)
    assert said("email service").channels == ()


def test_cadence_comes_from_the_outer_heading_and_time_from_the_inner() -> None:
    found = said("daily operations checklist", "evening check (6:00 pm)")
    assert (found.cadence, found.at) == ("daily", "18:00")


def test_a_nearer_cadence_ends_the_outer_time() -> None:
    found = said("daily check (09:00)", "weekly tasks")
    assert (found.cadence, found.at) == ("weekly", None)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("morning check (9:00 am)", "09:00"),
        ("12 am", "00:00"),
        ("12:30 p.m.", "12:30"),
        ("at 18:45", "18:45"),
        ("24/7 support", None),
        ("15 minutes", None),
        ("13 pm", None),
        ("quarterly", None),
    ],
)
def test_times_of_day_are_read(words: str, at: str | None) -> None:
    assert clock(words) == at


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("planned improvements", Status.PLANNED),
        ("recommended alerts", Status.PLANNED),
        ("planned maintenance", Status.ACTIVE),
        ("example queries", Status.EXAMPLE),
        ("table of contents", Status.REFERENCE),
        ("glossary", Status.REFERENCE),
        ("capacity planning", Status.ACTIVE),
        ("appendix", Status.ACTIVE),
    ],
)
def test_status_words_in_a_heading_keep_claims_from_going_live(words: str, status: Status) -> None:
    assert said(words, "alerts").status is status


def test_polarity_sli_scope_and_environment() -> None:
    assert said("scaling triggers").polarity is Polarity.ALERT
    assert said("performance targets").polarity is Polarity.NORMAL
    assert said("alerting", "healthy range").polarity is Polarity.NORMAL
    assert said("availability slo").sli == "availability"
    assert said("service level objectives", "latency").sli == "latency"
    assert said("high availability setup").sli is None
    assert said("database metrics").scope == "database"
    assert said("staging environment").environment == "staging"
    assert said("alerts (prod)").environment == "production"
    assert said("production incidents explained").environment == "production"
    assert said("going to production soon").environment is None


def test_a_heading_about_watching_and_alerting_has_no_polarity() -> None:
    assert said("monitoring and alerts").polarity is None
    assert said("monitoring and alerts", "alert conditions").polarity is Polarity.ALERT


def test_a_title_says_what_the_guide_is_about_and_not_what_it_states() -> None:
    found = inherit_title(Inherited(environment="staging"), "daily database alerts (planned)")
    assert found == Inherited(cadence="daily", status=Status.PLANNED, environment="staging")


@pytest.mark.parametrize(
    ("intro", "cadence"),
    [
        ("Weekly:", "weekly"),
        ("Weekly", "weekly"),
        ("2. Monthly tasks", "monthly"),
        ("The following things are looked at by us daily:", "daily"),
        ("A daily backup is made by cron", None),
        ("", None),
    ],
)
def test_a_line_that_stands_like_a_heading_is_read_like_one(intro: str, cadence: str | None) -> None:
    assert inherit_intro(Inherited(), intro).cadence == cadence


def test_an_annotation_sets_fields_by_name() -> None:
    found = annotated(
        Inherited(), {"severity": "info", "channels": "slack, sms", "status": "planned", "polarity": "normal"}
    )
    assert found == Inherited("info", ("slack", "sms"), status=Status.PLANNED, polarity=Polarity.NORMAL)
    assert annotated(Inherited(), {"status": "nonsense"}) == Inherited()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Error budget alerts (planned)", Status.PLANNED),
        ("For example, a rule may say:", Status.EXAMPLE),
        ("Example:", Status.EXAMPLE),
        ("High CPU usage (> 80%)", Status.ACTIVE),
        ("Response Time: < 500ms (95th percentile)", Status.ACTIVE),
        ("", Status.ACTIVE),
    ],
)
def test_a_blocks_own_words_give_its_status(text: str, status: Status) -> None:
    assert marked_status(text) is status
