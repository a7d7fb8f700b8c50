from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of

from opsguide.core.block import Status
from opsguide.kinds.severity import KIND
from opsguide.kinds.severity.spec import Severity

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim

MIN, H, DAY = 60.0, 3600.0, 86400.0


def _claims(text: str) -> list[Claim[Severity]]:
    return sorted(claims_of(KIND, text), key=lambda claim: claim.place.line)


def _specs(text: str) -> list[Severity]:
    return [claim.spec for claim in _claims(text)]


def test_a_list_below_a_heading_about_severities() -> None:
    first, second = _specs("# G\n## Severity Levels\n1. **SEV-1 (Critical)**: Outage\n2. **SEV-2 (High)**: Impaired\n")
    assert first == Severity("SEV-1", ("Critical",), definition="Outage")
    assert second == Severity("SEV-2", ("High",), definition="Impaired")


def test_times_in_a_list_of_their_own_are_joined_to_the_levels() -> None:
    text = "# G\n## Incidents\n### Severity Levels\n- **Critical**: Down\n- **Low**: Ugly\n"
    text += "### Response Times\n- **Critical**: 15 minutes\n- **Low**: 24 hours\n"
    text += "### Resolution Targets\n- **Critical**: 4h\n"
    critical, low = _claims(text)
    assert critical.spec == Severity("Critical", (), 15 * MIN, 4 * H, "15 minutes", "4h", "Down")
    assert (low.spec.response_s, low.spec.resolution_s) == (DAY, None)
    assert (critical.place.line, [place.line for place in critical.places]) == (4, [7, 10])
    assert critical.headings[-1] == "Severity Levels"


def test_times_without_levels_define_them() -> None:
    critical, high = _claims("# G\n## Incident Response\n### Response Times\n- **P1**: 15 minutes\n- **P2**: 1 hour\n")
    assert (critical.spec.level, critical.spec.response_s, critical.place.line) == ("P1", 15 * MIN, 4)
    assert high.spec.response_s == H


def test_times_under_an_intro_are_joined_too() -> None:
    text = "# G\n## Severity Levels\n- **P1**: Down\n- **P2**: Slow\n"
    text += "\n**Response times:**\n\n- P1: 15 minutes\n- P2: 1 hour\n"
    assert [spec.response_s for spec in _specs(text)] == [15 * MIN, H]


def test_times_that_a_table_states_already_make_no_second_level() -> None:
    text = "# G\n## Severity Levels\n| Severity | Description |\n|---|---|\n| P1 | Down |\n| P2 | Slow |\n"
    text += "\n**Response times:**\n\n- P1: 15 minutes\n"
    assert [spec.level for spec in _specs(text)] == ["P1", "P2"]


def test_bullets_below_a_level_add_to_it() -> None:
    text = "# G\n## Severity Levels\n- **SEV1**: Down\n  - Response: 5 min\n  - Resolution: 1h\n- **SEV2**: Slow\n"
    first, second = _claims(text)
    assert (first.spec.response_s, first.spec.resolution_s, second.spec.response_s) == (5 * MIN, H, None)
    assert [place.line for place in first.places] == [4, 5]


def test_a_heading_that_is_a_level_with_labels_below_it() -> None:
    text = "# G\n## Severity Levels\n### P0 - Critical\n- **Definition**: Outage\n- **Response Time**: < 5 minutes\n"
    text += "- **Resolution Time**: < 1 hour\n- **Examples**: Database down\n"
    (claim,) = _claims(text)
    assert claim.spec == Severity("P0", ("Critical",), 5 * MIN, H, "< 5 minutes", "< 1 hour", "Outage", "Database down")
    assert (claim.place.line, claim.place.end_line) == (3, 7)


def test_a_level_alone_on_its_line_with_bullets_and_labels_below_it() -> None:
    text = "# G\n## Severity Levels\n\n**SEV-1 (Critical)**\n- Outage\n- Data loss\n"
    text += "\n**Response**: Immediate (0-5 minutes)\n\n**SEV-2 (High)**\n- Slow\n"
    first, second = _claims(text)
    assert first.spec == Severity(
        "SEV-1", ("Critical",), 300.0, None, "Immediate (0-5 minutes)", "", "Outage; Data loss"
    )
    assert [(c.place.line, c.place.end_line) for c in (first, second)] == [(4, 8), (10, 11)]


def test_levels_as_lines_of_a_paragraph() -> None:
    first, second = _claims("# G\n## Severity Levels\n**P1**: Down  \n**P2**: Slow\n")
    assert [(c.spec.level, c.spec.definition, c.place.line) for c in (first, second)] == [
        ("P1", "Down", 3),
        ("P2", "Slow", 4),
    ]


@pytest.mark.parametrize(
    ("table", "specs"),
    [
        (
            "| Severity | Response | Resolution |\n|---|---|---|\n| P1 | 15 min | 4h |\n| P2 | Next day | - |",
            [
                Severity("P1", (), 15 * MIN, 4 * H, "15 min", "4h"),
                Severity("P2", (), None, None, "Next day", "-"),
            ],
        ),
        ("| Severity | Threshold | Response |\n|---|---|---|\n| Critical | > 90% | 5 min |\n| Low | > 1% | 1h |", []),
        (
            "| Severity | Initial Response | 15 min |\n|---|---|---|\n| P1 | Primary | Backup |\n| P2 | Primary | - |",
            [],
        ),
        ("| Level | Description |\n|---|---|\n| INFO | normal |\n| WARNING | odd |", []),
        ("| Priority | Response Team |\n|---|---|\n| P1 | on-call |\n| P2 | support |", []),
    ],
)
def test_tables(table: str, specs: list[Severity]) -> None:
    assert _specs(f"# G\n## Support\n{table}\n") == specs


@pytest.mark.parametrize(
    "text",
    [
        "## Log Levels\n- **INFO**: normal\n- **CRITICAL**: bad\n",
        "## Vulnerability Priorities and Patching\n### Response Times\n- **Critical**: 24 hours\n",
        "## API\n### Response Times\n- **Critical**: 500ms\n- **High**: 2 seconds\n",
        "## Alerts\n### Critical\n- **Condition**: CPU > 90%\n- **Action**: page\n",
        "## Severity Levels\n<!-- opsguide: ignore -->\n- **P1**: Down\n",
    ],
)
def test_what_defines_no_level(text: str) -> None:
    assert _specs(f"# G\n{text}") == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        *(("< 5 minutes", 300.0), ("within 1h", H), ("15-30 min", 1800.0), ("1 hour (business hours)", H)),
        *(
            ("Immediate", None),
            ("2 business days", None),
            ("Best effort", None),
            ("All hands, every 15 min updates", None),
            ("24/7", None),
            ("1 week", 7 * DAY),
        ),
    ],
)
def test_how_long_a_time_is(written: str, seconds: float | None) -> None:
    (spec,) = _specs(f"# G\n## Severity Levels\n### P1\n- **Response Time**: {written}\n")
    assert (spec.response_s, spec.response) == (seconds, written)


def test_a_definition_may_state_its_times_by_the_way() -> None:
    (spec,) = _specs("# G\n## Severity Levels\n- **P1**: Down, respond within 15 minutes, resolve in 4 hours\n")
    assert (spec.response_s, spec.resolution_s) == (15 * MIN, 4 * H)


def test_a_proposed_list_is_not_active() -> None:
    (claim,) = _claims("# G\n## Proposed Severity Levels\n- **P1**: Down\n")
    assert claim.status is Status.PLANNED


@given(st.text(), st.text())
def test_no_text_crashes_it(name: str, value: str) -> None:
    claims_of(
        KIND, f"# G\n## Severity Levels\n- **{name}**: {value}\n- **P1**: {value}\n### P1 {name}\n- Response: {value}\n"
    )
    claims_of(KIND, f"## Severity\n| Severity | Response |\n|---|---|\n| P1 | {value} |\n| P2 {name} | {value} |\n")
