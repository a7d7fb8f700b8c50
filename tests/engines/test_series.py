"""The head: columns, staleness, growth, trimming, selection, what is known of a metric."""

from __future__ import annotations

import numpy as np
import pytest

from opsguide.engines.promql import instant, parse
from opsguide.engines.series import NOTHING_BITS, STALE_BITS, Head, Matcher, full_labels, present

JOB = (("instance", "h:1"), ("job", "j"))


def name(value: str) -> Matcher:
    return Matcher("__name__", "=", value)


def append(head: Head, at: float, **samples: float) -> bool:
    return head.append("t", JOB, at, list(samples), np.array(list(samples.values())))


def column(head: Head, metric: str, start: float = 0.0, end: float = 1e9) -> list[float | str]:
    (slab,) = head.select((name(metric),), int(start * 1000), int(end * 1000))
    marks = {STALE_BITS: "stale", NOTHING_BITS: "nothing"}
    return [
        marks.get(int(bits), value) for bits, value in zip(slab.values[0].view(np.int64), slab.values[0], strict=True)
    ]


def test_a_series_missing_from_the_next_scrape_gets_prometheus_stale_marker() -> None:
    head = Head()
    append(head, 10, a=1, b=2)
    append(head, 20, a=3)
    append(head, 30, a=4)
    append(head, 40, a=5, b=6)
    assert column(head, "b") == [2.0, "stale", "nothing", 6.0]
    assert STALE_BITS == 0x7FF0000000000002


def test_a_series_that_comes_later_has_nothing_before() -> None:
    head = Head()
    append(head, 10, a=1)
    append(head, 20, a=2, b=3)
    assert column(head, "b") == ["nothing", 3.0]


def test_a_nan_of_the_exposition_is_a_sample() -> None:
    head = Head()
    append(head, 10, a=float("nan"))
    (slab,) = head.select((name("a"),), 0, 10_000)
    assert present(slab.values) is not None
    assert present(slab.values).all()  # type: ignore[union-attr]
    assert np.isnan(instant(parse("a"), head, 11).values).tolist() == [True]


def test_a_stale_marker_smuggled_in_as_a_value_is_an_ordinary_nan() -> None:
    head = Head()
    head.append("t", JOB, 10, ["a"], np.array([STALE_BITS], dtype=np.int64).view(np.float64))
    assert len(instant(parse("a"), head, 11).values) == 1


def test_a_late_scrape_is_dropped_and_counted_and_one_of_the_same_moment_replaces() -> None:
    head = Head()
    append(head, 10, a=1)
    append(head, 20, a=2)
    assert not append(head, 15, a=9)
    assert head.rejected == 1
    append(head, 20, a=3)
    assert column(head, "a") == [1.0, 3.0]


def test_a_clock_that_was_set_back_takes_the_samples_of_later_times_with_it() -> None:
    head = Head()
    for at in (1000, 2000, 3000):
        assert append(head, at, a=at, b=1)
    assert not append(head, 2950, a=0)
    assert append(head, 1500, a=7)
    assert append(head, 1515, a=8)
    assert column(head, "a") == [1000.0, 7.0, 8.0]
    assert column(head, "b") == [1.0, "stale", "nothing"]
    assert append(head, 500, a=9)
    assert column(head, "a") == [9.0]


def test_the_matrix_grows_and_then_keeps_only_the_retention() -> None:
    head = Head(retention_s=600)
    for i in range(1000):
        append(head, i, a=i, b=-i)
    assert column(head, "a", 990) == [float(i) for i in range(991, 1000)]
    assert column(head, "a")[0] == 399.0
    assert head.groups["t"]._cells.shape[1] <= 2048


def test_rows_without_a_sample_in_the_retention_are_removed_and_the_others_keep_their_values() -> None:
    head = Head(retention_s=60)
    for i in range(1500):
        keys = ["a", f'pod{{n="{i // 10}"}}', "z"]
        head.append("t", JOB, float(i), keys, np.array([i, i + 0.5, -i]))
    assert head.series < 80
    assert column(head, "a", 1490) == [float(i) for i in range(1491, 1500)]
    assert column(head, "z", 1490) == [float(-i) for i in range(1491, 1500)]
    assert instant(parse("count(pod)"), head, 1499).values.tolist() == [1.0]
    assert instant(parse('pod{n="149"}'), head, 1499).values.tolist() == [1499.5]


def test_the_order_of_the_keys_may_change_at_any_time() -> None:
    head = Head()
    head.append("t", JOB, 1, ["a", "b"], np.array([1.0, 2.0]))
    head.append("t", JOB, 2, ["b", "a"], np.array([20.0, 10.0]))
    assert (column(head, "a"), column(head, "b")) == ([1.0, 10.0], [2.0, 20.0])


def test_a_target_whose_labels_change_ends_its_old_series() -> None:
    head = Head()
    append(head, 10, a=1)
    head.append("t", (("job", "new"),), 20, ["a"], np.array([2.0]))
    found = instant(parse("a"), head, 21)
    assert [dict(labels)["job"] for labels in found.labels] == ["new"]


def test_labels_of_the_target_win_and_the_exposed_ones_are_kept_beside() -> None:
    assert full_labels('a{job="x",code="1",empty=""}', JOB) == (
        ("__name__", "a"),
        ("code", "1"),
        ("exported_job", "x"),
        ("instance", "h:1"),
        ("job", "j"),
    )


def test_the_same_series_under_two_targets_is_one_series() -> None:
    head = Head()
    head.append("old name", JOB, 10, ["a"], np.array([1.0]))
    head.append("new name", JOB, 20, ["a"], np.array([2.0]))
    assert len(instant(parse("a"), head, 21).labels) == 1
    assert instant(parse("count(a)"), head, 21).values.tolist() == [1.0]


def loaded() -> Head:
    head = Head()
    keys = [f'req{{code="{code}",path="{path}"}}' for code in (200, 404, 500) for path in "ab"] + ["bare", "req_other"]
    head.append("t", JOB, 10, keys, np.arange(len(keys), dtype=np.float64))
    return head


@pytest.mark.parametrize(
    ("matchers", "count"),
    [
        ([name("req")], 6),
        ([name("req"), Matcher("code", "=", "200")], 2),
        ([name("req"), Matcher("code", "!=", "200")], 4),
        ([name("req"), Matcher("code", "=~", "5..|404")], 4),
        ([name("req"), Matcher("code", "=~", "5")], 0),
        ([name("req"), Matcher("code", "!~", "5..")], 4),
        ([Matcher("code", "=", "")], 2),
        ([Matcher("code", "!=", "")], 6),
        ([Matcher("code", "=~", ".*")], 8),
        ([Matcher("code", "=~", ".+")], 6),
        ([Matcher("zone", "=", "")], 8),
        ([Matcher("zone", "=", "x")], 0),
        ([Matcher("__name__", "=~", "req.*"), Matcher("job", "=", "j")], 7),
    ],
)
def test_matchers_select_as_prometheus_does(matchers: list[Matcher], count: int) -> None:
    head = loaded()
    for _ in range(2):  # once matched, once from the cache
        assert sum(len(slab.sets) for slab in head.select(tuple(matchers), 0, 20_000)) == count
        assert head.count(tuple(matchers), 0, 20_000)[0] == count


def test_a_selection_follows_new_series() -> None:
    head = loaded()
    assert head.count((name("req"),), 0, 99_000) == (6, 1)
    head.append("t", JOB, 20, ['req{code="201"}'], np.array([1.0]))
    assert head.count((name("req"),), 0, 99_000) == (7, 2)


def test_a_stretch_is_left_open() -> None:
    head = Head()
    for at in (10, 20, 30):
        append(head, at, a=at)
    assert column(head, "a", 10, 30) == [20.0, 30.0]


def test_what_is_known_of_a_metric() -> None:
    head = Head()
    keys = ["up", *(f'req_total{{path="{i:03}"}}' for i in range(50)), 'lat_bucket{le="1"}', "gone"]
    head.append("t", JOB, 100, keys, np.ones(len(keys)), {"req_total": "counter", "lat": "histogram"})
    head.append("t", JOB, 115, keys[:-1], np.ones(len(keys) - 1))
    facts = head.facts(116)
    assert (facts["req_total"].kind, facts["req_total"].series, facts["req_total"].last_s) == ("counter", 50, 115.0)
    assert len(facts["req_total"].labels["path"]) == 20
    assert facts["req_total"].labels["job"] == ("j",)
    assert facts["lat_bucket"].kind == "histogram"
    assert facts["up"].kind == "unknown"
    assert (facts["gone"].stale, facts["gone"].last_s, facts["up"].stale) == (True, 100.0, False)
    assert head.facts(115 + 301)["up"].stale


def test_targets_without_a_sample_in_the_retention_are_forgotten() -> None:
    head = Head(retention_s=60)
    append(head, 10, a=1)
    head.expire(60)
    assert head.series == 1
    head.expire(80)
    assert head.series == 0


def test_a_target_is_down_from_the_first_zero_of_up() -> None:
    head = Head()
    for at, up in ((10, 1), (20, 0), (30, 1), (40, 0), (50, 0)):
        append(head, at, up=up)
    assert [head.down(at) for at in (15_000, 25_000, 35_000, 55_000)] == [{}, {"t": 20_000}, {}, {"t": 40_000}]
