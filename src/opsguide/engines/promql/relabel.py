"""label_replace, label_join and the sorts: what changes labels or order and leaves values alone."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import TYPE_CHECKING

import numpy as np
import re2

from opsguide.engines.labelsets import NAME, LabelSets, with_label
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.frame import Frame, merged
from opsguide.engines.series import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opsguide.engines.labelsets import Labels

_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
_DIGITS = re.compile(r"(\d+)")


def label_replace(frame: Frame, into: str, replacement: str, source: str, pattern: str) -> Frame:
    """Set label `into` from the groups of `pattern` over label `source`, where the whole of it matches."""
    try:
        compiled = regex(pattern)
    except re2.error:
        raise QueryFault(f"invalid regular expression in label_replace(): {pattern}") from None
    if not into:
        raise QueryFault(f"invalid destination label name in label_replace(): {into}")

    def value(labels: Labels) -> str | None:
        found = compiled.fullmatch(dict(labels).get(source, ""))
        return None if found is None else _expanded(replacement, found)

    return _relabelled(frame, ("label_replace", into, replacement, source, pattern), into, value)


def _expanded(replacement: str, found: re.Match[str]) -> str:
    """Go's template: $1, $name, ${1}, $$; what names no group is empty."""

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return found.group(int(name) if name.isdigit() else name) or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(group, replacement)


def label_join(frame: Frame, into: str, separator: str, sources: Sequence[str]) -> Frame:
    """Set label `into` to the values of the source labels, joined."""
    if not into:
        raise QueryFault(f"invalid destination label name in label_join(): {into}")

    def value(labels: Labels) -> str:
        values = dict(labels)
        return separator.join(values.get(name, "") for name in sources)

    return _relabelled(frame, ("label_join", into, separator, tuple(sources)), into, value)


def _relabelled(frame: Frame, key: object, into: str, value: Callable[[Labels], str | None]) -> Frame:
    def make() -> LabelSets:
        rows, drops = [], frame.sets.drops.copy()
        for i, labels in enumerate(frame.sets.rows):
            new = value(labels)
            rows.append(labels if new is None else with_label(labels, into, new))
            if new is not None and into == NAME:
                drops[i] = False
        return LabelSets(rows, drops)

    return merged(Frame(frame.sets.recall(key, make), frame.values, frame.mask))


def by_value(frame: Frame, *, descending: bool) -> Frame:
    """Rows in order of their values, NaN last; only an instant has an order."""
    if frame.values.shape[1] != 1:
        return frame
    kept = frame.compact()
    column = kept.values[:, 0]
    return kept.take(np.argsort(-column if descending else column, kind="stable"))


def by_label(frame: Frame, names: Sequence[str], *, descending: bool) -> Frame:
    """Rows in natural order of the labels ("2" before "10"), then of all their labels."""
    if frame.values.shape[1] != 1:
        return frame
    kept = frame.compact()
    rows = [(dict(labels), labels) for labels in kept.sets.rows]

    def compare(one: int, other: int) -> int:
        for name in names:
            first, second = _natural(rows[one][0].get(name, "")), _natural(rows[other][0].get(name, ""))
            if first != second:
                return -1 if first < second else 1
        return (rows[one][1] > rows[other][1]) - (rows[one][1] < rows[other][1])

    order = sorted(range(len(rows)), key=cmp_to_key(compare), reverse=descending)
    return kept.take(np.array(order, dtype=np.intp))


def _natural(value: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), part) if part.isdigit() else (1, 0, part) for part in _DIGITS.split(value) if part]
