"""Alert tables and alert bullets: PromQL or a condition in words, with the severity and channels of the heading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opsguide.core.mend import Mend
from opsguide.core.nouns import Claim
from opsguide.core.units import duration_s
from opsguide.engines.conditions import read_condition
from opsguide.engines.promql import QueryFault, parse
from opsguide.kinds.alert.said import understood
from opsguide.kinds.alert.spec import AlertSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opsguide.core.block import Cell, Item, Place, Row, Table
    from opsguide.core.kind import Context
    from opsguide.engines.conditions import Condition

_COLUMNS = {
    "name": re.compile(r"^(?:alert|alarm|rule)(?: ?name)?$|^name$", re.IGNORECASE),
    "condition": re.compile(r"^(?:condition|expression|expr|promql|query|trigger|rule|threshold)$", re.IGNORECASE),
    "severity": re.compile(r"^(?:severity|level|priority)$", re.IGNORECASE),
    "channels": re.compile(r"channel|notif|^notify|^route", re.IGNORECASE),
    "for": re.compile(r"^(?:for|duration|pending)$", re.IGNORECASE),
}
_CHANNEL = re.compile(
    r"\b(pager ?duty|slack|e-?mail|sms|phone|opsgenie|(?:ms )?teams|discord|telegram|webhook|mattermost)\b",
    re.IGNORECASE,
)
_SAME = {"pager duty": "pagerduty", "e-mail": "email", "teams": "msteams", "ms teams": "msteams"}
_ALERTS = re.compile(r"\b(?:alerts?|alarms?)\b", re.IGNORECASE)
_PROMQL = re.compile(r"[{(\[].*[})\]]|_(?:total|seconds|bytes|bucket|count|sum|ratio|percent)\b")
_SPLIT = re.compile(r"\s*(?:[(:\N{EM DASH}]|[<>]=?|\bfor\b|\b(?:above|below|exceeds?|over|under)\b)")


def read_table(table: Table, context: Context) -> Iterator[Claim[AlertSpec] | Mend]:
    """One claim for each row of a table that has columns for an alert's name and its condition."""
    columns = {
        key: index
        for index, cell in reversed(list(enumerate(table.header)))
        for key, pattern in _COLUMNS.items()
        if pattern.search(cell.text.strip())
    }
    if "name" not in columns or "condition" not in columns or columns["name"] == columns["condition"]:
        return
    if not (_ALERTS.search(table.header[columns["name"]].text) or {"severity", "channels"} & columns.keys()):
        return
    for row in table.rows:
        yield from _row(row, columns, context)


def _row(row: Row, columns: Mapping[str, int], context: Context) -> Iterator[Claim[AlertSpec] | Mend]:
    cells = {key: row.cells[index] for key, index in columns.items()}
    name, cell = cells["name"].text.strip(), cells["condition"]
    if not name or not cell.text.strip():
        return
    severity = _severity(cells["severity"].text) if "severity" in cells else context.inherited.severity
    stated = _channels(cells["channels"].text) if "channels" in cells else ()
    for_s = duration_s(cells["for"].text) if "for" in cells else None
    made = _Stated(name, row.place, severity, stated or context.inherited.channels, for_s, context)
    fault = _fault(cell, context)
    condition = None if fault is None else read_condition(cell.text)
    if fault is None:
        yield made.rule(cell)
    elif condition is not None:
        yield made.condition(condition, f"{name}: {cell.text.strip()}")
    else:
        place = cell.codes[0].place if cell.codes else cell.place
        wrong = f"the condition of {name} is neither PromQL nor a comparison: {fault.message}"
        yield Mend(place, wrong, "write an expression in backticks, or words such as `error rate > 5 %`", "alert/expr")


def _fault(cell: Cell, context: Context) -> QueryFault | None:
    """Why the cell holds no expression; None where it does."""
    text = cell.codes[0].text if len(cell.codes) == 1 else cell.text
    if not cell.codes and not _PROMQL.search(text):
        return QueryFault("it has no expression")
    try:
        parse(context.fill(text).text)
    except QueryFault as fault:
        return fault
    return None


def read_item(item: Item, context: Context) -> Iterator[Claim[AlertSpec]]:
    """`High error rate (>5% for 5 minutes)` under a heading that speaks of alerts and has a severity."""
    near = context.path[-1].words if context.path else ""
    severity = context.inherited.severity
    if severity is None or item.checked is not None or not _ALERTS.search(near):
        return
    condition = read_condition(item.text)
    if condition is None:
        return
    made = _Stated(_camel(item.text), item.place, severity, context.inherited.channels, None, context)
    yield made.condition(condition, item.text.strip())


class _Stated:
    """What a row or a bullet states beside its condition."""

    def __init__(
        self,
        name: str,
        place: Place,
        severity: str | None,
        channels: tuple[str, ...],
        for_s: float | None,
        context: Context,
    ) -> None:
        self.name = name
        self.place = place
        self.severity = severity
        self.channels = channels
        self.for_s = for_s
        self.context = context

    def rule(self, cell: Cell) -> Claim[AlertSpec]:
        """A claim with the expression of the cell."""
        text = cell.codes[0].text if len(cell.codes) == 1 else cell.text
        filled = self.context.fill(text.strip())
        spec = AlertSpec(self.name, filled.text, for_s=self.for_s, **self._shared())
        return self._claim(spec, self.name, filled.needs)

    def condition(self, found: Condition, title: str) -> Claim[AlertSpec]:
        """A claim with a condition in words.

        opsguide chooses the expression, so its pages pass the trial, unless an annotation names it (`expr`).
        """
        pinned = self.context.fill(self.context.annotation.get("expr", ""))
        limit = f"{found.op} {found.value!r}" if found.op else "> 0"
        spec = AlertSpec(
            self.name,
            expr=f"({pinned.text}) {limit}" if pinned.text else None,
            quantity=found.quantity,
            op=found.op or None,
            value=found.value,
            unit=found.unit or None,
            quantile=found.quantile,
            aggregate=found.aggregate or None,
            window_s=found.window_s,
            of=found.of or None,
            for_s=self.for_s if found.for_s is None else found.for_s,
            **self._shared(),
        )
        return self._claim(spec, title, pinned.needs, inferred=not pinned.text)

    def _shared(self) -> dict[str, Any]:
        labels = {"severity": self.severity} if self.severity else {}
        interval_s = self.context.defaults.get("evaluation_interval", 15.0)
        return {"severity": self.severity, "channels": self.channels, "labels": labels, "interval_s": interval_s}

    def _claim(
        self, spec: AlertSpec, title: str, needs: tuple[str, ...], *, inferred: bool = False
    ) -> Claim[AlertSpec]:
        return Claim(
            kind="alert",
            title=title,
            subject=self.name,
            place=self.place,
            spec=spec,
            understood=understood(spec),
            needs=needs,
            status=self.context.inherited.status,
            inherited=self.context.inherited,
            headings=tuple(heading.text for heading in self.context.path),
            inferred=inferred,
        )


def _severity(text: str) -> str | None:
    return text.strip().lower() or None


def _channels(text: str) -> tuple[str, ...]:
    words = [found.lower() for found in _CHANNEL.findall(text)]
    return tuple(dict.fromkeys(_SAME.get(word, word.replace(" ", "")) for word in words))


def _camel(text: str) -> str:
    """`High error rate (>5%)` -> HighErrorRate: an alert's name has no spaces, as rules write it."""
    words = re.findall(r"[A-Za-z0-9]+", _SPLIT.split(text.strip(), maxsplit=1)[0]) or re.findall(r"[A-Za-z0-9]+", text)
    return "".join(word[0].upper() + word[1:] for word in words[:8]) or "Alert"
