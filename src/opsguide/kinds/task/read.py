"""Reads recurring tasks: checklists and plain lists under a cadence, and tables with a frequency. Forms: docs.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Item, Table
from opsguide.core.nouns import Claim
from opsguide.engines.binding import stems
from opsguide.engines.calendar import CADENCES, CalendarFault, clock_time, cron_of, fault_of
from opsguide.kinds.task.spec import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Label, Node, Place
    from opsguide.core.kind import Context

_CADENCE = {
    **{cadence: cadence for cadence in CADENCES},
    **dict.fromkeys(("every day", "each day", "nightly", "every morning", "每日", "每天"), "daily"),
    **dict.fromkeys(("every week", "each week", "every monday", "每周"), "weekly"),
    **dict.fromkeys(("every month", "each month", "每月"), "monthly"),
    **dict.fromkeys(("every quarter", "each quarter", "每季度"), "quarterly"),
    **dict.fromkeys(("annual", "annually", "every year", "each year", "每年"), "yearly"),
}
_CADENCES = re.compile(
    "|".join(sorted((rf"(?<!\w){re.escape(word)}(?!\w)" for word in _CADENCE), key=len, reverse=True))
)
_ROUTINE = re.compile(
    r"\b(?:tasks?|checks?|checklists?|check-?ups?|routines?|maintenance|activit(?:y|ies)|duties|todos?|to-?do|chores"
    r"|operations?|schedule|procedures?|reviews?|responsibilities|housekeeping|morning|midday|evening|night(?:ly)?|shift"
    r"|health|system|the|and|of|on|items?|work|ops|admin|service|list)\b"
)
_STRONG = re.compile(
    r"\b(?:tasks?|checks|checklists?|maintenance|reviews?|routines?|duties|activities|cadence|chores)\b"
)
_PROPERTY = re.compile(
    r"^(?:frequency|time|duration|owner|when|who|schedule|retention|responsible|goal|purpose|impact|output|note|tools?)\b",
    re.IGNORECASE,
)
_TIMES = re.compile(r"[(\[][^)\]]*[)\]]|\b\d{1,2}(?::\d\d)?\s*(?:[ap]\.?m\.?)?|[^\w\s]")
_OTHER_CHECKLIST = re.compile(
    r"\b(?:pre-?flight|pre-?deploy\w*|post-?deploy\w*|deploy\w*|release|roadmap|future|post-?incident"
    r"|pull request|pr|onboarding|growth|indicators?|metrics?|dashboards?"
    r"|backups?\s+(?:script|strategy|schedule|routine)|limits?|thresholds?)\b"
)
_ZONE = re.compile(r"\b(UTC|GMT|[A-Z][a-z]+/[A-Z][A-Za-z_]+)\b")
_FREQUENCY = re.compile(r"\b(frequency|cadence|how often|interval|when|频率)\b|频率")
_WORK = re.compile(r"\b(task|operation|activity|check|action|item|duty|procedure|任务)\b|任务")
_LONGEST = 200

_ANSWERS: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(stems(words)), quantity)
    for words, quantity in (
        ("disk space", "disk usage"),
        ("disk usage", "disk usage"),
        ("resource usage", "cpu usage"),
        ("cpu usage", "cpu usage"),
        ("memory usage", "memory usage"),
        ("response time", "response time"),
        ("latency", "response time"),
        ("error rate", "error rate"),
        ("queue length", "queue length"),
        ("replication lag", "replication lag"),
        ("database connection", "database connections"),
        ("connection pool", "database connections"),
    )
)
_LOOKS = frozenset(stems("check monitor verify review watch inspect track measure ensure confirm"))


def read(node: Node, context: Context) -> Iterator[Claim[Task]]:
    """Recurring tasks that this node states."""
    if isinstance(node, Item):
        labelled = _labelled(node, context)
        if labelled is not None:
            yield _claim(labelled[1], labelled[0], node.place, context)
            return
        cadence = _cadence_of(node, context)
        if cadence and node.text.strip() and len(node.text) <= _LONGEST:
            yield _claim(node.text.strip(), cadence, node.place, context)
    elif isinstance(node, Table):
        yield from _table(node, context)


def machine_of(text: str) -> str:
    """The quantity whose measurement answers the task, "" where a person must look: logs, reviews, drills."""
    words = frozenset(stems(text))
    if not words & _LOOKS:
        return ""
    return next((quantity for wanted, quantity in _ANSWERS if wanted <= words), "")


def _cadence_of(item: Item, context: Context) -> str:
    """A checkbox takes the cadence of any heading above it; a plain bullet only that of a routine's own heading."""
    pinned = context.annotation.get("cadence", "")
    if pinned or context.annotation.get("kind") == "task":
        return pinned or context.inherited.cadence or ""
    words = context.path[-1].words if context.path else ""
    if item.intro and _OTHER_CHECKLIST.search(item.intro.lower()):
        return ""
    own = _said(item.intro.lower()) or _said(words)
    if item.checked is not None:
        checklist_of_events = _OTHER_CHECKLIST.search(words) and not own
        return "" if checklist_of_events else own or context.inherited.cadence or ""
    if item.depth or not own or not _is_routine(item.intro.lower() or words, words):
        return ""
    return own if item.label is None or _says_what_to_do(item.label) else ""


def _labelled(item: Item, context: Context) -> tuple[str, str] | None:
    """`**Weekly**: review the logs` under a heading about routine work: cadence and text."""
    words = context.path[-1].words if context.path else ""
    if item.label is None or item.checked is not None or not _STRONG.search(words) or _OTHER_CHECKLIST.search(words):
        return None
    cadence = _CADENCE.get(item.label.name.strip().lower(), "")
    return (cadence, item.label.value.strip()) if cadence and _says_what_to_do(item.label) else None


def _says_what_to_do(label: Label) -> bool:
    """Whether the label's value is work, and no property of it (owner, frequency, "30 days")."""
    value = label.value.strip()
    return not _PROPERTY.search(label.name) and len(value.split()) > 1 and not value[0].isdigit()


def _said(words: str) -> str:
    found = _CADENCES.search(words)
    return _CADENCE[found[0]] if found else ""


def _is_routine(intro: str, heading: str) -> bool:
    """Whether what names the cadence names nothing else: "Daily", "Weekly Tasks"; not "Monthly Growth Indicators"."""
    words = intro if _said(intro) else heading
    left = _TIMES.sub(" ", _CADENCES.sub(" ", words))
    if _STRONG.search(left) and not _OTHER_CHECKLIST.search(left) and not re.search(r"\bbackups?\b", left):
        return True
    return not _ROUTINE.sub(" ", left).strip()


def _claim(text: str, cadence: str, place: Place, context: Context) -> Claim[Task]:
    heading = context.path[-1].text if context.path else ""
    at = context.annotation.get("at") or _at(context, heading)
    zone = context.annotation.get("tz") or next(iter(_ZONE.findall(heading)), "UTC").replace("GMT", "UTC")
    tz = "UTC" if fault_of("0 0 * * *", zone) else zone
    filled = context.fill(text, code=False)
    spec = Task(text=filled.text, cadence=cadence, cron=_cron(cadence, at), at=at, tz=tz, machine=machine_of(text))
    return Claim(
        kind="task",
        title=filled.text,
        subject=text,
        place=place,
        spec=spec,
        understood=_understood(spec),
        needs=filled.needs,
        status=context.inherited.status,
        inherited=context.inherited,
    )


def _at(context: Context, heading: str) -> str:
    return context.inherited.at or clock_time(heading) or ""


def _cron(cadence: str, at: str) -> str:
    try:
        return cron_of(cadence, at or None)
    except CalendarFault:
        return cron_of(cadence)


def _understood(spec: Task) -> str:
    day = {"weekly": " on Monday", "monthly": " on the 1st", "quarterly": " on the 1st of the quarter"}.get(
        spec.cadence, ""
    )
    yearly = " on 1 January" if spec.cadence == "yearly" else ""
    at = f"{spec.at} {spec.tz}" if spec.at else f"09:00 {spec.tz} (no time is stated)"
    who = f"; a measurement of {spec.machine} after that time does it" if spec.machine else "; a person ticks it"
    return f"{spec.cadence}{day}{yearly} at {at}: {spec.text}{who}; overdue when it is due again"


def _table(table: Table, context: Context) -> Iterator[Claim[Task]]:
    """`Task | Frequency` tables; `Component | Frequency | Retention` is a backup's."""
    header = [cell.text.strip().lower() for cell in table.header]
    column = next((i for i, name in enumerate(header) if i and _FREQUENCY.search(name)), None)
    if column is None or not _WORK.search(header[0]) or any("retention" in name for name in header):
        return
    for row in table.rows:
        text, when = row.cells[0].text.strip(), row.cells[column].text.strip().lower()
        cadence = _said(when)
        if text and cadence and not re.search(r"\b(?:un|if|when|after|before|needed)\b", when):
            yield _claim(text, cadence, row.place, context)
