from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.fakes import NOW, Spec, claim_at, page, seen

from opsguide.core.nouns import Known, State, Verdict
from opsguide.web.graph import labelled, unit_in

if TYPE_CHECKING:
    from tests.web.fakes import Stage


def test_a_query_is_drawn_and_its_values_stand_in_a_table() -> None:
    said = page("/graph?expr=up&range=2h")
    assert '<svg class="chart"' in said
    assert "<option selected>2h" in said
    assert "2 of 2 series" in said
    assert "up{job=&#34;shop&#34;}" in said
    assert 'value="up"' in said


def test_a_query_that_cannot_be_read_is_shown_with_its_fault_below_the_column() -> None:
    said = page("/graph?expr=%3Cbad")
    assert '<pre class="fault">&lt;bad\n^\n<b>1:1: parse error in &lt;bad</b>' in said


def test_names_are_completed_from_what_is_measured() -> None:
    said = page("/graph")
    assert '<datalist id="metrics"><option>latency<option>up</datalist>' in said
    assert "2 metric names of the last 6 hours, 0 of them without a fresh series" in said


def test_what_is_scraped_is_listed_with_when_and_how_much() -> None:
    def scraped(on: Stage) -> None:
        claim = claim_at(5, "scrape", "shop", Spec(job="shop"))
        values = (("samples", 1234.0), ("duration_seconds", 0.0123))
        up = Known(claim.id, "a:1", 1, NOW, Verdict(State.HOLDS, ""), at=NOW - 5, values=values)
        down = Known(claim.id, "b:1", 1, NOW, Verdict(State.BROKEN, "refused"), at=NOW - 5)
        on.running.views.append(seen(claim, down.verdict, subjects=(down, up)))

    said = page("/graph", prepare=scraped)
    for words in ("1 of 2 targets are up", "1,234", "12.3 ms", "5 s ago", "<small>refused</small>"):
        assert words in said


def test_how_a_statement_is_bound_is_told_and_can_be_drawn() -> None:
    said = page("/graph")
    assert "<code>latency</code>" in said
    assert 'href="/graph?expr=latency"' in said


@pytest.mark.parametrize(
    ("expr", "unit"),
    [
        ("process_resident_memory_bytes", "bytes"),
        ('latency_seconds{job="a"}', "seconds"),
        ('opsguide_claim_value{claim="a",name="value_ratio"}', "ratio"),
        ("latency_seconds_count", ""),
        ("rate(latency_seconds[5m])", ""),
        ("up", ""),
    ],
)
def test_only_a_bare_selector_has_a_unit(expr: str, unit: str) -> None:
    assert unit_in(expr) == unit


def test_label_sets_are_written_as_in_promql() -> None:
    assert labelled((("__name__", "up"), ("job", "a"))) == 'up{job="a"}'
    assert labelled((("__name__", "up"),)) == "up"
    assert labelled(()) == ""
