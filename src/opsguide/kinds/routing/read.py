"""Alertmanager YAML, headings with channels and channel lists, to routing claims."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Item, Place, Section
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import Claim
from opsguide.core.units import said
from opsguide.engines.marked import YamlFault, load, repeated_keys
from opsguide.engines.routing.config import (
    GROUP_INTERVAL_S,
    GROUP_WAIT_S,
    REPEAT_INTERVAL_S,
    Integration,
    Receiver,
    is_routing,
    read_config,
)
from opsguide.engines.routing.integrations import INTEGRATIONS, missing, notes
from opsguide.kinds.routing.spec import RoutingSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Node
    from opsguide.core.kind import Context, Filled
    from opsguide.core.settings import EmailSettings
    from opsguide.engines.marked import Node as Yaml
    from opsguide.engines.routing.config import Fault, Route, RoutingConfig

_LOOKS_LIKE = re.compile(
    r"^(?:route|receivers|inhibit_rules|(?:mute_)?time_intervals):|^- name:[^\n]*\n\s+\w+_configs:", re.MULTILINE
)
_CHANNEL = re.compile(
    r"\b(pager ?duty|slack|e-?mail|sms|phone|opsgenie|(?:ms )?teams|discord|telegram|webhook|mattermost)\b",
    re.IGNORECASE,
)
_INTEGRATION = {"pager duty": "pagerduty", "e-mail": "email", "teams": "msteams", "ms teams": "msteams"}
_CHANNELS_HEADING = re.compile(r"\b(communication|notification|alert(?:ing)?) channels?\b", re.IGNORECASE)
_SAID = {"pagerduty": "PagerDuty", "sms": "SMS", "msteams": "Microsoft Teams", "opsgenie": "Opsgenie"}


def read(node: Node, context: Context) -> Iterator[Claim[RoutingSpec] | Mend]:
    """Claims of one block or heading."""
    if isinstance(node, Fence):
        yield from _fence(node, context)
    elif isinstance(node, Section):
        yield from _heading(node, context)
    elif isinstance(node, Item):
        yield from _channel(node, context)


# ---- YAML


@dataclass(frozen=True, slots=True)
class _Spot:
    """Turns lines of the YAML text into places of the file."""

    fence: Fence
    context: Context

    def place(self, line: int, end_line: int = 0, column: int = 1) -> Place:
        return self.fence.place_of(line, end_line, column)

    def mend(self, fault: Fault | YamlFault, rule: str, level: Level = Level.ERROR) -> Mend:
        first = (self.place(fault.first),) if fault.first else ()
        return Mend(self.place(fault.line, column=fault.column), fault.message, fault.hint, rule, level, first)


def _fence(fence: Fence, context: Context) -> Iterator[Claim[RoutingSpec] | Mend]:
    if fence.language not in {"", "yaml", "yml", "toml"} or not _LOOKS_LIKE.search(fence.text):
        return
    spot = _Spot(fence, context)
    try:
        documents = load(fence.text)
    except YamlFault as fault:
        if fence.language != "toml":
            yield spot.mend(fault, "routing/yaml")
        return
    for document in documents:
        if is_routing(document):
            yield from _document(document, spot)


def _document(document: Yaml, spot: _Spot) -> Iterator[Claim[RoutingSpec] | Mend]:
    config, faults = read_config(document)
    for fault in faults:
        yield spot.mend(fault, fault.rule, Level(fault.weight))
    for again in repeated_keys(document):
        yield spot.mend(again, "routing/repeated-key")
    if config.route is not None or config.inhibit or config.intervals:
        yield _tree_claim(config, spot)
    for receiver in config.receivers:
        yield _receiver_claim(receiver, spot)


def _tree_claim(config: RoutingConfig, spot: _Spot) -> Claim[RoutingSpec]:
    needs: list[str] = []
    route = _filled_route(config.route, spot.context, needs) if config.route is not None else None
    names = tuple(dict.fromkeys(r.receiver for r in route.walk() if r.receiver)) if route is not None else ()
    spec = RoutingSpec(
        receiver=route.receiver if route is not None else None,
        receivers=names,
        group_by=(route.group_by or ()) if route is not None else (),
        group_wait_s=_stated(route, "group_wait_s"),
        group_interval_s=_stated(route, "group_interval_s"),
        repeat_interval_s=_stated(route, "repeat_interval_s"),
        tree=route,
        inhibit=config.inhibit,
        intervals=config.intervals,
    )
    line = route.line if route is not None else 1
    inherited = spot.context.inherited
    return Claim(
        kind="routing",
        title=f"alerts go to {', '.join(names)}" if names else "how alerts are routed",
        subject="route",
        place=spot.place(line, config.end_line),
        spec=spec,
        understood=_understood(route),
        needs=tuple(dict.fromkeys(needs)),
        status=inherited.status,
        inherited=inherited,
        headings=tuple(heading.text for heading in spot.context.path),
    )


def _stated(route: Route | None, name: str) -> float | None:
    value = getattr(route, name) if route is not None else None
    return value if isinstance(value, float) else None


def _filled_route(route: Route, context: Context, needs: list[str]) -> Route:
    """The tree with its placeholders filled; the names of those without a value go to `needs`."""

    def fill(text: str) -> str:
        filled = _fill(text, context)
        needs.extend(filled.needs)
        return filled.text

    matchers = tuple(replace(m, value=fill(m.value), shown=fill(m.shown)) for m in route.matchers)
    children = tuple(_filled_route(child, context, needs) for child in route.routes)
    receiver = None if route.receiver is None else fill(route.receiver)
    return replace(route, receiver=receiver, matchers=matchers, routes=children)


def _fill(text: str, context: Context) -> Filled:
    """A value with its placeholders filled; in quotes, because `[x]` alone on a line is taken for a list."""
    filled = context.fill(f'"{text}"')
    return replace(filled, text=filled.text[1:-1])


def _understood(route: Route | None) -> str:
    if route is None:
        return "alerts are muted or inhibited as stated"
    grouped = ", ".join(route.group_by) if route.group_by else "nothing: one group"
    wait, interval, repeat = (
        said(value if value is not None else default, "seconds")
        for value, default in (
            (route.group_wait_s, GROUP_WAIT_S),
            (route.group_interval_s, GROUP_INTERVAL_S),
            (route.repeat_interval_s, REPEAT_INTERVAL_S),
        )
    )
    branches = "; ".join(
        f"{' and '.join(map(str, child.matchers)) or 'any'} to {child.receiver or route.receiver}"
        for child in route.routes
    )
    start = f"alerts go to {route.receiver or 'nobody'}" + (f" ({branches})" if branches else "")
    return f"{start}, grouped by {grouped}; told after {wait}, news every {interval}, again every {repeat}"


def _receiver_claim(receiver: Receiver, spot: _Spot) -> Claim[RoutingSpec]:
    context = spot.context
    filled, needs = _filled_receiver(receiver, context)
    kinds = tuple(dict.fromkeys(one.name for one in filled.integrations))
    names = " and ".join(_SAID.get(kind, kind) for kind in kinds)
    channel = next((one.settings["channel"] for one in filled.integrations if "channel" in one.settings), None)
    return Claim(
        kind="routing",
        title=f"{receiver.name}: {names}" if names else receiver.name,
        subject=f"receiver {receiver.name}",
        place=spot.place(receiver.line, receiver.end_line),
        spec=RoutingSpec(
            receiver=filled.name,
            integration=kinds[0] if kinds else None,
            integrations=kinds,
            channel=channel,
            told=filled,
            lacks=tuple(_lacks(filled, context.email)),
        ),
        understood="; ".join((f"{filled.name} is told by {names or 'nothing'}", *_notes(filled))),
        needs=needs,
        status=context.inherited.status,
        inherited=context.inherited,
        headings=tuple(heading.text for heading in context.path),
    )


def _filled_receiver(receiver: Receiver, context: Context) -> tuple[Receiver, tuple[str, ...]]:
    needs: list[str] = []
    integrations: list[Integration] = []
    for one in receiver.integrations:
        fills = {key: _fill(value, context) for key, value in one.settings.items()}
        needs += [name for filled in fills.values() for name in filled.needs]
        integrations.append(replace(one, settings={key: filled.text for key, filled in fills.items()}))
    name = _fill(receiver.name, context)
    found = replace(receiver, name=name.text, integrations=tuple(integrations))
    return found, tuple(dict.fromkeys((*needs, *name.needs)))


def _notes(receiver: Receiver) -> Iterator[str]:
    for one in receiver.integrations:
        yield from notes(one.name, one.settings)


def _lacks(receiver: Receiver, email: EmailSettings | None) -> Iterator[str]:
    if not receiver.integrations:
        yield "it has no integration: nobody is told"
    for one in receiver.integrations:
        if not INTEGRATIONS[one.name].served:
            yield f"integration {one.name} is not served by this version"
        settings = dict(one.settings)
        if one.name == "email":
            # Unknown settings are not taken for absent ones: then the first delivery tells.
            settings.setdefault("smarthost", "?" if email is None else email.smarthost)
            settings.setdefault("from", "?" if email is None else email.sender)
        for name in missing(one.name, settings):
            where = " (or [email] of opsguide.toml)" if one.name == "email" and name != "to" else ""
            yield f"{one.name} has no {name}{where}"


# ---- headings and lists


def channels_of(text: str) -> tuple[str, ...]:
    """Integrations named in a text, in its order."""
    words = [found.lower() for found in _CHANNEL.findall(text)]
    return tuple(dict.fromkeys(_INTEGRATION.get(word, word.replace(" ", "")) for word in words))


def _heading(section: Section, context: Context) -> Iterator[Claim[RoutingSpec]]:
    """`Critical Alerts (PagerDuty/Slack)`: the channels that a severity goes to."""
    heading = section.heading
    if heading is None or context.inherited.severity is None:
        return
    channels = channels_of(heading.text)
    if not channels or not re.search(r"\balert", heading.words):
        return
    severity = context.inherited.severity
    names = ", ".join(_SAID.get(name, name.capitalize()) for name in channels)
    yield Claim(
        kind="routing",
        title=f"{severity} alerts go to {names}",
        subject=f"channels {severity}",
        place=heading.place,
        spec=RoutingSpec(severity=severity, channels=channels),
        understood=f"alerts with severity {severity} go to {names}",
        status=context.inherited.status,
        inherited=context.inherited,
        headings=tuple(above.text for above in context.path),
    )


def _channel(item: Item, context: Context) -> Iterator[Claim[RoutingSpec]]:
    """`**Slack**: #channel` under a heading about channels."""
    near = context.path[-1].text if context.path else ""
    if item.label is None or not _CHANNELS_HEADING.search(near):
        return
    channels = channels_of(item.label.name)
    if not channels:
        return
    yield Claim(
        kind="routing",
        title=f"{item.label.name}: {item.label.value}",
        subject=f"channel {item.label.name}",
        place=item.place,
        spec=RoutingSpec(integration=channels[0], channels=channels[:1], channel=item.label.value),
        understood=f"{item.label.name} is reached at {item.label.value}",
        status=context.inherited.status,
        inherited=context.inherited,
        headings=tuple(above.text for above in context.path),
    )
