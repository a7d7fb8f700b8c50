from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of

from opsguide.kinds.contact import KIND
from opsguide.kinds.contact.spec import Contact, Step, Way
from opsguide.kinds.contact.ways import ways_in

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim


def _claims(text: str) -> list[Claim[Contact]]:
    return sorted(claims_of(KIND, text), key=lambda claim: claim.place.line)


def _specs(text: str) -> list[Contact]:
    return [claim.spec for claim in _claims(text)]


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("ann@lee.io, +1 555 010-0199", (Way("email", "ann@lee.io"), Way("phone", "+1 555 010-0199"))),
        ("#ops-alerts or @security-team", (Way("slack", "#ops-alerts"), Way("slack", "@security-team"))),
        ("https://desk.io/new.", (Way("url", "https://desk.io/new"),)),
        ("@slack / phone", ()),
        ("email", ()),
        ("ext. 1234", ()),
        ("since 2024-01-31", ()),
        ("#1", ()),
    ],
)
def test_what_is_an_address(text: str, ways: tuple[Way, ...]) -> None:
    assert ways_in(text) == ways


def test_a_table_gives_one_contact_a_row() -> None:
    text = "# G\n## Support Contacts\n| Role | Name | Contact | Availability |\n|---|---|---|---|\n"
    text += "| Primary On-Call | Ann Lee | @ann / phone | 24/7 |\n| DBA | [Name] | email | Business Hours |\n"
    first, second = _claims(text)
    assert first.spec == Contact("Primary On-Call", "Ann Lee", "@ann", "24/7", "@ann / phone", (Way("slack", "@ann"),))
    assert (first.needs, second.needs) == ((), ("[Name]",))
    assert (second.spec.contact, second.spec.address, second.id) == ("email", "", "contact-dba")


def test_a_column_for_each_channel_and_a_team_instead_of_a_role() -> None:
    text = "# G\n## Contacts\n| Team | Slack | Email | Escalation |\n|---|---|---|---|\n"
    text += "| Platform | #platform | [mail](mailto:p@lee.io) | Ann |\n"
    (spec,) = _specs(text)
    assert (spec.role, spec.name) == ("Platform", "")
    assert spec.ways == (Way("slack", "#platform"), Way("email", "p@lee.io"))


@pytest.mark.parametrize(
    "table",
    [
        "## Alerts\n| Severity | Channel |\n|---|---|\n| Critical | #alerts |\n",
        "## Services\n| Service | Contact |\n|---|---|\n| api | #api |\n",
        "## Contacts\n| Topic | Page |\n|---|---|\n| api | 4 |\n",
    ],
)
def test_tables_of_something_else(table: str) -> None:
    assert _specs(f"# G\n{table}") == []


def test_a_rotation_is_one_contact_with_its_places_in_order() -> None:
    text = "# G\n### On-call Rotation\n- **Primary**: Ann Lee, ann@lee.io\n- **Secondary**: Backend Team (15 min)\n"
    (claim,) = _claims(text)
    assert claim.spec.steps == (
        Step("Primary", "Ann Lee", (Way("email", "ann@lee.io"),)),
        Step("Secondary", "Backend Team", (), 900.0),
    )
    assert (claim.place.line, claim.place.end_line, claim.spec.role) == (3, 4, "On-call Rotation")
    assert claim.understood.endswith("then Secondary is Backend Team, no address is written (after 15 min)")


def test_a_numbered_escalation_path_without_labels() -> None:
    (spec,) = _specs("# G\n### Escalation Path\n1. On-call engineer (15 minutes)\n2. Team lead (30 minutes)\n3. CTO\n")
    assert spec.steps == (Step("On-call engineer", after_s=900.0), Step("Team lead", after_s=1800.0), Step("CTO"))


def test_several_ways_to_one_and_the_same() -> None:
    text = "# G\n### Contacting Support\n- Email: help@lee.io\n- Phone: +1 555 010 0199\n- Business hours: 24/7\n"
    (claim,) = _claims(text)
    assert (claim.spec.role, claim.spec.address, claim.spec.availability) == (
        "Contacting Support",
        "help@lee.io",
        "24/7",
    )
    assert [way.by for way in claim.spec.ways] == ["email", "phone"]
    assert (claim.place.line, claim.place.end_line) == (3, 5)


def test_label_lines_of_a_paragraph_are_read_too() -> None:
    (spec,) = _specs("# G\n## Support\n**Slack**: #help  \n**Email**: help@lee.io\n")
    assert [way.to for way in spec.ways] == ["#help", "help@lee.io"]


def test_a_placeholder_of_an_address_is_a_need() -> None:
    (claim,) = _claims("# G\n### Contacting Support\n- Phone: +1-XXX-XXX-XXXX\n")
    assert claim.needs == ("+1-XXX-XXX-XXXX",)


def test_a_bullet_for_each_person() -> None:
    text = "# G\n## Contacts\n- **Database admin**: Ann Lee, ann@lee.io, 24/7\n"
    text += "- **Vendor**: ACME <support@acme.io>\n- **Note**: be nice\n"
    first, second = _specs(text)
    assert (first.role, first.name, first.address, first.availability) == (
        "Database admin",
        "Ann Lee",
        "ann@lee.io",
        "24/7",
    )
    assert (second.name, second.address) == ("ACME", "support@acme.io")


def test_what_stands_open_is_named_and_is_nobody() -> None:
    text = "# G\n## Contacts\n| Role | Name | Phone |\n|---|---|---|\n| DBA | TBD | ______ |\n\n- **Lead**: [Contact]\n"
    first, second = _specs(text)
    assert (first.name, first.ways, first.open) == ("", (), ("TBD", "______"))
    assert (second.name, second.contact, second.open) == ("", "", ("[Contact]",))


@pytest.mark.parametrize(
    "text",
    [
        "## Communication Channels\n- **Slack**: #alerts\n",
        "## Emergency Contacts\n```bash\nmake stop\n```\n",
        "## Getting Help\n- Check the documentation\n- Search known issues\n",
        "## Support\n- **Email**: read it\n",
        "## On-call Rotation\n1. Check the dashboards every morning\n2. Look at the queue\n",
        "## Contacts\n<!-- opsguide: ignore -->\n- **Email**: a@lee.io\n",
        "## Contact Form API\n- **Email**: a@lee.io\n",
    ],
)
def test_lists_of_something_else(text: str) -> None:
    assert _specs(f"# G\n{text}") == []


@given(st.text(), st.text())
def test_no_text_crashes_it(name: str, value: str) -> None:
    ways_in(value)
    claims_of(KIND, f"# G\n## Contacts\n- **{name}**: {value}\n- **Email**: {value}\n")
    claims_of(KIND, f"# G\n## On-call Rotation\n- **Primary**: {value}\n- **Backup {name}**: {value}\n")
    claims_of(KIND, f"# G\n## Contacts\n| Role | Contact |\n|---|---|\n| {name} | {value} |\n")
    claims_of(KIND, f"# G\n## Escalation Path\n1. {value} lead\n2. CTO {name}\n")
