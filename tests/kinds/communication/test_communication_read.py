from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of

from opsguide.kinds.communication import KIND
from opsguide.kinds.communication.words import audience_of, channel_of, every_s, within_s

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim
    from opsguide.kinds.communication.spec import Communication


def _claims(text: str) -> list[Claim[Communication]]:
    return sorted(claims_of(KIND, text), key=lambda claim: claim.place.line)


def _specs(text: str) -> list[Communication]:
    return [claim.spec for claim in _claims(text)]


def test_a_plan_by_level_and_by_occasion() -> None:
    text = "# G\n### Communication Plan\n- **SEV-1/SEV-2**: Immediate notification to team leads and stakeholders\n"
    text += "- **SEV-3**: Notification during business hours\n- **Status Updates**: Every 30 minutes for SEV-1\n"
    first, second, third = _specs(text)
    assert (first.severities, first.audience, first.within_s) == (("SEV-1", "SEV-2"), "team leads, stakeholders", 0.0)
    assert (second.severities, second.hours, second.within_s) == (("SEV-3",), "business hours", None)
    assert (third.severities, third.every_s, third.audience) == (("SEV-1",), 1800.0, "")


def test_a_plan_by_audience() -> None:
    text = "# G\n## Incidents\n### Communication\n- **Customers**: status page within 15 minutes\n"
    text += "- **Internal**: Slack #inc, hourly\n"
    first, second = _specs(text)
    assert (first.audience, first.channel, first.within_s) == ("Customers", "status page", 900.0)
    assert (second.audience, second.channel, second.every_s) == ("Internal", "slack", 3600.0)


def test_a_plain_list_is_one_plan_with_steps() -> None:
    text = "# G\n## Incident Response\n### 3. Communication\n"
    text += "- Create incident in status page\n- Notify stakeholders via Slack\n"
    (claim,) = _claims(text)
    assert claim.spec.steps == ("Create incident in status page", "Notify stakeholders via Slack")
    assert (claim.spec.audience, claim.spec.channel) == ("stakeholders", "status page")
    assert (claim.place.line, claim.place.end_line, claim.id) == (4, 5, "communication-communication")


def test_a_list_of_who_is_told_takes_its_levels_from_the_heading() -> None:
    (spec,) = _specs("# G\n## Incidents\n### Stakeholder Notification (P1/P2)\n- Engineering Lead\n- Support Team\n")
    assert (spec.severities, spec.audience) == (("P1", "P2"), "Engineering Lead, Support Team")


def test_a_table_by_level() -> None:
    text = "# G\n## Severities\n| Severity | Response | Update Frequency | Notify | Channel |\n|---|---|---|---|---|\n"
    text += "| P1 | 5 min | 30 minutes | CTO | Slack |\n| P2 | 1 h | Daily | team | Email |\n"
    first, second = _specs(text)
    assert (first.severities, first.every_s, first.audience, first.channel) == (("P1",), 1800.0, "CTO", "slack")
    assert (second.every_s, second.channel) == (86400.0, "email")


@pytest.mark.parametrize(
    "text",
    [
        "## Service Communication\n- **Internal**: gRPC\n- **External**: REST\n",
        "## Architecture\n### Communication\n- **Internal**: gRPC\n",
        "## Incidents\n### Communication Channels\n- **Slack**: #inc\n",
        "## Incidents\n### Communication\n- Be kind\n- Be brief\n",
        "## Incidents\n### Executive Communication\n- SEV-1 incidents\n- Escalations of customers\n- Media attention\n",
        "## Backups\n| Component | Frequency |\n|---|---|\n| db | daily |\n",
        "## Severities\n| Severity | Response |\n|---|---|\n| P1 | 5 min |\n| P2 | 1 h |\n",
        "## Incidents\n### Communication\n<!-- opsguide: ignore -->\n- Notify stakeholders\n- Update customers\n",
    ],
)
def test_what_is_no_plan(text: str) -> None:
    assert _specs(f"# G\n{text}") == []


@pytest.mark.parametrize(
    ("text", "every", "within"),
    [
        *(("every 30 minutes", 1800.0, None), ("hourly", 3600.0, None), ("once a day", 86400.0, None)),
        *(("within 15 min", None, 900.0), ("immediately", None, 0.0), ("in the morning", None, None)),
        ("within 5 minutes, then every 20 minutes", 1200.0, 300.0),
        ("每30分钟更新", 1800.0, None),
    ],
)
def test_how_often_and_how_soon(text: str, every: float | None, within: float | None) -> None:
    assert (every_s(text), within_s(text)) == (every, within)


def test_who_and_where() -> None:
    assert audience_of("Tell the stakeholders, customers and Stakeholders") == "stakeholders, customers"
    assert channel_of("post in #incidents") == "slack"
    assert channel_of("tell them") == ""


def test_the_read_back() -> None:
    (claim,) = _claims("# G\n## Communication Plan\n- **P1**: Email customers within 1 hour, then every 2 hours\n")
    assert claim.understood == "customers are told of incidents of P1, within 60 min, again every 2 h, by email"


@given(st.text(), st.text())
def test_no_text_crashes_it(name: str, value: str) -> None:
    claims_of(KIND, f"# G\n## Communication Plan\n- **{name}**: {value}\n- **P1 {name}**: every {value}\n")
    claims_of(KIND, f"# G\n## Status Updates\n- {value}\n- notify users {name}\n")
    claims_of(KIND, f"# G\n| Severity | Updates |\n|---|---|\n| P1 {name} | {value} |\n")
