from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.web.fakes import NOW, Spec, claim_at, page, seen, stage

from opsguide.core.nouns import Known, State, Verdict
from opsguide.core.ports import FlipRow, RangeAnswer
from opsguide.web.charts import Source, bands, lines_of, range_of, shown, sides, source_of, unit_of, window

if TYPE_CHECKING:
    from tests.web.fakes import Stage

    from opsguide.kernel.view import ClaimView


@dataclass(frozen=True, slots=True)
class Limit:
    value: float = 0.7
    also_value: float | None = None
    name: str = ""


def measured(name: str = "value_ratio", spec: object = Limit()) -> ClaimView:
    claim = claim_at(5, "threshold", "CPU usage", spec)  # type: ignore[arg-type]
    known = Known(claim.id, "", 1, NOW - 600, Verdict(State.HOLDS, "", "41 %"), values=((name, 0.41),))
    return seen(claim, known.verdict, subjects=(known,))


@pytest.mark.parametrize(
    ("expr", "left", "limit"),
    [
        ("a > 5", "a", 5.0),
        (
            "(100 - (avg by (instance) (rate(b[5m])) * 100)) > 80",
            "(100 - (avg by (instance) (rate(b[5m])) * 100))",
            80.0,
        ),
        ("a == bool 0", "a", 0.0),
        ("a{x='>5'} >= -1e-3", "a{x='>5'}", -0.001),
        ("a > 5 and b > 3", "a > 5 and b > 3", None),
        ("a > b", "a > b", None),
        ("absent(up)", "absent(up)", None),
        ("a >", "a >", None),
    ],
)
def test_a_rule_is_drawn_by_the_left_side_of_its_comparison(expr: str, left: str, limit: float | None) -> None:
    assert sides(expr) == (left, limit)


def test_what_is_drawn_is_what_the_claim_measured_and_its_limits() -> None:
    assert source_of(measured()) == Source(
        'opsguide_claim_value{claim="threshold-shop-cpu-usage"}', "value_ratio", (0.7,)
    )
    assert source_of(measured(spec=Limit(0.2, 0.8))) is not None
    alert = seen(claim_at(1, "alert", "Slow", Spec(expr="latency > 2")), Verdict(State.HOLDS, ""))
    assert source_of(alert) == Source("latency", "", (2.0,))
    assert source_of(seen(claim_at(1, "task", "Read"), Verdict(State.WAITING, ""))) is None


def test_figures_of_another_unit_are_left_out_and_the_others_told_apart() -> None:
    names = ("p50_seconds", "p99_seconds", "status", "gone_seconds")
    labels = tuple((("__name__", "v"), ("claim", "c"), ("name", name)) for name in names)
    values = np.array([[1.0, 2.0], [3.0, 4.0], [200.0, 200.0], [np.nan, np.nan]])
    answer = RangeAnswer(labels, np.array([0.0, 1.0]), values)
    assert [line.name for line in lines_of(answer, Source("v", "p50_seconds"))] == ["p50", "p99"]
    assert [line.name for line in lines_of(answer, Source("v", "status"))] == ["status"]
    assert lines_of(answer)[0].name == "p50_seconds"


def test_units_are_read_from_the_end_of_a_name() -> None:
    assert [unit_of(name) for name in ("value_bytes_per_second", "value_per_second", "ratio", "value")] == [
        "bytes_per_second",
        "per_second",
        "ratio",
        "",
    ]
    assert [shown(0.123456, ""), shown(12345.6, ""), shown(0.5, "ratio")] == ["0.1235", "12,346", "50 %"]


def test_how_a_claim_stood_is_the_worst_of_its_subjects_at_each_time() -> None:
    view = measured()
    rows = [
        FlipRow(view.claim.id, "a", 2, 80.0, "broken", "holds", b""),
        FlipRow(view.claim.id, "b", 1, 60.0, "holds", "waiting", b""),
        FlipRow(view.claim.id, "a", 1, 40.0, "holds", "broken", b""),
    ]
    found = [(band.start, band.end, band.state) for band in bands(view, rows, 20.0, 100.0)]
    assert found == [(20.0, 40.0, "holds"), (40.0, 60.0, "broken"), (60.0, 80.0, "broken"), (80.0, 100.0, "waiting")]
    assert [band.state for band in bands(view, (), NOW - 900, NOW)] == ["holds"]


def test_a_window_ends_on_a_whole_step() -> None:
    assert window(1234.0, 600.0, 60) == (630.0, 1230.0)
    assert range_of("2h") == ("2h", 7200.0)
    assert range_of("9y") == ("30m", 1800.0)


def test_a_small_line_is_served_kept_a_while_and_stands_in_the_margin() -> None:
    async def scene() -> None:
        on = await stage()
        on.running.views[0] = measured()
        path = "/s/threshold-shop-cpu-usage"
        reply = await on.call.get(path)
        assert (reply.status, reply.headers["content-type"]) == (200, "image/svg+xml")
        assert reply.headers["cache-control"] == "private, max-age=15"
        assert "stroke-dasharray" in reply.text
        asked = on.running.series.ranges
        assert (await on.call.get(path)).body == reply.body
        assert on.running.series.ranges == asked
        on.clock.at += 15
        await on.call.get(path)
        assert on.running.series.ranges > asked
        assert (await on.call.get("/s/nope")).status == 404

    asyncio.run(scene())

    def figures(on: Stage) -> None:
        on.running.views[0] = measured()

    assert '<img src=/s/threshold-shop-cpu-usage alt="" loading=lazy>' in page("/", prepare=figures)


def test_what_has_no_figures_has_an_empty_picture() -> None:
    async def scene() -> str:
        on = await stage()
        return (await on.call.get("/s/task-shop-read-the-log")).text

    assert "<circle" not in asyncio.run(scene())
