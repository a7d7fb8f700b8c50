"""Reads thresholds: bullets, label lines, metric tables, and flags of checking scripts. The forms are in docs.md."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Item, Paragraph, Place, Table
from opsguide.core.nouns import Claim
from opsguide.core.units import said
from opsguide.engines.binding import metric_name
from opsguide.engines.conditions import Condition, read_condition, read_conditions
from opsguide.kinds.threshold.spec import Threshold
from opsguide.kinds.threshold.where import (
    FOREIGN_LABEL,
    FOREIGN_TABLE,
    HOME,
    LEVELS,
    bad_op,
    level_of,
    states_limits,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from opsguide.core.block import Cell, Node, Row
    from opsguide.core.kind import Context

_SHELL = frozenset(("bash", "sh", "shell", "zsh", "console", "fish"))
_SUBJECT = re.compile(r"\b(metrics?|indicator|kpi|signal|measure)\b|指标")
_PERHAPS = re.compile(r"\b(check|resource|quantity|parameter|component|what)\b")
_DESCRIPTION = re.compile(r"\b(description|meaning|rationale|notes?|what)\b")
_LEVEL_COLUMNS = (
    ("normal", re.compile(r"\b(normal|healthy|target|expected|ok|good|ideal|acceptable)\b")),
    ("critical", re.compile(r"\b(critical|crit|severe|red)\b")),
    ("warning", re.compile(r"\b(warn|warning|alert|threshold|yellow)\b|阈值")),
)
_DURATION = re.compile(r"^(for|duration|sustained)$")
_NOT_OURS = re.compile(r"^(alert|alert name|slo|sli|objective|severity|level|priority|告警)$")
_BARE = re.compile(r"~?\d[\d,.]*\s*(?:%|[a-zA-Zµ]+(?:/[a-z]+)?)?")
_FLAG = re.compile(
    r"--(?:(?P<level>warn(?:ing)?|crit(?:ical)?)(?:-threshold)?|threshold)[= ](?P<value>[\d.]+\s?[%a-zA-Z]*)"
)
_VERB = re.compile(
    r"^\W*(?:check|monitor|verify|watch|ensure|test|measure|review|show)\b\s*(?:that|the|for|on)?\s*", re.IGNORECASE
)
_OPS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "equal to", "!=": "other than"}


def read(node: Node, context: Context) -> Iterator[Claim[Threshold]]:
    """Thresholds that this node states."""
    match node:
        case Item() if states_limits(context, node.intro):
            name, value = (node.label.name, node.label.value) if node.label else ("", node.text)
            yield from _labelled(name, value, node.place, context)
        case Paragraph() if node.labels and states_limits(context, ""):
            for label in node.labels:
                yield from _labelled(label.name, label.value, label.place, context)
        case Table():
            yield from _table(node, context)
        case Fence() if node.language in _SHELL:
            yield from _script(node, context)


def _labelled(name: str, text: str, place: Place, context: Context) -> Iterator[Claim[Threshold]]:
    """`**Quantity**: < 70%`, `**Warning**: > 80%` under the quantity's heading, or `CPU < 70%` without a label."""
    if FOREIGN_LABEL.search(name):
        return
    level = LEVELS.get(name.strip().lower(), "")
    quantity = "" if level else name.strip()
    conditions = [c for c in read_conditions(text) if not c.event]
    heading = context.path[-1].text if context.path else ""
    for number, condition in enumerate(_joined(conditions)):
        first, second = condition
        measured = quantity or first.quantity or (heading if level else "")
        if not measured:
            continue
        told = first.level or level
        spec = _spec(first, measured, context, level=told, also=second)
        subject = measured if number == 0 and not level else f"{measured} {_apart(first, spec.level)}".strip()
        yield _claim(spec, subject, place, text, context)


def _joined(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, Condition | None]]:
    """A range is one threshold with two ends."""
    left = list(conditions)
    while left:
        first = left.pop(0)
        ends = bool(left) and first.op == ">=" and left[0].op == "<=" and left[0].text == first.text
        yield first, left.pop(0) if ends and left[0].quantity == first.quantity else None


def _apart(condition: Condition, level: str) -> str:
    return f"p{condition.quantile * 100:g}" if condition.quantile else level


def _spec(
    condition: Condition, quantity: str, context: Context, *, level: str, also: Condition | None = None
) -> Threshold:
    assert condition.value is not None
    return Threshold(
        quantity=context.fill(quantity).text,
        op=condition.op,
        value=condition.value,
        unit=condition.unit or _unit_of_name(quantity),
        level="normal" if also else level_of(context, quantity, condition.op, said=level, written=condition.polarity),
        quantile=condition.quantile,
        for_s=condition.for_s,
        window_s=condition.window_s,
        aggregate=condition.aggregate,
        of=condition.of,
        also_op=also.op if also else "",
        also_value=also.value if also else None,
        expr=context.fill(context.annotation.get("expr", "")).text,
        every_s=context.defaults.get("evaluation_interval", 15.0),
    )


def _unit_of_name(quantity: str) -> str:
    """`age_seconds > 3600` is in seconds, for the name says so."""
    found = re.search(r"_(seconds|bytes)$", metric_name(quantity))
    return found[1] if found else ""


def _claim(spec: Threshold, subject: str, place: Place, text: str, context: Context) -> Claim[Threshold]:
    return Claim(
        kind="threshold",
        title=f"{spec.quantity} {limit_of(spec)}",
        subject=subject,
        place=place,
        spec=spec,
        understood=understood(spec),
        needs=tuple(dict.fromkeys((*context.fill(text, code=False).needs, *context.fill(subject).needs))),
        status=context.inherited.status,
        inherited=context.inherited,
        inferred=True,
    )


def limit_of(spec: Threshold) -> str:
    """The limit as shown: "< 70 %"."""
    text = f"{spec.op} {said(spec.value, spec.unit)}"
    if spec.also_value is not None:
        text += f" and {spec.also_op} {said(spec.also_value, spec.unit)}"
    return text + (" of its maximum" if spec.of == "max" else "")


def understood(spec: Threshold) -> str:
    """The read-back: "normal: the 95th percentile of response time stays below 500 ms"."""
    share = " of its maximum" if spec.of == "max" else ""
    limit = f"{_OPS[spec.op]} {said(spec.value, spec.unit)}{share}"
    if spec.also_value is not None:
        limit += f" and {_OPS[spec.also_op]} {said(spec.also_value, spec.unit)}"
    lasting = f" for {said(spec.for_s, 'seconds')}" if spec.for_s else ""
    quantity = f"{_statistic(spec)}{spec.quantity}" + (f" ({spec.description})" if spec.description else "")
    if spec.level == "normal":
        return f"normal: {quantity} is {limit}; shown, pages nobody" + (
            f"; broken when outside{lasting}" if lasting else ""
        )
    normal = ""
    if spec.normal_value is not None:
        normal = f"; normal is {_OPS[spec.normal_op]} {said(spec.normal_value, spec.normal_unit)}"
    return f"{spec.level} when {quantity} is {limit}{lasting}{normal}"


def _statistic(spec: Threshold) -> str:
    if spec.quantile:
        return f"the {spec.quantile * 100:g}th percentile of "
    return {"avg": "the average of ", "max": "the highest "}.get(spec.aggregate, "")


# ---- tables ----------------------------------------------------------------------------------------------------------


def _table(table: Table, context: Context) -> Iterator[Claim[Threshold]]:
    header = [cell.text.strip().lower() for cell in table.header]
    heading = context.path[-1].words if context.path else ""
    if not header or _NOT_OURS.search(header[0]) or FOREIGN_TABLE.search(heading):
        return
    columns = _columns(header)
    # "Check | Threshold | Action" may tell of what a program does by itself; only its heading or a second level tells.
    perhaps = _PERHAPS.search(header[0]) and (len(columns) > 1 or HOME.search(heading) or "alert" in heading)
    if not _SUBJECT.search(header[0]) and not perhaps:
        return
    if not columns or any(word in header for word in ("severity", "slo", "sli", "error budget")):
        return
    described = next((i for i, name in enumerate(header) if i and _DESCRIPTION.search(name)), None)
    lasting = next((i for i, name in enumerate(header) if i and _DURATION.search(name)), None)
    for row in table.rows:
        yield from _row(row, columns, described, lasting, context)


def _columns(header: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, name in enumerate(header[1:], start=1):
        level = next((level for level, pattern in _LEVEL_COLUMNS if pattern.search(name)), "")
        if level and level not in found:
            found[level] = index
    return found


def _row(
    row: Row, columns: Mapping[str, int], described: int | None, lasting: int | None, context: Context
) -> Iterator[Claim[Threshold]]:
    first = row.cells[0]
    quantity = (
        first.codes[0].text.strip()
        if len(first.codes) == 1 and metric_name(first.codes[0].text)
        else first.text.strip()
    )
    if not quantity:
        return
    about = row.cells[described].text.strip() if described is not None else ""
    limits = {level: _cell(row.cells[index], quantity, level, context) for level, index in columns.items()}
    duration = read_condition(f"> 0 for {row.cells[lasting].text}") if lasting is not None else None
    normal = limits.pop("normal", None)
    bad = [(level, condition) for level, condition in limits.items() if condition is not None]
    if not bad and normal is not None:
        bad, normal = [("normal", normal)], None
    for number, (level, condition) in enumerate(sorted(bad, key=lambda one: one[0], reverse=True)):
        spec = replace(_spec(condition, quantity, context, level=level), description=about)
        if duration is not None and spec.for_s is None:
            spec = replace(spec, for_s=duration.for_s)
        if normal is not None and normal.value is not None:
            spec = replace(spec, normal_op=normal.op, normal_value=normal.value, normal_unit=normal.unit)
        subject = quantity if number == 0 else f"{quantity} {level}"
        yield _claim(spec, subject, row.place, quantity, context)


def _cell(cell: Cell, quantity: str, level: str, context: Context) -> Condition | None:
    """`> 90% of max`, or a bare `90%`, which in a level's column can mean only the bad side of it."""
    text = context.fill(cell.text).text.strip()
    found = read_condition(text)
    if found is None and _BARE.fullmatch(text):
        bad = bad_op(quantity)
        good = "<" if bad == ">" else ">"
        found = read_condition(f"{good if level == 'normal' else bad} {text}")
    return None if found is None or found.event else found


# ---- flags of checking scripts ---------------------------------------------------------------------------------------


def _script(fence: Fence, context: Context) -> Iterable[Claim[Threshold]]:
    """`./error-rate.sh --threshold=1%` under `# Check error rates`: the guide's own limit of error rates."""
    comment = ""
    for line in fence.lines:
        text = line.text.strip()
        if text.startswith("#"):
            comment = text
            continue
        flag = _FLAG.search(text)
        condition = read_condition(f"> {flag['value']}") if flag else None
        quantity = _VERB.sub("", comment).strip(" #.:") or _script_name(text)
        if flag and condition and quantity:
            level = "critical" if (flag["level"] or "").startswith("crit") else "warning"
            spec = _spec(condition, quantity, context, level=level)
            place = Place(fence.place.file, line.number, line.number, line.cut + 1)
            yield _claim(spec, quantity, place, text, context)
        if not text:
            comment = ""


def _script_name(text: str) -> str:
    found = re.search(r"([\w-]+)\.(?:sh|py)\b", text)
    return re.sub(r"[-_]", " ", found[1]) if found else ""
