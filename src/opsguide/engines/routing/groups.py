"""The alert group as a pure machine: what its receiver was told, what is owed, and when to look again.

It differs from Alertmanager where that one loses notifications. Each integration has a ledger of its own: the alerts
it was told are firing, and the one message that is still on its way. A ledger changes when the message was accepted,
so an end that was muted is owed until the mute is over, a refused message is owed again at the next flush, and the
next message waits for the one before it: a page always arrives before its end, and a long outage ends in one message.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from opsguide.engines.routing.labels import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opsguide.engines.routing.config import Integration
    from opsguide.engines.routing.labels import Labels
    from opsguide.engines.routing.tree import Timings

LOST_AFTER_S = 90000.0
"""A message that nobody settled for so long is taken for lost, and told again.

An hour more than the outbox tries for: what is still on its way then was refused unsent, and cannot arrive beside it.
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; its label set is its identity. why: shown where the end is no plain one.

    ends_at: 0 while it fires; in the future where it ends by itself unless its sender repeats it.
    """

    labels: tuple[tuple[str, str], ...]
    annotations: tuple[tuple[str, str], ...]
    starts_at: float
    ends_at: float = 0.0
    claim: str = ""
    why: str = ""
    source: str = ""

    @property
    def id(self) -> str:
        """Alertmanager's fingerprint."""
        return fingerprint(self.labels)

    def over(self, now: float) -> bool:
        """Whether it has ended."""
        return 0.0 < self.ends_at <= now


@dataclass(frozen=True, slots=True)
class Pending:
    """A message on its way: what it says, when it was made, and whether a flush has passed it by since.

    where: `Integration.where` as it was then; empty in what an older opsguide stored.
    """

    id: str
    firing: tuple[str, ...]
    ended: tuple[str, ...]
    at: float
    overtaken: bool = False
    where: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Told:
    """The ledger of one integration. firing: alerts it believes to fire. at: when it was last told anything.

    hidden: those of them that are news when they fire: they ended unseen behind a mute, or nobody knows whether the
    message that told of them arrived. Their end is told in any case.
    """

    firing: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    at: float = 0.0
    count: int = 0
    pending: Pending | None = None

    def only(self, alerts: set[str]) -> Told:
        """The ledger as far as it concerns these alerts; what is on its way stays on its way."""
        firing = tuple(name for name in self.firing if name in alerts)
        hidden = tuple(name for name in self.hidden if name in alerts)
        return replace(self, firing=firing, hidden=hidden) if firing or self.pending or self.count else Told()

    def arrived(self) -> Told:
        """The ledger as it will be if the message on its way arrives."""
        return _settled(self, accepted=True, unsure=False)


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one route that share the values of its group_by. born: when its first alert came."""

    path: str
    receiver: str
    key: str
    labels: tuple[tuple[str, str], ...]
    born: float
    flush_at: float
    alerts: dict[str, Alert] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """What one integration is to be told. ended: resolved alerts among `alerts`; status firing where any fires."""

    id: str
    integration: Integration
    alerts: tuple[Alert, ...]
    status: str
    reason: str


def take(group: Group, alert: Alert, timings: Timings, now: float) -> Group:
    """The group with a new edition of one of its alerts. An end of what nobody fired changes nothing.

    A new group is flushed after group_wait, at once where its alert is older than that.
    """
    stored = group.alerts.get(alert.id)
    if stored is None and alert.over(now):
        return group
    first = not group.alerts and not group.told
    merged = alert if stored is None else _merged(stored, alert, now)
    flush_at = group.flush_at
    if first:
        flush_at = now if alert.starts_at + timings.group_wait_s <= now else now + timings.group_wait_s
    return replace(group, flush_at=flush_at, alerts={**group.alerts, alert.id: merged})


def _merged(stored: Alert, alert: Alert, now: float) -> Alert:
    if not stored.over(now):
        return replace(alert, starts_at=min(stored.starts_at, alert.starts_at))
    return replace(alert, starts_at=stored.starts_at) if alert.over(now) else alert


def handed(group: Group | None, part: Group) -> Group:
    """The group with alerts that another one hands over, and with what was said of them."""
    if group is None:
        return part
    told = dict(group.told)
    for name, ledger in part.told.items():
        mine = told.get(name, Told())
        firing = tuple(sorted({*mine.firing, *ledger.firing}))
        hidden = tuple(sorted({*mine.hidden, *ledger.hidden}))
        told[name] = replace(mine, firing=firing, hidden=hidden, at=max(mine.at, ledger.at))
    flush_at = min(group.flush_at, part.flush_at)
    return replace(group, alerts={**part.alerts, **group.alerts}, told=told, flush_at=flush_at)


def settle(group: Group, message: str, now: float, *, accepted: bool, unsure: bool = False) -> Group:
    """The group after a message was accepted or finally refused; flushed at once where a flush had to pass it by.

    unsure: it was refused in the end, but an earlier attempt may have arrived.
    """
    for name, told in group.told.items():
        if told.pending is not None and told.pending.id == message:
            flush_at = min(group.flush_at, now) if told.pending.overtaken else group.flush_at
            settled = _settled(told, accepted=accepted, unsure=unsure)
            return replace(group, flush_at=flush_at, told={**group.told, name: settled})
    return group


def recalled(group: Group, integrations: Sequence[Integration]) -> tuple[Group, list[str]]:
    """The group without messages on their way to what an edit changed, and their ids; flushed at once if there are any.

    What was on its way to another place was not told; at the same place it may have arrived.
    """
    now = {integration.key: integration.where for integration in integrations}
    told: dict[str, Told] = {}
    back: list[str] = []
    for name, ledger in group.told.items():
        pending, where = ledger.pending, now.get(name, ("", ""))
        if pending is None or pending.where in {("", ""), where}:
            told[name] = ledger
            continue
        back.append(pending.id)
        told[name] = _settled(ledger, accepted=False, unsure=pending.where[0] == where[0])
    return (replace(group, told=told, flush_at=0.0), back) if back else (group, [])


def _settled(told: Told, *, accepted: bool, unsure: bool) -> Told:
    pending = told.pending
    if pending is not None and unsure:
        perhaps = set(pending.firing) - set(told.firing)
        believed, news = sorted({*told.firing, *perhaps}), sorted({*told.hidden, *perhaps})
        return replace(told, firing=tuple(believed), hidden=tuple(news), pending=None)
    if pending is None or not accepted:
        return replace(told, pending=None)
    firing = tuple(sorted((set(told.firing) | set(pending.firing)) - set(pending.ended)))
    hidden = tuple(name for name in told.hidden if name in firing and name not in pending.firing)
    return Told(firing, hidden, pending.at, told.count)


def flush(
    group: Group,
    integrations: Sequence[Integration],
    timings: Timings,
    now: float,
    muted: Callable[[Alert], bool],
    owner: str = "",
) -> tuple[Group | None, list[Message]]:
    """What is to be said now, and the group afterwards; None where nothing is left to be said of it.

    muted: whether an alert is kept quiet now. owner goes into the messages' ids (the guide).
    """
    seen = {name: alert for name, alert in group.alerts.items() if not muted(alert)}
    told: dict[str, Told] = {}
    messages: list[Message] = []
    for integration in integrations:
        before = group.told.get(integration.key, Told())
        after, message = _tell(group, before, integration, seen, timings, now, owner)
        if message is not None:
            messages.append(message)
        if after != Told():
            told[integration.key] = after
    owed = {name for ledger in told.values() for name in (*ledger.firing, *_on_its_way(ledger))}
    alerts = {name: alert for name, alert in group.alerts.items() if not alert.over(now) or name in owed}
    if not alerts and not any(ledger.pending for ledger in told.values()):
        return None, messages
    return replace(group, alerts=alerts, told=told, flush_at=now + timings.group_interval_s), messages


def _on_its_way(told: Told) -> tuple[str, ...]:
    return told.pending.firing if told.pending is not None else ()


def _tell(
    group: Group,
    told: Told,
    integration: Integration,
    seen: Mapping[str, Alert],
    timings: Timings,
    now: float,
    owner: str,
) -> tuple[Told, Message | None]:
    """One integration's ledger after this flush, and its message if it is owed one."""
    told = _noted(group, told, seen, now)
    if told.pending is not None and now - told.pending.at < LOST_AFTER_S:
        return replace(told, pending=replace(told.pending, overtaken=True)), None
    told = replace(told, pending=None)
    firing = {name for name, alert in seen.items() if not alert.over(now)}
    ended = {name for name in told.firing if name in seen and seen[name].over(now)}
    if not integration.send_resolved:
        told, ended = _without(told, ended), set()
    reason = _reason(told, firing, ended, timings, now)
    if not reason:
        return told, None
    alerts = tuple(sorted((_shown(seen[name], now) for name in firing | ended), key=_order))
    count = told.count + 1
    identity = _identity(owner, group, integration, count, alerts, now)
    pending = Pending(identity, tuple(sorted(firing)), tuple(sorted(ended)), now, where=integration.where)
    status = "firing" if firing else "resolved"
    message = Message(identity, integration, alerts, status, reason)
    return replace(told, pending=pending, count=count), message


def _shown(alert: Alert, now: float) -> Alert:
    """The alert as it is told: an end to come is no end."""
    return alert if alert.over(now) or not alert.ends_at else replace(alert, ends_at=0.0)


def _noted(group: Group, told: Told, seen: Mapping[str, Alert], now: float) -> Told:
    """Remember ends that a mute hides now, and forget what the group knows no more."""
    unseen = {
        name for name, alert in group.alerts.items() if alert.over(now) and name not in seen and name in told.firing
    }
    hidden = tuple(sorted(unseen | set(told.hidden)))
    firing = tuple(name for name in told.firing if name in group.alerts)
    return replace(told, hidden=tuple(name for name in hidden if name in firing), firing=firing)


def _without(told: Told, ended: set[str]) -> Told:
    left = tuple(name for name in told.firing if name not in ended)
    return replace(told, firing=left, hidden=tuple(name for name in told.hidden if name in left))


def _reason(told: Told, firing: set[str], ended: set[str], timings: Timings, now: float) -> str:
    """Why the integration is to be told now, in Alertmanager's words; "" where it is not."""
    if not told.firing and not firing:
        return ""
    if not told.firing:
        return "first notification"
    if firing - set(told.firing) or firing & set(told.hidden):
        return "new alerts added"
    if ended:
        return "some alerts resolved" if firing else "all alerts resolved"
    if firing and now >= told.at + timings.repeat_interval_s:
        return "repeat interval elapsed"
    return ""


def _order(alert: Alert) -> tuple[bool, str, bool, str, Labels]:
    """By job, then instance, then labels; an alert that has a job stands before one that has none."""
    labels = dict(alert.labels)
    job, instance = labels.get("job"), labels.get("instance")
    return job is None, job or "", instance is None, instance or "", alert.labels


def _identity(
    owner: str, group: Group, integration: Integration, count: int, alerts: tuple[Alert, ...], now: float
) -> str:
    """The same for the same message, and never for another: born tells a group from its namesake of last week."""
    parts = [owner, group.path, group.receiver, group.key, integration.key, repr(group.born), str(count), repr(now)]
    parts += [f"{alert.id} {alert.starts_at!r} {alert.ends_at!r}" for alert in alerts]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
