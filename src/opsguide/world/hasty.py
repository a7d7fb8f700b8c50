"""Series for a demo whose clocks are divided: every range window of an expression is asked that much shorter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.units import duration_s, prometheus_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.ports import Answer, Metric, RangeAnswer, Samples, Series, Target

SHORTEST_S = 3.0
"""A rate needs two samples, and a demo scrapes once a second."""
_TEXT_OR_WINDOW = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|\[\s*(?P<window>[0-9][0-9a-z.]*)\s*(?P<rest>[:\]])"""
)


def shorter(expr: str, by: float) -> str:
    """The expression with its range windows divided by `by`, to 3 s at the shortest; texts in quotes stay."""

    def divided(found: re.Match[str]) -> str:
        window_s = duration_s(found["window"] or "")
        if found["text"] or window_s is None:
            return found[0]
        return f"[{prometheus_duration(max(min(window_s, SHORTEST_S), window_s / by))}{found['rest']}"

    return _TEXT_OR_WINDOW.sub(divided, expr)


class HastySeries:
    """The series port of a demo; see `core.ports.Series`."""

    def __init__(self, series: Series, by: float) -> None:
        """Ask `series`, with windows divided by `by`."""
        self._series, self._by = series, by

    async def append(self, target: Target, at: float, samples: Samples) -> None:
        """As the series do."""
        await self._series.append(target, at, samples)

    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        """With shorter windows."""
        return await self._series.query_many([shorter(expr, self._by) for expr in exprs], at)

    async def query_range(self, expr: str, start: float, end: float, step_s: float) -> RangeAnswer:
        """With shorter windows."""
        return await self._series.query_range(shorter(expr, self._by), start, end, step_s)

    async def catalogue(self) -> Mapping[str, Metric]:
        """As the series do."""
        return await self._series.catalogue()
