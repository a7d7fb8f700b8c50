"""Range windows of a demo whose clocks are divided."""

from __future__ import annotations

import pytest

from opsguide.world.hasty import shorter


@pytest.mark.parametrize(
    ("expr", "asked"),
    [
        ("rate(a_total[5m])", "rate(a_total[15s])"),
        ("rate(a_total[20s]) > 2", "rate(a_total[3s]) > 2"),
        ("rate(a_total[2s])", "rate(a_total[2s])"),
        ('rate(a_total{path="[5m]"}[ 1h ])', 'rate(a_total{path="[5m]"}[3m])'),
        ("max_over_time(rate(a[5m])[1h:1m])", "max_over_time(rate(a[15s])[3m:1m])"),
        ("a > 0.5", "a > 0.5"),
        (r'a{b=~"x\"[5m]"}', r'a{b=~"x\"[5m]"}'),
    ],
)
def test_windows_are_divided_and_nothing_else(expr: str, asked: str) -> None:
    assert shorter(expr, 20.0) == asked
