"""Alertmanager's configuration, whole or in fragments, to dataclasses that keep their lines.

A superset on purpose: a block with receivers only, a route without receivers, `${NAME}` where Alertmanager expands
nothing, unknown keys. What is wrong is collected, never fatal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from opsguide.core.units import duration_s
from opsguide.engines.routing.integrations import GLOBALS, INTEGRATIONS
from opsguide.engines.routing.intervals import IntervalFault, TimeInterval, read_interval
from opsguide.engines.routing.labels import Matcher, MatcherFault, checked, read_matchers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opsguide.engines.marked import Node

GROUP_WAIT_S = 30.0
GROUP_INTERVAL_S = 300.0
REPEAT_INTERVAL_S = 14400.0
TOP_KEYS = frozenset(
    {"global", "route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals", "templates"}
)
_TELLING = frozenset({"route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals"})
_ROUTE_KEYS = frozenset(
    {
        *("receiver", "group_by", "group_wait", "group_interval", "repeat_interval", "continue", "routes", "labels"),
        *("match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"),
    }
)
_INHIBIT_KEYS = frozenset(
    {
        *("source_match", "source_match_re", "source_matchers"),
        *("target_match", "target_match_re", "target_matchers", "equal", "name"),
    }
)


PLACES = frozenset({"url", "to", "api_url", "channel", "routing_key", "service_key"})
"""Settings that say where a message goes; the others say how."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the text. line and column as the nodes have them; weight: error or warning.

    first: for what stands twice, the line where it stands first; else 0.
    """

    line: int
    column: int
    message: str
    hint: str
    rule: str = "routing/config"
    weight: str = "error"
    first: int = 0


@dataclass(frozen=True, slots=True)
class Integration:
    """One way a receiver is told. name: `webhook`, `email`, ...; index: its place among those of the same name.

    settings: keys as written, values as text; nested keys are joined by dots.
    """

    name: str
    index: int
    settings: Mapping[str, str]
    send_resolved: bool
    line: int = 0

    @property
    def key(self) -> str:
        """Its name and index, unique within the receiver."""
        return f"{self.name}[{self.index}]"

    @property
    def where(self) -> tuple[str, str]:
        """Hashes of where its messages go, and of all its settings: what differs after an edit."""
        places = {name: value for name, value in self.settings.items() if name in PLACES}
        return _hash(self.name, places), _hash(self.name, self.settings)


def _hash(name: str, settings: Mapping[str, str]) -> str:
    return hashlib.sha256(repr((name, sorted(settings.items()))).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told, by name. line: its `- name:` line; end_line: the last line of its block."""

    name: str
    integrations: tuple[Integration, ...] = ()
    line: int = 0
    end_line: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the tree as written; None where it inherits. group_by ("...",) means every label."""

    receiver: str | None = None
    group_by: tuple[str, ...] | None = None
    group_wait_s: float | None = None
    group_interval_s: float | None = None
    repeat_interval_s: float | None = None
    matchers: tuple[Matcher, ...] = ()
    carries_on: bool = False
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    line: int = 0

    def walk(self) -> Iterator[Route]:
        """This node and all below it."""
        yield self
        for child in self.routes:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While a source fires, targets that agree with it in every `equal` label are not told about."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class RoutingConfig:
    """Everything of one block that is about telling people. line, end_line: of the route, where there is one."""

    route: Route | None = None
    receivers: tuple[Receiver, ...] = ()
    inhibit: tuple[InhibitRule, ...] = ()
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    end_line: int = 0


def is_routing(node: Node) -> bool:
    """Whether a YAML document is Alertmanager's, or a fragment of it."""
    if node.is_sequence:
        return bool(node.children) and all(_is_receiver(child) for child in node.children)
    if not node.is_mapping or not any(node.get(key) for key in _TELLING):
        return False
    route, receivers = node.get("route"), node.get("receivers")
    if route is not None and not route.is_mapping:
        return False
    return receivers is None or receivers.is_sequence


def _is_receiver(node: Node) -> bool:
    return node.get("name") is not None and any(name.text.endswith("_configs") for name, _ in node.items())


def read_config(node: Node) -> tuple[RoutingConfig, list[Fault]]:
    """The configuration of a document that `is_routing`, and everything that is wrong with it."""
    reader = _Reader()
    return reader.config(node), reader.faults


class _Reader:
    """Collects faults while it reads."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, node: Node, message: str, hint: str, *, weight: str = "error", first: int = 0) -> None:
        self.faults.append(Fault(node.line, node.column, message, hint, weight=weight, first=first))

    def config(self, node: Node) -> RoutingConfig:
        if node.is_sequence:
            return RoutingConfig(receivers=self.receivers(node, {}), end_line=node.end_line)
        self.unknown(node, TOP_KEYS, "Alertmanager's configuration")
        route = node.get("route")
        shared = _texts(node.get("global"))
        found = RoutingConfig(
            route=replace(self.route(route), line=_line_of(node, "route")) if route is not None else None,
            receivers=self.receivers(node.get("receivers"), shared),
            inhibit=tuple(self.inhibit(rule) for rule in _children(node.get("inhibit_rules"))),
            intervals=self.intervals(node),
            defaults=shared,
            end_line=route.end_line if route is not None else node.end_line,
        )
        if route is not None and found.route is not None and found.route.matchers:
            self.fault(route, "the first route must match everything", "move its matchers to a route below it")
        return found

    def unknown(self, node: Node, known: frozenset[str], where: str) -> None:
        for name, _ in node.pairs:
            if name.text not in known:
                self.fault(
                    name, f"{where} has no key {name.text}", "take it out or mend its spelling", weight="warning"
                )

    def route(self, node: Node) -> Route:
        if not node.is_mapping:
            self.fault(node, "a route is a mapping", "write receiver: and its matchers below it")
            return Route(line=node.line)
        self.unknown(node, _ROUTE_KEYS, "a route")
        goes_on = node.get("continue")
        return Route(
            receiver=_text(node.get("receiver")),
            group_by=self.names(node.get("group_by")),
            group_wait_s=self.seconds(node, "group_wait"),
            group_interval_s=self.seconds(node, "group_interval"),
            repeat_interval_s=self.seconds(node, "repeat_interval"),
            matchers=self.matchers(node, ""),
            carries_on=goes_on is not None and goes_on.value is True,
            mute=self.names(node.get("mute_time_intervals")) or (),
            active=self.names(node.get("active_time_intervals")) or (),
            routes=tuple(self.route(child) for child in _children(node.get("routes"))),
            line=node.line,
        )

    def names(self, node: Node | None) -> tuple[str, ...] | None:
        if node is None:
            return None
        if node.is_scalar:
            return (node.text,)
        found = tuple(child.text for child in node.children)
        if "..." in found and len(found) > 1:
            self.fault(node, "'...' stands beside other labels", "write ['...'] alone, or name the labels")
            return ("...",)
        return found

    def seconds(self, node: Node, key: str) -> float | None:
        value = node.get(key)
        if value is None:
            return None
        found = duration_s(value.text)
        if found is None:
            self.fault(value, f"{key}: {value.text} is no duration", f"write {key}: 5m")
        elif found == 0 and key != "group_wait":
            self.fault(value, f"{key} must not be zero", f"write {key}: 5m")
            return None
        return found

    def matchers(self, node: Node, prefix: str) -> tuple[Matcher, ...]:
        found: list[Matcher] = []
        for name, value in _items(node.get(f"{prefix}match")):
            found.append(Matcher(name.text, value.text))
        for name, value in _items(node.get(f"{prefix}match_re")):
            matcher = Matcher(name.text, value.text, "=~", f"^(?:{value.text})$")
            found += self._matchers(value, partial(checked, matcher))
        listed = node.get(f"{prefix}matchers")
        rows = (listed,) if listed is not None and listed.is_scalar else _children(listed)
        for row in rows:
            found += self._matchers(row, partial(read_matchers, row.text))
        return tuple(sorted(found))

    def _matchers(self, at: Node, read: Callable[[], tuple[Matcher, ...]]) -> tuple[Matcher, ...]:
        try:
            return read()
        except MatcherFault as fault:
            self.fault(at, str(fault), 'write it as label="value" or label=~"one|two"')
            return ()

    def receivers(self, node: Node | None, shared: Mapping[str, str]) -> tuple[Receiver, ...]:
        found: dict[str, Receiver] = {}
        for child in _children(node):
            name = _text(child.get("name"))
            if not name:
                self.fault(child, "a receiver has no name", "write - name: and a name that the routes use")
            elif name in found:
                self.fault(child, f"receiver {name} stands twice", "rename one of them", first=found[name].line)
            else:
                found[name] = Receiver(name, self.integrations(child, shared), child.line, child.end_line)
        return tuple(found.values())

    def integrations(self, node: Node, shared: Mapping[str, str]) -> tuple[Integration, ...]:
        found: list[Integration] = []
        for key, value in node.items():
            name = key.text.removesuffix("_configs")
            if key.text == "name":
                continue
            if name == key.text or name not in INTEGRATIONS:
                self.fault(
                    key, f"no integration is called {key.text}", "take it out or mend its spelling", weight="warning"
                )
                continue
            found += [_integration(name, index, row, shared) for index, row in enumerate(_children(value))]
        return tuple(found)

    def inhibit(self, node: Node) -> InhibitRule:
        self.unknown(node, _INHIBIT_KEYS, "an inhibit rule")
        source, target = self.matchers(node, "source_"), self.matchers(node, "target_")
        if not source or not target:
            self.fault(
                node, "an inhibit rule needs a source and a target", "write source_matchers: and target_matchers:"
            )
        return InhibitRule(source, target, self.names(node.get("equal")) or (), node.line)

    def intervals(self, node: Node) -> dict[str, tuple[TimeInterval, ...]]:
        found: dict[str, tuple[TimeInterval, ...]] = {}
        for key in ("mute_time_intervals", "time_intervals"):
            for entry in _children(node.get(key)):
                rows = _children(entry.get("time_intervals"))
                found[_text(entry.get("name")) or ""] = tuple(i for i in map(self._interval, rows) if i is not None)
        return found

    def _interval(self, node: Node) -> TimeInterval | None:
        try:
            return read_interval(node.value if node.is_mapping else {})
        except IntervalFault as fault:
            self.fault(node, str(fault), "see Alertmanager's time_intervals for the forms it takes")
            return None


def _integration(name: str, index: int, node: Node, shared: Mapping[str, str]) -> Integration:
    settings = _texts(node)
    for key, origin in GLOBALS.get(name, {}).items():
        if key not in settings and origin in shared:
            settings[key] = shared[origin]
    told = settings.pop("send_resolved", "")
    send_resolved = told == "true" if told else INTEGRATIONS[name].send_resolved
    return Integration(name, index, settings, send_resolved, node.line)


def _texts(node: Node | None, prefix: str = "") -> dict[str, str]:
    """Every scalar below a mapping, by its dotted path."""
    found: dict[str, str] = {}
    if node is None:
        return found
    rows = [(name.text, value) for name, value in node.items()]
    rows += [(str(at), child) for at, child in enumerate(node.children)]
    for name, value in rows:
        if value.is_scalar:
            written = str(value.value).lower() if isinstance(value.value, bool) else value.text
            found[prefix + name] = written
        else:
            found |= _texts(value, f"{prefix}{name}.")
    return found


def _line_of(node: Node, key: str) -> int:
    found = node.key(key)
    return found.line if found is not None else node.line


def _text(node: Node | None) -> str | None:
    return node.text if node is not None and node.is_scalar and node.value is not None else None


def _children(node: Node | None) -> tuple[Node, ...]:
    return node.children if node is not None else ()


def _items(node: Node | None) -> tuple[tuple[Node, Node], ...]:
    return node.pairs if node is not None else ()
