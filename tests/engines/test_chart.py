from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.chart import COLOURS, MOST_POINTS, Band, Line, chart, sparkline, thin, time_ticks, value_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

START, END = 1_800_000_000.0, 1_800_001_800.0
SVG = "{http://www.w3.org/2000/svg}"


def line(values: Sequence[float], name: str = "") -> Line:
    return Line(np.linspace(START, END, len(values)), np.array(values, dtype=np.float64), name)


def labels(end: float) -> list[str]:
    return [label for _, label in time_ticks(START, end)]


def paths(svg: str) -> list[str]:
    return re.findall(r' d="([^"]*)"', svg)


def test_a_sparkline_has_its_limit_dotted_and_a_dot_at_its_last_value() -> None:
    svg = sparkline(line([1, 2, 3, math.nan]), start=START, end=END, limits=[4], state="broken", title="CPU <1>")
    limit, drawn = paths(svg)
    assert limit == "M0 5H192"
    assert "stroke-dasharray" in svg
    # The last known value is the third of four points, at three quarters of its limit's height.
    assert '<circle cx="124" cy="16"' in svg
    assert drawn.startswith("M2 39")
    assert COLOURS["broken"] in svg
    assert 'aria-label="CPU &lt;1&gt;"' in svg
    assert ET.fromstring(svg).tag == f"{SVG}svg"


def test_a_gap_breaks_the_line_and_a_point_alone_is_seen() -> None:
    (drawn,) = paths(sparkline(line([1, 2, math.nan, 5, math.nan]), start=START, end=END))
    assert drawn.count("M") == 2
    assert drawn.endswith("h0")


def test_a_straight_line_is_two_points_however_long() -> None:
    (drawn,) = paths(sparkline(line([3.0] * 60), start=START, end=END))
    assert re.fullmatch(r"M2 \d+h183", drawn)


def test_nothing_known_draws_nothing_and_is_still_a_picture() -> None:
    svg = sparkline(line([math.nan] * 5), start=START, end=END)
    assert "<circle" not in svg
    assert ET.fromstring(svg).get("width") == "96"


def test_noise_is_drawn_as_the_small_thing_it_is() -> None:
    (drawn,) = paths(sparkline(line([100.0, 101.0, 100.0, 101.0]), start=START, end=END))
    assert max(abs(int(y)) for _, y in re.findall(r"l(-?\d+) ?(-?\d+)", drawn)) <= 4


def test_sixty_points_fit_into_600_bytes_besides_the_frame() -> None:
    values = [50 + 40 * math.sin(n / 3) for n in range(60)]
    assert len(paths(sparkline(line(values), start=START, end=END))[0]) < 600


def test_no_picture_carries_style_or_script() -> None:
    for svg in (
        sparkline(line([1, 2]), start=START, end=END, limits=[1]),
        chart([line([1, 2])], start=START, end=END, limits=[1], bands=[Band(START, END, "holds", "held")]),
    ):
        assert "style" not in svg
        assert "script" not in svg


def test_a_chart_has_axes_ticks_series_limits_and_bands() -> None:
    svg = chart(
        [line([0.1, 0.5, math.nan, 0.4], "a"), line([0.2, 0.2], "b")],
        start=START,
        end=END,
        unit="ratio",
        limits=[0.7],
        bands=[Band(START - 60, START + 900, "broken", "above 70 %"), Band(END + 1, END + 2, "holds")],
        title="CPU & more",
    )
    root = ET.fromstring(svg)
    texts = [found.text for found in root.iter("text")]
    assert texts[:5] == ["0 %", "20 %", "40 %", "60 %", "80 %"]
    assert "08:05" in texts
    classes = [found.get("class") for found in root.iter("path")]
    assert classes.count("line l0") == classes.count("line l1") == classes.count("limit") == 1
    (band,) = root.iter("rect")
    assert band.get("class") == "band broken"
    assert [found.text for found in root.iter("title")] == ["CPU & more", "above 70 %"]
    assert root.get("data-start") == "1800000000.000"
    first = next(found for found in root.iter("path") if found.get("class") == "line l0").get("d") or ""
    assert first.count("M") == 2


def test_a_chart_of_nothing_has_axes_all_the_same() -> None:
    assert "<text" in chart([], start=START, end=END)


@pytest.mark.parametrize(
    ("low", "high", "unit", "ticks"),
    [
        (0.0, 0.7, "ratio", [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]),
        (0.0, 1.0, "", [0.0, 0.25, 0.5, 0.75, 1.0]),
        (3.0, 97.0, "count", [0.0, 25.0, 50.0, 75.0, 100.0]),
        (0.0, 1500.0, "seconds", [0.0, 600.0, 1200.0, 1800.0]),
        (-5.0, 5.0, "", [-5.0, -2.5, 0.0, 2.5, 5.0]),
    ],
)
def test_values_have_round_ticks(low: float, high: float, unit: str, ticks: list[float]) -> None:
    assert value_ticks(low, high, unit) == ticks


def test_times_have_round_ticks_and_days_their_date() -> None:
    assert labels(END) == ["08:00", "08:05", "08:10", "08:15", "08:20", "08:25", "08:30"]
    assert labels(START + 40) == ["08:00:00", "08:00:10", "08:00:20", "08:00:30", "08:00:40"]
    assert "16 Jan" in labels(START + 86400)
    assert all(re.fullmatch(r"\d\d \w{3}", label) for label in labels(START + 400 * 86400))


def test_many_samples_become_few_points_and_no_peak_and_no_gap_is_lost() -> None:
    values = np.sin(np.arange(100_000) / 500)
    values[70_001] = 9.0
    values[12_345] = -9.0
    values[50_000:50_003] = np.nan
    thinned = thin(line(values.tolist()))
    assert len(thinned.values) <= MOST_POINTS
    assert np.nanmax(thinned.values) == 9.0
    assert np.nanmin(thinned.values) == -9.0
    assert np.isnan(thinned.values).sum() == 1
    assert thinned.times[np.nanargmax(thinned.values)] == line(values.tolist()).times[70_001]


@given(st.lists(st.floats(width=64), max_size=40), st.lists(st.floats(-1e12, 1e12), max_size=2))
def test_whatever_the_values_it_is_a_picture(values: list[float], limits: list[float]) -> None:
    tame = [value if abs(value) < 1e200 else math.nan for value in values]
    for svg in (
        sparkline(line(tame), start=START, end=END, limits=limits),
        chart([line(tame)], start=START, end=END, limits=limits),
    ):
        ET.fromstring(svg)
        assert "nan" not in svg
        assert "inf" not in svg
