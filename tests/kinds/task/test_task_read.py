from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of, seed_claims

from opsguide.kinds.task import KIND
from opsguide.kinds.task.read import machine_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("headings", "bullet", "told"),
    [
        (
            ("Daily Operations Checklist", "Morning Check (9:00 AM)"),
            "[ ] Look at logs",
            ("daily", "09:00", "0 9 * * *"),
        ),
        (("Daily Operations Checklist", "Evening (6 PM)"), "[x] Look at logs", ("daily", "18:00", "0 18 * * *")),
        (("Maintenance", "Weekly Tasks"), "[ ] Rotate logs", ("weekly", "", "0 9 * * 1")),
        (("Routine Checks", "Daily"), "Check system health", ("daily", "", "0 9 * * *")),
        (("Maintenance", "Monthly maintenance (2:30 pm)"), "Patch hosts", ("monthly", "14:30", "30 14 1 * *")),
        (("Reviews", "Quarterly Reviews"), "Look at costs", ("quarterly", "", "0 9 1 1,4,7,10 *")),
        (("Calendar", "Annual Tasks"), "[ ] Renew contracts", ("yearly", "", "0 9 1 1 *")),
    ],
)
def test_a_list_under_a_cadence_is_recurring(
    headings: tuple[str, str], bullet: str, told: tuple[str, str, str]
) -> None:
    (claim,) = claims_of(KIND, f"# Guide\n\n## {headings[0]}\n\n### {headings[1]}\n\n- {bullet}\n")
    assert (claim.spec.cadence, claim.spec.at, claim.spec.cron) == told
    assert claim.place.line == 7
    assert claim.subject == bullet.removeprefix("[ ] ").removeprefix("[x] ")


@pytest.mark.parametrize(
    ("headings", "bullet"),
    [
        (("Daily Operations", "Service Health Checks"), "**Health Monitoring**"),
        (("Daily Operations", "Service Health Checks"), "Look at the health page"),
        (("Capacity", "Monthly Growth Indicators"), "**Storage Growth**: Database + file storage"),
        (("Capacity", "Monthly Growth Indicators"), "Storage growth"),
        (("Backup", "Backup Schedule"), "Configuration: Daily"),
        (("Release", "Pre-flight"), "[ ] Tests are green"),
        (("Roadmap", "Next"), "[ ] Weekly digest"),
        (("Daily Operations", "Deployment checklist"), "[ ] Tests are green"),
        (("Backup", "Daily Backup Routine"), "Dump the database"),
    ],
)
def test_what_has_no_cadence_of_its_own_is_never_scheduled(headings: tuple[str, str], bullet: str) -> None:
    assert claims_of(KIND, f"# Guide\n\n## {headings[0]}\n\n### {headings[1]}\n\n- {bullet}\n") == ()


def test_a_cadence_in_the_lists_intro_counts() -> None:
    found = claims_of(
        KIND, "# G\n\n## Maintenance\n\nDaily checks:\n\n- Look at logs\n\nWhen something breaks:\n\n- Call Ann\n"
    )
    assert [(c.spec.text, c.spec.cadence) for c in found] == [("Look at logs", "daily")]


def test_a_cadence_as_a_label_counts_under_a_heading_about_routine_work() -> None:
    text = "# G\n\n## {}\n\n- **Weekly**: Review the logs\n- **Owner**: Ann and Bo\n- **Daily**: 7 copies\n"
    (claim,) = claims_of(KIND, text.format("Regular Maintenance"))
    assert (claim.spec.text, claim.spec.cadence) == ("Review the logs", "weekly")
    assert claims_of(KIND, text.format("Backup Retention")) == ()


def test_labelled_work_under_a_routine_is_a_task_and_its_properties_are_not() -> None:
    text = "# G\n\n## Weekly Performance Review (10:00 AM)\n\n- **Drill**: Restore a table\n- **Owner**: Ann L\n"
    (claim,) = claims_of(KIND, text)
    assert (claim.subject, claim.spec.at) == ("Drill: Restore a table", "10:00")


def test_a_table_with_a_frequency_is_one_task_a_row() -> None:
    table = (
        "| Task | Owner | Frequency |\n|---|---|---|\n| Rotate keys | Ann | Quarterly |\n| Restart | Bo | if needed |\n"
    )
    (claim,) = claims_of(KIND, f"# G\n\n## Work\n\n{table}")
    assert (claim.spec.text, claim.spec.cadence, claim.place.line) == ("Rotate keys", "quarterly", 7)
    backups = "| Component | Frequency | Retention |\n|---|---|---|\n| Database | Daily | 30 days |\n"
    assert claims_of(KIND, f"# G\n\n## Work\n\n{backups}") == ()


@pytest.mark.parametrize(
    ("heading", "note", "tz"),
    [
        ("Daily (9:00 AM Europe/Berlin)", "", "Europe/Berlin"),
        ("Daily (9:00 UTC)", "", "UTC"),
        ("Daily", "<!-- opsguide: tz=Asia/Kolkata -->\n", "Asia/Kolkata"),
        ("Daily", "<!-- opsguide: tz=Mars/Base -->\n", "UTC"),
    ],
)
def test_times_are_utc_unless_a_zone_is_named(heading: str, note: str, tz: str) -> None:
    (claim,) = claims_of(KIND, f"# G\n\n## {heading}\n\n{note}- [ ] Look\n")
    assert claim.spec.tz == tz


def test_an_annotation_gives_cadence_and_time() -> None:
    (claim,) = claims_of(KIND, "# G\n\n## Work\n\n<!-- opsguide: cadence=weekly at=07:30 -->\n- Sweep the floor\n")
    assert (claim.spec.cron, claim.spec.cadence) == ("30 7 * * 1", "weekly")
    (odd,) = claims_of(KIND, "# G\n\n## Work\n\n<!-- opsguide: cadence=daily at=noonish -->\n- Sweep the floor\n")
    assert odd.spec.cron == "0 9 * * *"


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("Check disk space", "disk usage"),
        ("Monitor API response times", "response time"),
        ("Monitor system resource usage", "cpu usage"),
        ("Review error logs", ""),
        ("Test disaster recovery", ""),
        ("Clean up disk space", ""),
    ],
)
def test_only_a_look_at_a_quantity_is_answered_by_a_machine(text: str, machine: str) -> None:
    assert machine_of(text) == machine


def test_the_same_words_weekly_and_monthly_are_two_tasks() -> None:
    found = claims_of(KIND, "# G\n\n## Weekly\n\n- [ ] Update\n\n## Monthly\n\n- [ ] Update\n")
    assert [c.spec.cadence for c in found] == ["weekly", "monthly"]
    assert len({c.id for c in found}) == 2


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_no_list_crashes_the_reader(text: str) -> None:
    claims_of(
        KIND,
        f"# Daily ({text})\n\n- [ ] {text}\n- {text}\n\n| Task | Frequency |\n|---|---|\n| {text} | daily {text} |\n",
    )


@pytest.mark.seeds
def test_every_task_of_the_seeds_is_read_and_nothing_else(seeds: Path) -> None:
    with (seeds / "CLAIMS.tsv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "task"]
    wanted: dict[str, set[int]] = {name: set() for name in ("core-services", *(row["guide"] for row in rows))}
    for row in rows:
        wanted[row["guide"]].add(int(row["line"]))
    found = {name: seed_claims(KIND, seeds, name) for name in wanted}
    assert {name: set(lines) for name, lines in found.items()} == wanted
    for row in rows:
        (claim,) = found[row["guide"]][int(row["line"])]
        assert all(getattr(claim.spec, k) == v for k, v in (p.split("=") for p in row["spec"].split(";")))
