from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from opsguide.core.facts import AlertChanged, NoticeSettled, Woken
from opsguide.core.machine import Send, Stepped
from opsguide.core.nouns import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.facts import Event
    from opsguide.core.nouns import Claim

WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts of one name. told: what people believe to fire; whys: of ends; settled: notices; changes: events."""

    firing: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    sent: int = 0
    settled: int = 0
    due_at: float | None = None
    whys: tuple[str, ...] = ()
    changes: int = 0


class Machine:
    """Groups by alertname, waits a second, then sends one notice with what changed."""

    name = "toy"
    state = Group

    def config(self, claims: Sequence[Claim[Any]], settings: Mapping[str, str]) -> str:
        return settings.get("receiver") or "team"

    def keys(self, config: str, event: Event) -> Sequence[str]:
        if isinstance(event, AlertChanged):
            return [dict(event.labels)["alertname"]]
        return [event.key]

    def step(self, config: str, key: str, state: Group | None, event: Event, now: float) -> Stepped[Group]:
        group = state or Group()
        match event:
            case AlertChanged():
                group = _changed(group, event, now)
                if state is None and not group.firing:
                    return Stepped(None)
            case NoticeSettled():
                group = replace(group, settled=group.settled + event.accepted)
            case Woken():
                return _told(config, key, group, now)
        return Stepped(group, wake_at=group.due_at)

    def reload(self, config: str, key: str, state: Group, now: float) -> Stepped[Group]:
        return Stepped(state, wake_at=state.due_at)


def _changed(group: Group, event: AlertChanged, now: float) -> Group:
    name = ",".join(f"{k}={v}" for k, v in event.labels)
    firing = tuple(sorted({*group.firing, name} if not event.ends_at else {*group.firing} - {name}))
    whys = (*group.whys, event.why) if event.why else group.whys
    if firing == group.firing and not event.why:
        return group
    due_at = group.due_at or now + WAIT_S
    return replace(group, firing=firing, due_at=due_at, whys=whys, changes=group.changes + 1)


def _told(receiver: str, key: str, group: Group, now: float) -> Stepped[Group]:
    if group.firing == group.told:
        return Stepped(replace(group, due_at=None, whys=()))
    sent = group.sent + 1
    status = "firing" if group.firing else "resolved"
    notice = Notice(
        id=f"{key}-{sent}",
        receiver=receiver,
        integration="toy",
        settings={"url": f"http://sink/{receiver}/{key}"},
        status=status,
        key=key,
        group_labels=(("alertname", key),),
        common_labels=(),
        common_annotations=(),
        alerts=(),
        reason="; ".join(group.whys),
        at=now,
    )
    after = replace(group, told=group.firing, sent=sent, due_at=None, whys=())
    return Stepped(after, (Send(notice),))
