"""Alert groups as a machine: alerts come in, notices go out, paced and told once each.

One instance is one group (route, values of group_by). Where the guide inhibits, all its groups share one instance, for
then each has to see what else fires. Everything that is decided is decided in `engines/routing`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from opsguide.core.facts import AlertChanged, HandedOver, NoticeSettled
from opsguide.core.machine import Send, Signal, Stepped, Withdraw
from opsguide.core.nouns import Notice, Notified
from opsguide.engines.routing import Alert, Group, Route, deliver_groups, flush, label_set, settle, take
from opsguide.engines.routing.groups import Told, handed, recalled
from opsguide.engines.routing.intervals import muted as quiet
from opsguide.engines.routing.labels import Matcher
from opsguide.engines.routing.mutes import inhibited
from opsguide.engines.routing.tree import Timings
from opsguide.kinds.routing.spec import RoutingSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.facts import Event
    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Claim
    from opsguide.engines.routing import Destination, Integration, Message, Receiver, Silence
    from opsguide.engines.routing.config import InhibitRule
    from opsguide.engines.routing.intervals import TimeInterval

NAME = "routing"
GROUP_BY = ("alertname", "service")
WIDE = "*"


@dataclass(frozen=True, slots=True)
class Book:
    """The groups of one instance, by their place in the tree and the values of their labels."""

    groups: dict[str, Group] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one guide tells people."""

    tree: Route
    receivers: Mapping[str, Receiver]
    inhibit: tuple[InhibitRule, ...] = ()
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """The plan of every guide, and whose guide a claim is. external_url: of the live page, for links in notices."""

    plans: Mapping[str, Plan]
    guides: Mapping[str, str]
    external_url: str = ""

    def guide(self, claim: str) -> str:
        """The guide of a claim; the first one where the claim is of none (posted from outside).

        A claim that is gone is found by the guide's key, which stands before its id where there are several guides.
        """
        key = claim.partition("/")[0]
        return self.guides.get(claim) or (key if key in self.plans else next(iter(self.plans), ""))

    def plan(self, guide: str) -> Plan:
        """The plan of a guide."""
        return self.plans.get(guide) or Plan(Route(group_by=GROUP_BY), {})


class RoutingMachine:
    """Machine `routing`; see `core.machine.Machine`."""

    name = NAME
    state = Book

    def config(self, claims: Sequence[Claim[Any]], settings: Mapping[str, str]) -> Config:
        """The plans of all guides. settings: `KEY/receiver` of each guide, `external_url`."""
        keys = tuple(dict.fromkeys(name.rpartition("/")[0] for name in settings if name.endswith("/receiver"))) or ("",)
        guides = {claim.id: _guide_of(claim.place.file, keys) for claim in claims}
        routing = [claim for claim in claims if claim.kind == NAME and not claim.needs]
        plans = {
            key: _plan(
                # What stands in a file of no guide in particular (opsguide.toml) holds for all of them.
                [claim for claim in routing if guides[claim.id] in {key, ""}],
                settings.get(f"{key}/receiver", settings.get("receiver", "")),
            )
            for key in keys
        }
        return Config(plans, guides, settings.get("external_url", ""))

    def keys(self, config: Config, event: Event) -> Sequence[str]:
        """The instances of the groups that an alert belongs to; of anything else its own key."""
        if not isinstance(event, AlertChanged):
            return (event.key,)
        guide = config.guide(event.claim)
        return tuple(dict.fromkeys(key for key, _ in _places(config, guide, label_set(event.labels))))

    def step(self, config: Config, key: str, state: Book | None, event: Event, now: float) -> Stepped[Book]:
        """Take the event in, and tell whom it is time to tell."""
        groups = dict(state.groups) if state is not None else {}
        if isinstance(event, AlertChanged):
            _take(config, key, groups, event, now)
        elif isinstance(event, NoticeSettled):
            outcome = {"accepted": event.accepted, "unsure": event.unsure}
            groups = {name: settle(g, event.notice, now, **outcome) for name, g in groups.items()}
        elif isinstance(event, HandedOver):
            moved = msgspec.json.decode(event.body, type=Book)
            for name, group in moved.groups.items():
                groups[name] = handed(groups.get(name), group)
        return _flushed(config, key, groups, now)

    def reload(self, config: Config, key: str, state: Book, now: float) -> Stepped[Book]:
        """Alerts stay with the receiver that was told of them, wherever the edited tree puts them.

        An alert whose receiver is not meant any more is told to end there, and is told afresh where it is meant now.
        A message on its way to what an edit changed is taken back, and said again to what stands there now.
        """
        groups: dict[str, Group] = {}
        effects: list[Effect] = []
        plan = config.plan(key.partition("|")[0])
        for name, before in state.groups.items():
            group, back = recalled(before, _integrations(plan, before))
            kept, orders = _rehomed(config, key, name, group, now)
            effects += (Withdraw(notice, "the receiver was edited") for notice in back)
            effects += orders
            if kept is not None:
                groups[name] = kept
        stepped = _flushed(config, key, groups, now)
        return replace(stepped, effects=(*effects, *stepped.effects))


def _guide_of(file: str, keys: Sequence[str]) -> str:
    """The guide that a file belongs to: the only one, or the one that the file or a folder of it is named after."""
    if len(keys) == 1:
        return keys[0]
    path = PurePosixPath(file)
    names = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in (path.stem, *path.parts[:-1])]
    return next((key for key in keys if key in names), "")


def _plan(claims: Sequence[Claim[Any]], default: str) -> Plan:
    """One guide's plan: the first tree it states, its receivers, and the channels it names where it has no tree."""
    specs = [claim.spec for claim in claims if isinstance(claim.spec, RoutingSpec)]
    receivers = {spec.told.name: spec.told for spec in reversed(specs) if spec.told is not None}
    stated = next((spec for spec in specs if spec.tree is not None), None)
    if stated is None or stated.tree is None:
        channelled = tuple(route for spec in specs for route in _channelled(spec, receivers))
        return Plan(Route(default, GROUP_BY, routes=channelled), receivers)
    tree = stated.tree if stated.tree.receiver else replace(stated.tree, receiver=default)
    tree = tree if tree.group_by is not None else replace(tree, group_by=GROUP_BY)
    inhibit = tuple(rule for spec in specs for rule in spec.inhibit)
    intervals = {name: listed for spec in specs for name, listed in spec.intervals.items()}
    return Plan(tree, receivers, inhibit, intervals)


def _channelled(spec: RoutingSpec, receivers: Mapping[str, Receiver]) -> list[Route]:
    """Routes of a heading such as "Critical Alerts (PagerDuty/Slack)", to receivers that serve these channels."""
    if spec.severity is None:
        return []
    return [
        Route(name, matchers=(Matcher("severity", spec.severity),), carries_on=True)
        for channel in spec.channels
        for name, receiver in receivers.items()
        if any(integration.name == channel for integration in receiver.integrations)
    ]


def _places(config: Config, guide: str, labels: tuple[tuple[str, str], ...]) -> list[tuple[str, Destination]]:
    """Instance key and group of every destination of an alert."""
    plan = config.plan(guide)
    found = deliver_groups(plan.tree, labels)
    return [(f"{guide}|{WIDE}" if plan.inhibit else f"{guide}|{place.group}", place) for place in found]


def _empty(place: Destination, now: float) -> Group:
    return Group(place.path, place.receiver, place.key, place.labels, born=now, flush_at=now)


def _take(config: Config, key: str, groups: dict[str, Group], event: AlertChanged, now: float) -> None:
    alert = Alert(
        label_set(event.labels),
        tuple(sorted(event.annotations)),
        event.starts_at,
        event.ends_at,
        event.claim,
        event.why,
        event.source,
    )
    for instance, place in _places(config, key.partition("|")[0], alert.labels):
        if instance == key:
            group = take(groups.get(place.group) or _empty(place, now), alert, place.timings, now)
            if group.alerts or group.told:
                groups[place.group] = group


def _flushed(config: Config, key: str, groups: dict[str, Group], now: float) -> Stepped[Book]:
    """The instance after every group that is due has spoken."""
    guide = key.partition("|")[0]
    plan = config.plan(guide)
    firing = [alert.labels for group in groups.values() for alert in group.alerts.values() if not alert.over(now)]
    left: dict[str, Group] = {}
    sent: list[Effect] = []
    for name, group in groups.items():
        after: Group | None = group
        if group.flush_at <= now:
            place = _place(plan, name, group)
            hush = partial(_muted, plan, place, firing, now)
            timings = place.timings if place is not None else Timings()
            after, messages = flush(group, _integrations(plan, group), timings, now, hush, guide)
            sent += [Send(_notice(config, guide, group, message, now)) for message in messages]
        if after is not None:
            left[name] = after
    if not left:
        return Stepped(None, tuple(sent))
    return Stepped(Book(left), tuple(sent), min(group.flush_at for group in left.values()))


def _place(plan: Plan, name: str, group: Group) -> Destination | None:
    """The group's destination in the tree; None where an edit left it behind."""
    places = (place for alert in group.alerts.values() for place in deliver_groups(plan.tree, alert.labels))
    return next((place for place in places if place.group == name), None)


def _integrations(plan: Plan, group: Group) -> Sequence[Integration]:
    receiver = plan.receivers.get(group.receiver)
    return receiver.integrations if receiver is not None else ()


def _muted(plan: Plan, place: Destination | None, firing: list[Any], now: float, alert: Alert) -> bool:
    if place is not None and quiet(place.mute, place.active, plan.intervals, now):
        return True
    if any(silence.covers(alert.labels, now) for silence in plan.silences):
        return True
    return bool(plan.inhibit) and inhibited(plan.inhibit, alert.labels, firing)


def _rehomed(config: Config, key: str, name: str, group: Group, now: float) -> tuple[Group | None, list[Effect]]:
    """The group under an edited tree: what stays in it, and orders that bring the rest where it belongs now."""
    guide = key.partition("|")[0]
    plan = config.plan(guide)
    orders: list[Effect] = []
    stays: dict[str, Alert] = {}
    for identity, alert in group.alerts.items():
        places = _places(config, guide, alert.labels)
        same = [(instance, place) for instance, place in places if place.receiver == group.receiver]
        if (key, name) in ((instance, place.group) for instance, place in same):
            stays[identity] = alert
        elif same:
            orders.append(_hand_over(group, alert, *same[0], now))
        elif group.receiver in plan.receivers:
            stays[identity] = (
                alert if alert.over(now) else replace(alert, ends_at=now, why="routed elsewhere by an edit")
            )
        if not alert.over(now) and any((key, name) != (instance, place.group) for instance, place in places):
            orders.append(Signal(NAME, _again(alert)))
    if not stays:
        return None, orders
    told = {integration: ledger.only(set(stays)) for integration, ledger in group.told.items()}
    edited = any(alert != group.alerts[identity] for identity, alert in stays.items())
    place = _place(plan, name, group)
    latest = now if edited or place is None else now + max(place.timings.group_wait_s, place.timings.group_interval_s)
    return replace(group, alerts=stays, told=told, flush_at=min(group.flush_at, latest)), orders


def _hand_over(group: Group, alert: Alert, instance: str, place: Destination, now: float) -> Effect:
    """Give one alert, with what was said of it, to the group that has it under the edited tree."""
    told = {name: ledger.arrived().only({alert.id}) for name, ledger in group.told.items()}
    told = {name: ledger for name, ledger in told.items() if ledger != Told()}
    moved = replace(_empty(place, group.born), alerts={alert.id: alert}, told=told, flush_at=max(group.flush_at, now))
    return Signal(NAME, HandedOver(instance, msgspec.json.encode(Book({place.group: moved})).decode()))


def _again(alert: Alert) -> AlertChanged:
    """The alert as if it had just been raised, for groups that did not have it before the edit."""
    return AlertChanged(
        alert.labels, alert.annotations, alert.starts_at, alert.ends_at, alert.claim, source=alert.source
    )


def _notice(config: Config, guide: str, group: Group, message: Message, now: float) -> Notice:
    shown = message.alerts
    limit = message.integration.settings.get("max_alerts", "")
    told = shown[: int(limit)] if limit.isdigit() and int(limit) else shown
    whys = ", ".join(dict.fromkeys(alert.why for alert in shown if alert.ends_at and alert.why))
    return Notice(
        id=message.id,
        receiver=group.receiver,
        integration=message.integration.name,
        settings=dict(message.integration.settings),
        status=message.status,
        key=group.key,
        group_labels=group.labels,
        common_labels=_common([alert.labels for alert in shown]),
        common_annotations=_common([alert.annotations for alert in shown]),
        alerts=tuple(_notified(alert) for alert in told),
        truncated=len(shown) - len(told),
        reason=f"{message.reason} ({whys})" if whys else message.reason,
        external_url=config.external_url,
        guide=guide,
        at=now,
        claims=tuple(dict.fromkeys(alert.claim for alert in shown if alert.claim)),
    )


def _notified(alert: Alert) -> Notified:
    annotations = alert.annotations
    if alert.ends_at and alert.why:
        annotations = tuple(sorted({**dict(annotations), "ended": alert.why}.items()))
    return Notified(alert.labels, annotations, alert.starts_at, alert.ends_at, alert.id, alert.source)


def _common(sets: Sequence[tuple[tuple[str, str], ...]]) -> tuple[tuple[str, str], ...]:
    first, *rest = (dict(one) for one in sets)
    return tuple((name, value) for name, value in first.items() if all(other.get(name) == value for other in rest))
