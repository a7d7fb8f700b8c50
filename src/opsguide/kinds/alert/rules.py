"""Rule YAML to alert claims: groups, PrometheusRule, bare lists, a rule alone; each rule at its own lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import Claim
from opsguide.core.units import duration_s
from opsguide.engines.gotemplate import check
from opsguide.engines.marked import YamlFault, load, repeated_keys
from opsguide.engines.promql import QueryFault, parse
from opsguide.kinds.alert.said import understood
from opsguide.kinds.alert.spec import AlertSpec, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Fence, Place
    from opsguide.core.kind import Context
    from opsguide.engines.marked import Node

LANGUAGES = frozenset({"", "yaml", "yml", "prometheus", "prom", "rules"})
_RULES = re.compile(r"(?:^|[\s{,-])[\"']?(?:alert|record)[\"']?\s*:(?:\s|$)", re.MULTILINE)
_KEYS = frozenset({"alert", "expr", "for", "keep_firing_for", "labels", "annotations"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Turns lines of the YAML text into places of the file."""

    fence: Fence
    context: Context

    def place(self, line: int, end_line: int = 0, column: int = 1) -> Place:
        """The place of these lines of the text, 1-based."""
        return self.fence.place_of(line, end_line, column)

    def _first(self, node: Node | YamlFault) -> tuple[Place, ...]:
        """Where that stands first which must not stand twice."""
        return (self.place(node.first),) if isinstance(node, YamlFault) and node.first else ()

    def mend(self, node: Node | YamlFault, wrong: str, mend: str, rule: str, level: Level = Level.ERROR) -> Mend:
        """A finding at a node."""
        return Mend(self.place(node.line, column=node.column), wrong, mend, rule, level, self._first(node))


def read_rules(fence: Fence, context: Context) -> Iterator[Claim[AlertSpec] | Mend]:
    """The alerts of a block that holds rules; nothing where it holds none."""
    if fence.language not in LANGUAGES or not fence.lines or not _RULES.search(fence.text):
        return
    spot = Spot(fence, context)
    try:
        documents = _load(fence, context)
    except YamlFault as fault:
        yield spot.mend(fault, fault.message, fault.hint, "alert/yaml")
        return
    for document in documents:
        groups = list(_groups(document))
        for group in groups:
            yield from _group(group, spot)
        if groups:
            for again in repeated_keys(document):
                yield spot.mend(again, again.message, again.hint, "alert/repeated-key")


def _load(fence: Fence, context: Context) -> list[Node]:
    """The documents; placeholders that break the syntax are filled first."""
    try:
        return load(fence.text)
    except YamlFault:
        filled = context.fill(fence.text)
        if filled.text == fence.text or filled.text.count("\n") != fence.text.count("\n"):
            raise
        return load(filled.text)


@dataclass(frozen=True, slots=True)
class _Group:
    rules: tuple[Node, ...]
    name: str | None = None
    interval: Node | None = None


def _groups(node: Node) -> Iterator[_Group]:
    """Every group of rules in a document, whatever it is wrapped in."""
    if node.is_sequence:
        if any(child.get("alert") or child.get("record") for child in node.children):
            yield _Group(node.children)
            return
        for child in node.children:
            yield from _groups(child)
        return
    if (node.get("alert") or node.get("record")) and node.get("expr"):
        yield _Group((node,))
        return
    rules = node.get("rules")
    if rules is not None and rules.is_sequence:
        name = node.get("name")
        yield _Group(rules.children, name.text if name is not None else None, node.get("interval"))
    for key in ("spec", "groups", "items"):
        below = node.get(key)
        if below is not None:
            yield from _groups(below)


def _group(group: _Group, spot: Spot) -> Iterator[Claim[AlertSpec] | Mend]:
    recordings: list[Recording] = []
    for rule in group.rules:
        if rule.get("record") is not None:
            yield from _recording(rule, spot, recordings)
    interval_s = _seconds(group.interval) or spot.context.defaults.get("evaluation_interval", 15.0)
    alerts = [rule for rule in group.rules if rule.get("alert") is not None]
    for rule in alerts:
        yield from _Rule(rule, spot).read(group.name, interval_s, tuple(recordings))
    if recordings and not alerts:
        wrong = "recording rules without an alert in their group are not evaluated by this version"
        yield spot.mend(
            group.rules[0], wrong, "put them into the group of the alert that uses them", "alert/records", Level.NOTE
        )


def _recording(rule: Node, spot: Spot, found: list[Recording]) -> Iterator[Mend]:
    name, expr = rule.get("record"), rule.get("expr")
    if name is None or expr is None:
        yield spot.mend(rule, "a recording rule has no expr", "write expr: and what it records", "alert/expr")
        return
    filled = spot.context.fill(expr.text.strip())
    fault = _query_fault(filled.text)
    if fault is not None and not filled.needs:
        yield _expr_mend(spot, expr, filled.text, fault)
    elif not filled.needs:
        found.append(Recording(name.text, filled.text, _texts(rule.get("labels"), spot.context)))


def _expr_mend(spot: Spot, expr: Node, filled: str, fault: QueryFault) -> Mend:
    lead = len(expr.text) - len(expr.text.lstrip())
    same = filled.strip() == expr.text.strip() and fault.column > 0
    line, column = expr.locate(lead + fault.column - 1) if same else (expr.line, expr.column)
    wrong = f"the expression is no PromQL: {fault.message}".replace(": this is no PromQL", "", 1)
    mend = fault.hint or "mend the expression at this place"
    return Mend(spot.place(line, column=column), wrong, mend, "alert/expr")


def _query_fault(expr: str) -> QueryFault | None:
    try:
        query = parse(expr)
    except QueryFault as fault:
        return fault
    if query.kind in {"matrix", "string"}:
        hint = "wrap it in rate() or another function over time" if query.kind == "matrix" else "write an expression"
        return QueryFault(f"a rule needs a vector, this is a {query.kind}", hint=hint)
    return None


def _seconds(node: Node | None) -> float | None:
    return duration_s(node.text) if node is not None else None


def _texts(node: Node | None, context: Context) -> dict[str, str]:
    pairs = node.pairs if node is not None else ()
    return {name.text: context.fill(value.text).text for name, value in pairs if value.is_scalar}


class _Rule:
    """One alerting rule."""

    def __init__(self, node: Node, spot: Spot) -> None:
        self.node = node
        self.spot = spot
        self.mends: list[Mend] = []

    def read(
        self, group: str | None, interval_s: float, recordings: tuple[Recording, ...]
    ) -> Iterator[Claim[AlertSpec] | Mend]:
        """The claim of the rule, if it has an expression, and what is wrong with it."""
        context, alert, expr = self.spot.context, self.node.get("alert"), self.node.get("expr")
        if alert is None or expr is None or not expr.text.strip():
            yield self.spot.mend(self.node, "the alert has no expr", "write expr: and when it is to fire", "alert/expr")
            return
        name, filled = context.fill(alert.text), context.fill(expr.text.strip())
        fault = _query_fault(filled.text)
        if fault is not None and not filled.needs:
            yield _expr_mend(self.spot, expr, filled.text, fault)
            return
        labels = _texts(self.node.get("labels"), context)
        severity = self._severity(labels)
        spec = AlertSpec(
            name=name.text,
            expr=filled.text,
            for_s=self._duration("for"),
            keep_firing_for_s=self._duration("keep_firing_for"),
            severity=severity,
            channels=context.inherited.channels,
            labels=labels,
            annotations=_texts(self.node.get("annotations"), context),
            group=group,
            interval_s=interval_s,
            recordings=recordings,
        )
        self._unknown_keys()
        self._templates()
        yield from self.mends
        yield Claim(
            kind="alert",
            title=name.text,
            subject=alert.text,
            place=self.spot.place(self.node.line, self.node.end_line),
            spec=spec,
            understood=understood(spec),
            needs=tuple(dict.fromkeys((*filled.needs, *name.needs))),
            status=context.inherited.status,
            inherited=context.inherited,
            headings=tuple(heading.text for heading in context.path),
        )

    def _severity(self, labels: dict[str, str]) -> str | None:
        """The severity label; one that stands beside `for` is meant as one, and is put where it belongs."""
        misplaced = self.node.get("severity")
        if misplaced is not None:
            key = self.node.key("severity") or misplaced
            wrong = "severity stands beside the rule's keys, where Prometheus refuses the whole file"
            mend = f"move it below labels: as severity: {misplaced.text}"
            self.mends.append(self.spot.mend(key, wrong, mend, "alert/misplaced-severity", Level.WARNING))
            labels.setdefault("severity", misplaced.text)
        return labels["severity"].lower() if labels.get("severity") else None

    def _duration(self, key: str) -> float | None:
        node = self.node.get(key)
        found = _seconds(node)
        if node is not None and found is None:
            wrong, mend = f"{key}: {node.text} is no duration", f"write {key}: 5m"
            self.mends.append(self.spot.mend(node, wrong, mend, "alert/duration"))
        return found

    def _unknown_keys(self) -> None:
        for key, _ in self.node.pairs:
            if key.text not in _KEYS | {"severity"}:
                wrong, mend = f"a rule has no key {key.text}", "take it out, or move it below labels: or annotations:"
                self.mends.append(self.spot.mend(key, wrong, mend, "alert/unknown-key", Level.WARNING))

    def _templates(self) -> None:
        for part in ("labels", "annotations"):
            node = self.node.get(part)
            for name, value in node.pairs if node is not None else ():
                for fault in check(value.text):
                    line, column = value.locate(fault.offset)
                    place = self.spot.place(line, column=column)
                    wrong = f"the template of {name.text} cannot be expanded: {fault.message}"
                    mend = f"{fault.hint or 'mend it'}: until then its error is sent in its place"
                    self.mends.append(Mend(place, wrong, mend, "alert/template"))
