from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsguide.core.alarm import WATCHED
from opsguide.core.block import Item
from opsguide.core.nouns import Calendar, Claim, Every, Job, Lane, Plan, Want

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.block import Node
    from opsguide.core.kind import Context


@dataclass(frozen=True, slots=True)
class Toy:
    """every_s 0: by cron; neither: only when asked. due_s: holds that long after a tick, and has no job."""

    name: str
    every_s: float = 0.0
    for_s: float = 0.0
    cron: str = ""
    severity: str = "critical"
    wants: str = ""
    serves: str = ""
    watches: str = ""
    watched: str = ""
    key: str = ""
    due_s: float = 0.0
    fails: str = ""
    alarm: str = "toy"
    timeout_s: float = 10.0
    command: str = ""
    lane: str = "probe"


@dataclass(frozen=True, slots=True)
class Memory:
    bad_since: float | None = None
    heard: str = ""
    ticked_at: float | None = None
    many: str = field(default="")


_TOKENS = {
    "every": "every_s",
    "for": "for_s",
    "due": "due_s",
    "timeout": "timeout_s",
}


def read(node: Node, context: Context) -> Iterable[Claim[Toy]]:
    if not isinstance(node, Item) or not node.text.startswith("toy "):
        return
    filled = context.fill(node.text)
    _, name, *tokens = filled.text.split()
    values: dict[str, object] = {}
    for token in tokens:
        key, _, value = token.partition("=")
        field_name = _TOKENS.get(key, key)
        values[field_name] = float(value) if field_name.endswith("_s") else value.replace("_", " ")
    if "cron" in values:
        values["cron"] = str(values["cron"]).replace("x", "*")  # Markdown would take the stars away
    inferred = bool(values.pop("inferred", ""))
    yield Claim(
        kind="toy",
        title=f"toy {name}",
        subject=node.text.split()[1],
        place=node.place,
        spec=Toy(name, **values),  # type: ignore[arg-type]
        understood=f"{name} answers 200",
        needs=filled.needs,
        inferred=inferred,
    )


def plan(claim: Claim[Toy]) -> Plan:
    spec = claim.spec
    if spec.fails == "plan":
        raise RuntimeError("planted in plan")
    schedule = Every(spec.every_s) if spec.every_s else Calendar(spec.cron) if spec.cron else None
    jobs = (Job(claim.id, "look", schedule, Lane(spec.lane), spec.timeout_s, spec.key or spec.name),)
    wants = [Want(spec.wants)] if spec.wants else []
    wants += [Want("task.ticked", claim.id)] if spec.due_s else []
    wants += [Want("delivery.done", spec.name)] if spec.alarm == "none" else []
    wants += [Want(WATCHED, spec.watched)] if spec.watched else []
    serves = [Want(spec.serves)] if spec.serves else []
    serves += [Want(WATCHED, spec.watches)] if spec.watches else []
    return Plan(jobs if spec.every_s or spec.cron or not spec.due_s else (), tuple(wants), tuple(serves))
