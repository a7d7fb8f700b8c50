"""Reads runbooks: sections with symptom, diagnosis and resolution, and sections of a troubleshooting chapter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Item, Paragraph, Place, Section
from opsguide.core.nouns import Claim
from opsguide.core.units import said
from opsguide.engines import shell
from opsguide.kinds.runbook import phases
from opsguide.kinds.runbook.spec import Runbook, RunStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Block
    from opsguide.core.kind import Context

_NUMBER = re.compile(r"^\d+(?:\.\d+)*[.):]?\s+")
_KEPT = (phases.ASSESS, phases.ACT, phases.VERIFY, phases.UNDO)
_BELOW_TITLE = 2
LOOK_EVERY_S = 300.0
COMMAND_LIMIT_S = 30.0


def read(node: Section, context: Context) -> Iterator[Claim[Runbook]]:
    """The runbook that this section is, if it is one."""
    if node.heading is None or not _is_runbook(node, context):
        return
    found = _Reading(context)
    found.section(node)
    if not any(found.steps.values()):
        return
    yield _claim(node, found, context)


# ---- is it one? ------------------------------------------------------------------------------------------------------


def _is_runbook(section: Section, context: Context) -> bool:
    """A section without sections of its own but for its phases, that says so itself or stands where runbooks stand."""
    assert section.heading is not None
    words = section.heading.words
    if context.annotation.get("kind") == "runbook":
        return True
    if any(not phases.phase_of(_words(inner)) for inner in section.sections) or phases.is_strong(words):
        return False
    # The title of a file is a chapter for the sections right below it alone.
    parents = [heading.words for heading in context.path[:-1][-1 if len(context.path) == _BELOW_TITLE else 1 :]]
    if phases.is_other(words) or any(re.search(r"\bknown (?:issues|bugs)\b", parent) for parent in parents):
        return False
    named = _named_phases(section)
    if len(set(named.values())) > 1 and any(phases.is_strong(name) for name in named):
        return not any(phases.is_strong(parent) for parent in parents)
    if phases.phase_of(words):
        return False
    itself = len(context.path) > 1 and not section.sections and phases.is_itself(words)
    return itself or any(phases.is_chapter(parent) for parent in parents)


def _words(section: Section) -> str:
    return section.heading.words if section.heading is not None else ""


def _named_phases(section: Section) -> dict[str, str]:
    """Labels, bold lines and sub-headings that open a phase."""
    names = [_words(inner) for inner in section.sections]
    for block in section.blocks:
        if isinstance(block, Item) and not block.depth:
            names.append(block.label.name if block.label else block.text)
        elif isinstance(block, Paragraph):
            names += [label.name for label in block.labels] or [block.text]
    return {name: phase for name in names if (phase := phases.phase_of(name))}


# ---- its steps -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """Collects the steps of a section in the order of the guide. phase: the one that a label opened, "" for none."""

    context: Context
    steps: dict[str, list[RunStep]] = field(default_factory=lambda: {name: [] for name in _KEPT})
    programs: dict[str, None] = field(default_factory=dict)
    parameters: dict[str, None] = field(default_factory=dict)
    phase: str = ""
    last: int = 0
    titled: bool = False

    def section(self, section: Section) -> None:
        plain = [block for block in section.blocks if isinstance(block, Item) and not block.depth]
        self.titled = len(plain) == 1 and any(isinstance(block, Fence) for block in section.blocks)
        for block in section.blocks:
            self.last = max(self.last, block.place.end_line)
            self._block(block)
        for inner in section.sections:
            self.phase = phases.phase_of(_words(inner))
            self.section(inner)

    def _block(self, block: Block) -> None:
        if isinstance(block, Fence):
            self._fence(block)
        elif isinstance(block, Item):
            self._item(block)
        elif isinstance(block, Paragraph):
            self._paragraph(block)

    def _item(self, item: Item) -> None:
        name = item.label.name if item.label else item.text
        opened = phases.phase_of(name) if not item.depth else ""
        value = item.label.value if item.label else ""
        if opened:
            self.phase = opened
        text = value if opened else item.text
        if text.strip() and (opened or not self._introduces(item)):
            self._say(text, item.place.line, [code.text for code in item.codes], value or text)

    def _introduces(self, item: Item) -> bool:
        """A bold line above a block: "Debug Procedures"; the block says the steps."""
        return self.titled and item.label is None and item.ordinal is None

    def _paragraph(self, paragraph: Paragraph) -> None:
        for label in paragraph.labels:
            if opened := phases.phase_of(label.name):
                self.phase = opened
                if label.value.strip():
                    self._say(label.value, label.place.line, [], label.value)
        if not paragraph.labels and (opened := phases.phase_of(paragraph.text)):
            self.phase = opened

    def _say(self, text: str, line: int, codes: list[str], told: str) -> None:
        """A step in words, with the commands that stand in it. told: what of the words says what to do."""
        commands = [code for code in codes if shell.looks_run(code)]
        for command in commands:
            self._run(command, text, line)
        if not commands:
            self._add(RunStep(text.strip(), line), "", told)

    def _fence(self, fence: Fence) -> None:
        found = shell.block([(line.number, line.text) for line in fence.lines], fence.language)
        for step in found.steps:
            for command in step.commands:
                self._run(command.text, step.title or command.text, command.line)
            if not step.commands and step.title:
                self._add(RunStep(step.title, step.line), "")
        if found.not_shell and found.not_shell != "empty":
            self._add(RunStep(f"{fence.intro or self.context.path[-1].text} ({found.not_shell})", fence.place.line), "")

    def _run(self, command: str, text: str, line: int) -> None:
        effect = shell.effect(command)
        filled = self.context.fill(command)
        runs = None if filled.needs else runnable(filled.text)
        self.programs.update(dict.fromkeys(shell.programs(filled.text)))
        self.parameters.update(dict.fromkeys(filled.needs))
        step = RunStep(text.strip(), line, command, effect.kind.value, effect.endless or None, runs)
        self._add(step, effect.kind.value)

    def _add(self, step: RunStep, effect: str, told: str = "") -> None:
        place = self.phase or phases.own_phase(told.strip() or step.text, effect)
        if place in self.steps:
            self.steps[place].append(step)


def runnable(text: str) -> str | None:
    """What may run unattended of a command without placeholders: itself or its form that ends; None where it writes."""
    found = shell.effect(text, holes=False)
    if found.kind is not shell.EffectClass.READ:
        return None
    return (found.bounded or None) if found.endless else text


# ---- the claim -------------------------------------------------------------------------------------------------------


def _claim(section: Section, found: _Reading, context: Context) -> Claim[Runbook]:
    assert section.heading is not None
    name = _name(section)
    kept = {phase: tuple(steps) for phase, steps in found.steps.items() if steps}
    running = [step.runs for step in kept.get(phases.ASSESS, ()) if step.runs]
    spec = Runbook(
        name=name,
        alerts=_alerts(_symptoms(section) or [name], context),
        phases=kept,
        command="\n".join(running),
        programs=tuple(found.programs),
        parameters=tuple(found.parameters),
        every_s=LOOK_EVERY_S,
        limit_s=context.defaults.get("command_timeout", COMMAND_LIMIT_S),
    )
    place = section.heading.place
    return Claim(
        kind="runbook",
        title=name,
        subject=name,
        place=Place(place.file, place.line, max(found.last, place.line)),
        spec=spec,
        understood=_understood(spec),
    )


def _name(section: Section) -> str:
    """The heading without its number; where it is the chapter's own word, the one bold line below it."""
    assert section.heading is not None
    name = _NUMBER.sub("", section.heading.text).strip()
    titles = [block.text for block in section.blocks if isinstance(block, Item) and not block.depth]
    chapter = section.heading.words in {"troubleshooting", "runbook", "runbooks"}
    return titles[0].rstrip(":") if chapter and len(titles) == 1 else name


def _symptoms(section: Section) -> list[str]:
    """What a chapter that is one runbook is about: the names in front of its items; else []."""
    assert section.heading is not None
    if not phases.is_itself(section.heading.words):
        return []
    return [block.label.name for block in section.blocks if isinstance(block, Item) and block.label] or [_name(section)]


def _alerts(names: list[str], context: Context) -> tuple[str, ...]:
    """Names and quantity words of the alerts that it is for; an annotation `alerts=A,B` adds to them."""
    pinned = [one.strip() for one in context.annotation.get("alerts", "").split(",") if one.strip()]
    found = [word for name in names for word in (phases.alert_name(name), phases.quantity(name)) if word]
    return tuple(dict.fromkeys([*pinned, *found]))


def _understood(spec: Runbook) -> str:
    counts = ", ".join(f"{len(steps)} to {phase}" for phase, steps in spec.phases.items())
    needs = f"; it needs {', '.join(spec.programs)}" if spec.programs else ""
    running = len(spec.running)
    runs = (
        f"; on firing {running} reading {'step runs' if running == 1 else 'steps run'} once a person trusted them"
        if running
        else ""
    )
    limit = f", {said(spec.limit_s, 'seconds')} each at most" if running else ""
    return f"when {spec.alerts[0]} fires: steps {counts}{needs}{runs}{limit}"
