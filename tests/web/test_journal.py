from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.web.fakes import NOW, stage

from opsguide.core.ports import Changes, EvidenceRow
from opsguide.web import journal

if TYPE_CHECKING:
    import pytest


def row(number: int, claim: str = "gone", by: str = "", topic: str = "") -> EvidenceRow:
    return EvidenceRow(NOW, claim, "", f"s{number}", ok=True, topic=topic, by=by, body=b"{}")


def pages(rows: tuple[EvidenceRow, ...], *paths: str) -> list[str]:
    async def scene() -> list[str]:
        on = await stage()
        await on.running.state.commit(Changes(evidence=rows))
        return [(await on.call.get(path)).text for path in paths]

    return asyncio.run(scene())


def older(text: str) -> str:
    return text.partition('<a href="/journal?before=')[2].partition('"')[0].replace("&amp;", "&")


def test_the_journal_is_paged_and_its_chain_is_walked_in_view() -> None:
    rows = tuple(row(n, by="Ada") for n in range(150))
    (first,) = pages(rows, "/journal")
    assert first.count("<tr>") == 101
    assert "151 of 151 rows verified" in first
    (second,) = pages(rows, f"/journal?before={older(first)}")
    assert second.count("<tr>") == 52
    assert '<a href="/c/alert-shop-slow">Slow</a>' in second


def test_a_long_chain_is_walked_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SMALL_ROWS", 5)
    short, asked = pages(tuple(row(n) for n in range(9)), "/journal", "/journal?verify=1")
    assert "10 rows. " in short
    assert "rows verified" not in short
    assert "10 of 10 rows verified" in asked


def test_the_journal_is_filtered_by_statement_topic_and_person() -> None:
    rows = (row(1), row(2, claim="other"), row(3, topic="task.ticked"), row(4, by="Ada"), row(5, by="Bob"))
    claim, topic, person, nobody = pages(
        rows, "/journal?claim=other", "/journal?topic=task.ticked", "/journal?by=Ada", "/journal?by=Eve"
    )
    assert [claim.count("<tr>"), topic.count("<tr>"), person.count("<tr>")] == [2, 2, 2]
    assert "<td>s2</td>" in claim
    assert "<td>s3</td>" in topic
    assert "<td>s4</td>" in person
    assert "1 of 6 rows that were looked through are by Ada" in person
    assert "Nothing fits." in nobody


def test_a_persons_rows_are_searched_for_over_as_many_pages_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_READ_AT_ONCE", 40)
    monkeypatch.setattr(journal, "_SEARCHED", 80)
    rows = (row(0, by="Ada"), *(row(n) for n in range(1, 130)), row(130, by="Ada"))
    (first,) = pages(rows, "/journal?by=Ada")
    assert "1 of 80 rows that were looked through are by Ada" in first
    assert "<td>s130</td>" in first
    assert older(first).endswith("&by=Ada")
    (second,) = pages(rows, f"/journal?before={older(first)}")
    assert "<td>s0</td>" in second
    assert not older(second)


def test_more_than_a_page_of_a_person_is_continued_where_it_stopped() -> None:
    rows = tuple(row(n, by="Ada") for n in range(130))
    (first,) = pages(rows, "/journal?by=Ada")
    assert first.count("<tr>") == 101
    (second,) = pages(rows, f"/journal?before={older(first)}")
    assert second.count("<tr>") == 31
