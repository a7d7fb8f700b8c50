"""What a runbook claims, and what its judge remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step. text: what it says. command: what it would run, as written; None where a person does it by hand.

    effect: read, write, destroy or interactive. endless: the command goes on until somebody stops it. runs: the text
    that runs by itself on firing (placeholders filled, endless ones bounded); None where it does not.
    """

    text: str
    line: int
    command: str | None = None
    effect: str | None = None
    endless: bool | None = None
    runs: str | None = None


@dataclass(frozen=True, slots=True)
class Runbook:
    """A runbook. alerts: alert names and quantity words that it fits. phases: assess, act, verify and undo.

    command: everything that runs by itself on firing, one command a line, which is what a person trusts; "" for none.
    programs: what its commands need on this machine; with a slash: a script beside the guide. parameters: placeholders
    that a person fills when it is worked. limit_s: for each command.
    """

    name: str
    alerts: tuple[str, ...] = ()
    phases: Mapping[str, tuple[RunStep, ...]] = field(default_factory=lambda: MappingProxyType({}))
    command: str = ""
    programs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    every_s: float = 300.0
    limit_s: float = 30.0

    @property
    def running(self) -> tuple[RunStep, ...]:
        """The steps that run by themselves on firing."""
        return tuple(step for step in self.phases.get("assess", ()) if step.runs)


@dataclass(frozen=True, slots=True)
class RunbookMemory:
    """What is remembered. found: what the last look said, "" before the first; missing: something lacked then.

    asked_at, alert: its last opening, and by which alert. ran: what came of it; ran_at: when its last step ended.
    """

    found: str = ""
    missing: bool = False
    asked_at: float = 0.0
    alert: str = ""
    ran: str = ""
    ran_at: float = 0.0
