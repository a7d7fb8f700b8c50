"""What a query would cost, known before it runs: one query must not be able to take the process down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.engines.promql.evaluate import subquery_grid
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.overtime import FUNCTIONS
from opsguide.engines.promql.tree import Call, Node, RangeSelector, Selector, Subquery, children
from opsguide.engines.series import LOOKBACK_MS

if TYPE_CHECKING:
    from opsguide.engines.promql.frame import Grid
    from opsguide.engines.series import Source

LIMIT = 50_000_000
MOST_STEPS = 11_000
_EDGES_ONLY = frozenset({"rate", "increase", "delta", "irate", "idelta", "changes", "resets", "last_over_time"})
"""Functions that look at a window's edges and running totals; the others read every sample of every window."""


def price(node: Node, source: Source, grid: Grid) -> int:
    """Cells that evaluating the node touches: series x steps, times the slots of a window where all are read."""
    if isinstance(node, Selector):
        return max(_series(node, source, grid), 1) * grid.steps
    if isinstance(node, RangeSelector):
        return _windows(node, source, grid, whole=True)
    if isinstance(node, Subquery):
        inner = subquery_grid(node, grid)
        if inner is None:
            return 0
        per_window = node.range_ms // inner.step_ms + 1
        return price(node.inner, source, inner) + price(node.inner, source, grid) * per_window
    if isinstance(node, Call) and node.name in FUNCTIONS and isinstance(node.args[0], RangeSelector):
        return _windows(node.args[0], source, grid, whole=node.name not in _EDGES_ONLY)
    return sum(price(child, source, grid) for child in children(node))


def _series(node: Selector, source: Source, grid: Grid) -> int:
    return sum(source.count(way, grid.start_ms - LOOKBACK_MS, grid.end_ms)[0] for way in node.ways)


def _windows(node: RangeSelector, source: Source, grid: Grid, *, whole: bool) -> int:
    end_ms = grid.end_ms - node.selector.offset_ms
    start_ms = grid.start_ms - node.selector.offset_ms - node.range_ms
    cells = 0
    for way in node.selector.ways:
        series, slots = source.count(way, start_ms, end_ms)
        # A window's share of all slots; a burst of scrapes within one window is not worth a second look.
        share = min(slots, slots * node.range_ms // (end_ms - start_ms) + 1)
        cells += series * (grid.steps * max(share, 1) if whole else grid.steps + slots)
    return cells


def refuse_dear(text: str, node: Node, source: Source, grid: Grid, limit: int = LIMIT) -> int:
    """The price; raises QueryFault with the figure where it is above the limit."""
    if grid.steps > MOST_STEPS:
        raise QueryFault(f"{grid.steps} steps are more than {MOST_STEPS}: use a longer step or a shorter range")
    cost = price(node, source, grid)
    if cost > limit:
        raise QueryFault(
            f"the query would read {cost / 1e6:.0f} million values and the limit is {limit / 1e6:.0f} million: "
            f"use a longer step, a shorter range or fewer series ({text[:80]})"
        )
    return cost
