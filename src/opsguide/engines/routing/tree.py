"""Which receivers hear of an alert, in which group, and at what pace: the route tree, resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opsguide.engines.routing.config import GROUP_INTERVAL_S, GROUP_WAIT_S, REPEAT_INTERVAL_S
from opsguide.engines.routing.labels import label_set, printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opsguide.engines.routing.config import Route
    from opsguide.engines.routing.labels import Labels


@dataclass(frozen=True, slots=True)
class Timings:
    """How a group is paced, in seconds. Alertmanager's defaults."""

    group_wait_s: float = GROUP_WAIT_S
    group_interval_s: float = GROUP_INTERVAL_S
    repeat_interval_s: float = REPEAT_INTERVAL_S


@dataclass(frozen=True, slots=True)
class Destination:
    """One group that an alert belongs to.

    path: the route's place in the tree ("0" is the root, "0.1" its second child). key: Alertmanager's groupKey.
    mute, active: names of the route's time intervals.
    """

    path: str
    receiver: str
    key: str
    labels: Labels
    timings: Timings = Timings()
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """Unique for the group within one tree; two routes may print the same key."""
        return f"{self.path}|{self.receiver}|{self.key}"


@dataclass(frozen=True, slots=True)
class _Above:
    """What a route hands down to its children."""

    path: str
    printed: str
    receiver: str
    group_by: tuple[str, ...]
    timings: Timings


def deliver_groups(tree: Route, labels: Labels) -> list[Destination]:
    """Every group that an alert with these labels belongs to, in the order of the tree; never empty.

    Depth first; the first child that matches ends the search unless it says `continue`; where none matches, the node
    itself is meant. Time intervals and `continue` are not inherited.
    """
    asked = dict(labels)
    root = _Above("", "", "", (), Timings())
    return [_destination(route, above, asked) for route, above in _matching(tree, root, 0, asked)]


def _matching(route: Route, above: _Above, index: int, labels: Mapping[str, str]) -> Iterator[tuple[Route, _Above]]:
    here = _inherit(route, above, index)
    met = False
    for at, child in enumerate(route.routes):
        if all(matcher.matches(labels) for matcher in child.matchers):
            met = True
            yield from _matching(child, here, at, labels)
            if not child.carries_on:
                break
    if not met:
        yield route, here


def _inherit(route: Route, above: _Above, index: int) -> _Above:
    timings = above.timings
    stated = {
        name: value
        for name in ("group_wait_s", "group_interval_s", "repeat_interval_s")
        if (value := getattr(route, name)) is not None
    }
    own = "{" + ",".join(str(matcher) for matcher in route.matchers) + "}"
    return _Above(
        path=f"{above.path}.{index}".lstrip("."),
        printed=f"{above.printed}/{own}".lstrip("/"),
        receiver=above.receiver if route.receiver is None else route.receiver,
        group_by=above.group_by if route.group_by is None else route.group_by,
        timings=replace(timings, **stated),
    )


def _destination(route: Route, here: _Above, labels: Mapping[str, str]) -> Destination:
    every = here.group_by == ("...",)
    grouped = label_set((name, value) for name, value in labels.items() if every or name in here.group_by)
    key = f"{here.printed}:{printed(grouped)}"
    return Destination(here.path, here.receiver, key, grouped, here.timings, route.mute, route.active)
