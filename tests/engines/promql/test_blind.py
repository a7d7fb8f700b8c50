"""Blindness: every case of the table in docs/design/series.md, by its number."""

from __future__ import annotations

import numpy as np
import pytest

from opsguide.engines.promql import Vector, instant, parse, range_
from opsguide.engines.series import Head

START = 1_000_000.0
API = (("instance", "10.0.0.1:80"), ("job", "api"))
OTHER = (("instance", "10.0.0.2:80"), ("job", "api"))


def scrape(head: Head, key: str, labels: tuple[tuple[str, str], ...], at: float, **samples: float) -> None:
    names = {"errors": 'errors_total{code="500"}', "fine": 'fine_total{code="200"}'}
    keys = [names.get(name, name) for name in samples]
    head.append(key, labels, at, keys, np.array(list(samples.values())))


def scraped(times: int = 60, every: float = 15.0) -> Head:
    """A target `api` that was scraped without a break until START + 15 min."""
    head = Head()
    for i in range(times):
        scrape(head, "api", API, START + i * every, up=1, queue=i, fine=i)
    return head


NOW = START + 59 * 15.0


def why(head: Head, expr: str, at: float = NOW) -> list[str]:
    return [blind.why for blind in instant(parse(expr), head, at).blind]


def test_case_1_a_fresh_series_is_not_blind() -> None:
    assert why(scraped(), "queue > 1000") == []
    assert why(scraped(), "rate(fine_total[5m]) > 1000") == []


def test_case_2_a_metric_that_no_target_ever_had() -> None:
    assert why(scraped(), "nothing > 1") == ["nothing was never seen"]
    assert why(scraped(), 'nothing{job="api"} > 1') == ["nothing was never seen"]
    assert why(Head(), 'rate(nothing{code="5"}[5m]) > 1') == ["nothing was never seen"]


def test_case_3_a_failed_scrape_blinds_at_once_and_names_the_target_and_the_time() -> None:
    head = scraped()
    scrape(head, "api", API, NOW + 15, up=0)
    scrape(head, "api", API, NOW + 30, up=0)
    assert why(head, "queue > 1", NOW + 31) == ["target api (10.0.0.1:80) is down since 1970-01-12 14:01:40 UTC"]
    assert why(head, "up == 0", NOW + 31) == []
    assert instant(parse("up == 0"), head, NOW + 31).values.tolist() == [0.0]


def test_case_3_a_window_that_still_has_samples_is_not_blind_yet() -> None:
    head = scraped()
    for i in range(1, 25):
        scrape(head, "api", API, NOW + 15 * i, up=0)
    assert why(head, "rate(fine_total[5m]) > 1", NOW + 60) == []
    assert "is down since" in why(head, "rate(fine_total[5m]) > 1", NOW + 310)[0]


def test_case_3_a_target_that_stopped_without_a_word_is_down_after_the_lookback() -> None:
    assert why(scraped(), "queue > 1", NOW + 299) == []
    assert "has sent nothing since" in why(scraped(), "queue > 1", NOW + 301)[0]


def test_case_3_a_target_without_up_is_down_when_it_stopped() -> None:
    head = Head()
    head.append("collector node", (("collector", "host"),), START, ["cpu"], np.array([1.0]))
    assert why(head, "cpu > 5", START + 1) == []
    assert why(head, "cpu > 5", START + 400) == [
        'target collector="host" has sent nothing since 1970-01-12 13:46:40 UTC'
    ]


def test_case_4_a_series_that_ended_on_a_healthy_target_is_no_blindness() -> None:
    head = scraped()
    scrape(head, "api", API, NOW + 15, up=1, fine=60)
    assert why(head, "queue > 1", NOW + 20) == []


def test_case_5_label_values_never_seen_on_a_healthy_target_are_no_blindness() -> None:
    assert why(scraped(), 'rate(fine_total{code=~"5.."}[5m]) > 0.1') == []
    assert why(scraped(), 'fine_total{code="500"} > 0') == []


def test_case_6_label_values_never_seen_and_every_target_that_has_the_name_is_down() -> None:
    head = scraped()
    scrape(head, "api", API, NOW + 15, up=0)
    assert "is down since" in why(head, 'fine_total{code="500"} > 0', NOW + 20)[0]


def test_case_7_up_of_a_job_that_nobody_scrapes() -> None:
    assert why(scraped(), 'up{job="postgres"} == 0') == ["no scrape job named postgres"]
    assert why(scraped(), 'up{instance="db:1"} == 0') == ["no target has instance db:1"]
    assert why(scraped(), 'up{job="api"} == 0') == []
    assert why(Head(), 'up{job="postgres"} == 0') == ["no scrape job named postgres"]


def test_case_8_a_counter_younger_than_its_window_lacks_samples() -> None:
    head = scraped()
    scrape(head, "api", API, NOW + 15, up=1, queue=1, fine=1, errors=0)
    assert why(head, "rate(errors_total[5m]) > 1", NOW + 16) == [
        "not enough samples yet (errors_total needs 2 within 5m)"
    ]
    scrape(head, "api", API, NOW + 30, up=1, queue=1, fine=1, errors=0)
    assert why(head, "rate(errors_total[5m]) > 1", NOW + 31) == []
    assert why(head, "max_over_time(errors_total[5m]) > 1", NOW + 16) == []


def test_case_9_a_window_too_short_for_its_series_is_not_called_young() -> None:
    assert why(scraped(), "rate(fine_total[20s]) > 1", NOW + 1) == []
    assert why(scraped(), "rate(fine_total[10s]) > 1", NOW + 1) == []


@pytest.mark.parametrize(
    "expr",
    [
        "absent(nothing)",
        "absent_over_time(nothing[5m])",
        "queue unless nothing",
        "queue or nothing",
        "nothing or queue",
        "nothing or vector(0)",
        "absent(nothing) and on () queue",
        "sum(nothing) or absent(queue)",
    ],
)
def test_cases_10_to_12_absence_that_is_asked_for_is_no_blindness(expr: str) -> None:
    assert why(scraped(), expr) == []


def test_case_11_the_left_of_unless_is_looked_at() -> None:
    assert why(scraped(), "nothing unless queue") == ["nothing was never seen"]


def test_case_13_an_or_with_two_blind_sides_is_blind() -> None:
    assert why(scraped(), "nothing or nowhere") == ["nothing was never seen", "nowhere was never seen"]


def test_case_14_a_selector_without_a_name() -> None:
    assert why(scraped(), '{job="nobody"}') == ['nothing that matches {job="nobody"} was ever seen']


def test_each_blind_selector_of_an_expression_is_told_once() -> None:
    assert why(scraped(), "nothing / nothing + queue > 1") == ["nothing was never seen"]
    blind = instant(parse('a{x="1"} + b'), scraped(), NOW).blind
    assert [b.selector for b in blind] == ['a{x="1"}', "b"]


def test_blindness_within_a_subquery_looks_at_its_window() -> None:
    assert why(scraped(), "max_over_time(rate(fine_total[1m])[10m:1m]) > 9") == []
    assert why(scraped(), "max_over_time(nothing[10m:1m]) > 9") == ["nothing was never seen"]


def test_an_offset_looks_at_its_own_time() -> None:
    assert why(scraped(), "queue offset 5m > 100") == []
    assert why(scraped(), "queue offset 1h > 100") == ["queue has no samples as old as 1h"]


def test_a_range_query_tells_the_blindness_of_its_end() -> None:
    assert [b.why for b in range_(parse("nothing > 1"), scraped(), START, NOW, 60).blind] == ["nothing was never seen"]


def two_targets() -> Head:
    head = scraped()
    for i in range(60):
        scrape(head, "other", OTHER, START + i * 15.0, up=1, queue=i)
    return head


def partly(vector: Vector) -> list[tuple[str, dict[str, str]]]:
    return [(found.selector, dict(found.labels)) for found in vector.partly]


def test_a_target_lost_beside_a_healthy_one_is_reported_apart_with_its_labels() -> None:
    head = two_targets()
    scrape(head, "api", API, NOW + 15, up=0)
    scrape(head, "other", OTHER, NOW + 15, up=1, queue=99)
    found = instant(parse("queue > 1"), head, NOW + 20)
    assert found.blind == ()
    assert partly(found) == [("queue", {"__name__": "queue", "instance": "10.0.0.1:80", "job": "api"})]
    assert len(found.labels) == 1


def test_up_itself_is_not_lost_when_its_target_is_down() -> None:
    head = two_targets()
    scrape(head, "api", API, NOW + 15, up=0)
    scrape(head, "other", OTHER, NOW + 15, up=1, queue=99)
    assert partly(instant(parse("up == 0"), head, NOW + 20)) == []
