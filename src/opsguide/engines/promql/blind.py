"""What a query could not see. The table of cases stands in docs/design/series.md; its numbers are quoted here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opsguide.core.units import prometheus_duration
from opsguide.engines.labelsets import text
from opsguide.engines.promql.evaluate import Evaluation, subquery_grid
from opsguide.engines.promql.overtime import NEEDS_TWO
from opsguide.engines.promql.tree import Binary, Call, Node, RangeSelector, Selector, Subquery, children
from opsguide.engines.series import Matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.engines.labelsets import Labels
    from opsguide.engines.promql.frame import Grid
    from opsguide.engines.series import Matchers, Sighting

_IDENTITY = frozenset({"job", "instance"})


@dataclass(frozen=True, slots=True)
class Blindness:
    """A selector with nothing fresh to see. labels: of a target lost beside others, what its series had in common."""

    selector: str
    why: str
    labels: Labels = ()


def blind(ev: Evaluation, node: Node, grid: Grid) -> tuple[Blindness, ...]:
    """The blind selectors below the node, at the end of the grid."""
    return tuple(dict.fromkeys(_look(ev, node, grid, 1)))


def partly(ev: Evaluation, node: Node, grid: Grid) -> tuple[Blindness, ...]:
    """The down targets whose series some selector lacks, while it still has fresh ones of other targets."""
    if not ev.down(grid.end_ms):
        return ()
    found = [loss for selector, inner, _ in _selectors(node, grid) for loss in _losses(ev, selector, inner)]
    return tuple(dict.fromkeys(found))


def _selectors(node: Node, grid: Grid) -> Iterable[tuple[Selector, Grid, int]]:
    if isinstance(node, Selector):
        yield node, grid, 0
    elif isinstance(node, RangeSelector):
        yield node.selector, grid, node.range_ms
    elif isinstance(node, Subquery):
        inner = subquery_grid(node, grid)
        if inner is not None:
            yield from _selectors(node.inner, inner)
    elif isinstance(node, Call) and node.name in {"absent", "absent_over_time"}:
        return
    elif isinstance(node, Binary) and node.op == "unless":
        yield from _selectors(node.left, grid)
    else:
        for child in children(node):
            yield from _selectors(child, grid)


def _losses(ev: Evaluation, node: Selector, grid: Grid) -> Iterable[Blindness]:
    at_ms = _end(node, grid)
    down = ev.down(at_ms)
    for way in node.ways:
        for sighting in ev.source.sightings(way, at_ms):
            if sighting.group in down and sighting.last_ms < sighting.latest_ms:
                yield Blindness(node.text, _down(sighting), sighting.common)


def _look(ev: Evaluation, node: Node, grid: Grid, need: int) -> list[Blindness]:
    if isinstance(node, Selector):
        frame, _ = ev.latest(node, grid)
        return [] if frame.mask.any() else _why(ev, node, grid)
    if isinstance(node, RangeSelector):
        return _look_range(ev, node, grid, need)
    if isinstance(node, Subquery):
        inner = subquery_grid(node, grid)
        return [] if inner is None else _look(ev, node.inner, inner, 1)
    if isinstance(node, Call):
        if node.name in {"absent", "absent_over_time"}:  # case 10
            return []
        need = 2 if node.name in NEEDS_TWO else 1
    if isinstance(node, Binary) and node.op == "unless":  # case 11
        return _look(ev, node.left, grid, 1)
    if isinstance(node, Binary) and node.op == "or":  # cases 12 and 13
        left, right = _look(ev, node.left, grid, 1), _look(ev, node.right, grid, 1)
        return [*left, *right] if left and right else []
    return [found for child in children(node) for found in _look(ev, child, grid, need)]


def _look_range(ev: Evaluation, node: RangeSelector, grid: Grid, need: int) -> list[Blindness]:
    most = max((int(w.count.max(initial=0)) for w in ev.windows(node, grid) if len(w.sets)), default=0)
    if most >= need:
        return []
    at_ms = _end(node.selector, grid)
    seen = _sightings(ev, node.selector.ways, at_ms)
    if most and seen and min(s.first_ms for s in seen) > at_ms - node.range_ms:  # case 8
        window = prometheus_duration(node.range_ms / 1000)
        shown = node.selector.name or node.selector.text
        why = f"not enough samples yet ({shown} needs {need} within {window})"
        return [Blindness(node.selector.text, why)]
    return _why(ev, node.selector, grid)


def _end(node: Selector, grid: Grid) -> int:
    if node.at is None:
        return grid.end_ms - node.offset_ms
    fixed = {"start": grid.first_ms, "end": grid.last_ms}.get(node.at.edge, node.at.at_ms)
    return fixed - node.offset_ms


def _sightings(ev: Evaluation, ways: Sequence[Matchers], at_ms: int) -> list[Sighting]:
    return [sighting for way in ways for sighting in ev.source.sightings(way, at_ms)]


def _why(ev: Evaluation, node: Selector, grid: Grid) -> list[Blindness]:
    at_ms = _end(node, grid)
    seen = _sightings(ev, node.ways, at_ms)
    if seen:  # cases 3 and 4
        return _downs(node, [s for s in seen if s.down_since_ms is not None])
    if node.name == "up" and (sentence := _no_job(ev, node, at_ms)):  # case 7
        return [Blindness(node.text, sentence)]
    if not node.name:  # case 14
        return [Blindness(node.text, f"nothing that matches {node.text} was ever seen")]
    named = ev.source.sightings((Matcher("__name__", "=", node.name),), at_ms)
    if not named:  # case 2
        return [Blindness(node.text, _never(ev, node, grid.end_ms - at_ms, grid.end_ms))]
    if all(s.down_since_ms is not None for s in named):  # case 6
        return _downs(node, named)
    return []  # case 5


def _never(ev: Evaluation, node: Selector, ago_ms: int, end_ms: int) -> str:
    if ago_ms > 0 and ev.source.sightings((Matcher("__name__", "=", node.name),), end_ms):
        return f"{node.name} has no samples as old as {prometheus_duration(ago_ms / 1000)}"
    return f"{node.name} was never seen"


def _downs(node: Selector, down: Sequence[Sighting]) -> list[Blindness]:
    if not down:
        return []
    last = max(down, key=lambda s: s.latest_ms)
    more = f", and {len(down) - 1} more" if len(down) > 1 else ""
    return [Blindness(node.text, _down(last) + more)]


def _down(sighting: Sighting) -> str:
    since = datetime.fromtimestamp((sighting.down_since_ms or 0) / 1000, UTC)
    what = "has sent nothing" if sighting.stopped else "is down"
    return f"target {_named(sighting)} {what} since {since:%Y-%m-%d %H:%M:%S} UTC"


def _named(sighting: Sighting) -> str:
    labels = dict(sighting.target)
    job, instance = labels.get("job", ""), labels.get("instance", "")
    return (
        f"{job} ({instance})"
        if job and instance
        else job or instance or text(sighting.target).strip("{}") or sighting.group
    )


def _no_job(ev: Evaluation, node: Selector, at_ms: int) -> str:
    """The sentence where `up` is asked of a job or instance that no target has; else ""."""
    for way in node.ways:
        asked = tuple(m for m in way if m.name in _IDENTITY and m.op == "=")
        if asked and not ev.source.sightings((Matcher("__name__", "=", "up"), *asked), at_ms):
            job = next((m.value for m in asked if m.name == "job"), "")
            if job:
                return f"no scrape job named {job}"
            return f"no target has instance {asked[0].value}"
    return ""
