"""A runner for Prometheus's .test language: `load`, `clear`, `eval instant at`, `eval range from ... to ... step`.

Annotations (`expect warn`, `expect info`) are read and not compared: this engine makes none.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from opsguide.core.units import duration_s
from opsguide.engines.labelsets import NAME, Labels, text
from opsguide.engines.promql import QueryFault, instant, parse, range_
from opsguide.engines.promql.tree import RangeSelector
from opsguide.engines.series import NOTHING, STALE, Head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.engines.promql.syntax import Query

_LOAD = re.compile(r"load(?:_with_nhcb)?\s+(\S+)")
_EVAL = re.compile(
    r"eval(?:_(?P<old>fail|warn|info|ordered))?\s+(?:instant(?:\s+at\s+(?P<at>\S+))?|range\s+from\s+(?P<start>\S+)"
    r"\s+to\s+(?P<end>\S+)\s+step\s+(?P<step>\S+))\s+(?P<expr>.+)"
)
_REPEAT = re.compile(r"(?P<first>.+?)(?P<by>[+-][^x]+)?x(?P<times>\d+)")
_EXPECT = re.compile(r"expect\s+(\w+)")


@dataclass
class Case:
    """One eval: where it stands, what it asks and what it expects."""

    line: int
    expr: str
    at: float = 0.0
    grid: tuple[float, float, float] | None = None
    fails: bool = False
    ordered: bool = False
    expects_text: str | None = None
    expected: list[tuple[Labels, list[float]]] = field(default_factory=list)
    native: bool = False


class Loaded:
    """The samples that `load` commands have put in; every series is a target of its own, with its own times."""

    def __init__(self) -> None:
        self.series: dict[Labels, dict[int, float]] = {}
        self._head: Head | None = None
        self.native: set[str] = set()

    def load(self, labels: Labels, step_s: float, values: list[float]) -> None:
        self._head = None
        into = self.series.setdefault(labels, {})
        for i, value in enumerate(values):
            if not _is(value, NOTHING):
                into[round(i * step_s * 1000)] = value

    @property
    def head(self) -> Head:
        """The head with every sample as a scrape of its own target."""
        if self._head is None:
            self._head = head = Head(retention_s=10 * 365 * 86400)
            for number, (labels, samples) in enumerate(self.series.items()):
                group = f"{number}"
                for at_ms in sorted(samples):
                    key, value = _key(labels), samples[at_ms]
                    keys, values = ([], []) if _is(value, STALE) else ([key], [value])
                    head.append(group, (), at_ms / 1000, keys, np.array(values))
        return self._head


def _key(labels: Labels) -> str:
    shown = ",".join(f'"{n}"="{_escaped(v)}"' for n, v in labels if n != NAME)
    name = dict(labels).get(NAME, "")
    return f'{{"{_escaped(name)}",{shown}}}' if name else f"{{{shown}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _is(value: float, marker: np.float64) -> bool:
    return bool(np.float64(value).view(np.int64) == marker.view(np.int64))


def read_series(line: str) -> tuple[Labels, str]:
    """The labels of a series line and what follows them."""
    end = _end(line)
    return _labels(line[:end]), line[end:].strip()


def _end(line: str) -> int:
    brace = re.match(r"[^\s{]*", line)
    at = brace.end() if brace else 0
    if at >= len(line) or line[at] != "{" or line.startswith("{{", at):
        return at
    quote = ""
    while at < len(line):
        char = line[at]
        if quote:
            if char == "\\" and quote != "`":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'`":
            quote = char
        elif char == "}":
            return at + 1
        at += 1
    raise AssertionError(f"no end of labels in {line}")


def _labels(shown: str) -> Labels:
    if shown in {"", "{}"}:
        return ()
    tree = parse(shown).tree if shown != "{}" else None
    ways = getattr(tree, "ways", ((),))
    return tuple(sorted((m.name, m.value) for m in ways[0] if m.value))


def read_values(shown: str) -> list[float]:
    """`1 2+3x2 _ stale _x3 NaN`, expanded; _ is NOTHING."""
    values: list[float] = []
    for word in shown.split():
        found = _REPEAT.fullmatch(word)
        if found is None:
            values.append(_number(word))
            continue
        first, times = found["first"], int(found["times"])
        if first in {"_", "stale"}:
            values.extend([_number(first)] * times)
            continue
        by = float(found["by"]) if found["by"] else 0.0
        start = _number(first)
        values.extend(start + by * i for i in range(times + 1))
    return values


def _number(word: str) -> float:
    if word == "_":
        return NOTHING
    if word == "stale":
        return STALE
    return float(word.replace("Inf", "inf").replace("NaN", "nan"))


def cases(script: str) -> Iterator[tuple[Case, Loaded]]:
    """Every eval of the script with the samples loaded before it."""
    lines = [
        line.split("#", 1)[0].rstrip() if line.lstrip().startswith("#") else line.rstrip()
        for line in script.split("\n")
    ]
    loaded = Loaded()
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if not line:
            continue
        if line == "clear":
            loaded = Loaded()
            continue
        block = []
        while at < len(lines) and lines[at].strip():
            block.append((at + 1, lines[at].strip()))
            at += 1
        if found := _LOAD.match(line):
            _load(loaded, float(duration_s(found[1]) or 0), [text for _, text in block], nhcb="nhcb" in line)
        elif found := _EVAL.match(line):
            case = _case(found, at - len(block), [text for _, text in block])
            case.native = case.native or any(_asks_native(case.expr, name) for name in loaded.native)
            yield case, loaded
        else:
            raise AssertionError(f"line {at}: {line}")


def _asks_native(expr: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}(?!\w)", expr) is not None


def _load(loaded: Loaded, step_s: float, block: list[str], *, nhcb: bool) -> None:
    for line in block:
        if line.startswith("#"):
            continue
        labels, rest = read_series(line)
        name = dict(labels).get(NAME, "")
        if "{{" in rest or nhcb or "@st" in rest:
            loaded.native.add(re.sub(r"_(bucket|sum|count)$", "", name) if nhcb else name)
        if "{{" not in rest:
            loaded.load(labels, step_s, read_values(rest))


def _seconds(word: str) -> float:
    sign = -1 if word.startswith("-") else 1
    found = duration_s(word.lstrip("-"))
    return sign * (float(word.lstrip("-")) if found is None else found)


def _case(found: re.Match[str], line: int, block: list[str]) -> Case:
    grid = None
    if found["start"]:
        grid = (_seconds(found["start"]), _seconds(found["end"]), _seconds(found["step"]))
    case = Case(line, found["expr"].strip(), _seconds(found["at"]) if found["at"] else 0.0, grid)
    case.fails = found["old"] == "fail"
    case.ordered = found["old"] == "ordered"
    for text_ in block:
        if text_.startswith("#"):
            continue
        if expects := _EXPECT.match(text_):
            case.fails = case.fails or expects[1] == "fail"
            case.ordered = case.ordered or expects[1] == "ordered"
            if expects[1] == "string":
                case.expects_text = text_.split(None, 2)[2][1:-1]
            if text_.startswith("expect range vector"):
                case.native = True
            continue
        if text_.startswith("expected_fail"):
            continue
        if "{{" in text_:
            case.native = True
            continue
        labels, rest = read_series(text_) if not re.fullmatch(r"[-+.\deInfNa]+", text_) else ((), text_)
        case.expected.append((labels, read_values(rest)))
    return case


def same(one: float, other: float) -> bool:
    """Equal as promqltest counts it: relative difference below 1e-6, NaN equals NaN."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    if one == other:
        return True
    both, tiny = abs(one) + abs(other), 2.2250738585072014e-308
    if one == 0 or other == 0 or both < tiny:
        return abs(one - other) < 1e-6 * tiny
    return abs(one - other) / min(both, 1.7976931348623157e308) < 1e-6


def check(case: Case, loaded: Loaded) -> str:
    """ "" where the case holds, else what differs."""
    try:
        query = parse(case.expr)
        found = _evaluated(case, query, loaded.head)
    except QueryFault as fault:
        return "" if case.fails else f"fault: {fault}"
    if case.fails:
        return "should fail"
    if isinstance(found, str):
        return "" if found == case.expects_text else f"{found!r} is not {case.expects_text!r}"
    return _compared(case, found)


def _evaluated(case: Case, query: Query, head: Head) -> list[tuple[Labels, list[float]]] | str:
    if case.grid is not None:
        m = range_(query, head, *case.grid)
        return [
            (labels, [float(v) if here else NOTHING for v, here in zip(row, mask, strict=True)])
            for labels, row, mask in zip(m.labels, m.values, m.mask, strict=True)
        ]
    assert not isinstance(query.tree, RangeSelector) or case.native
    v = instant(query, head, case.at)
    if v.kind == "string":
        return v.text
    return [(labels, [float(value)]) for labels, value in zip(v.labels, v.values, strict=True)]


def _compared(case: Case, found: list[tuple[Labels, list[float]]]) -> str:
    if case.ordered and [labels for labels, _ in found] != [labels for labels, _ in case.expected]:
        return f"order: {[text(labels) for labels, _ in found]}"
    wanted = dict(case.expected)
    got = dict(found)
    if len(got) != len(found):
        return "a label set stands twice"
    steps = 1 if case.grid is None else math.floor((case.grid[1] - case.grid[0]) / case.grid[2] + 1e-9) + 1
    for labels, values in wanted.items():
        if labels not in got:
            if all(_is(v, NOTHING) for v in values):
                continue
            return f"missing {text(labels)}; got {[(text(k), v) for k, v in got.items()]}"
        padded = values + [NOTHING] * (steps - len(values))
        for i, (want, have) in enumerate(zip(padded, got[labels], strict=False)):
            if _is(want, NOTHING) != _is(have, NOTHING) or not (_is(want, NOTHING) or same(want, have)):
                return f"{text(labels)} step {i}: {have} is not {want}"
    extra = got.keys() - wanted.keys()
    return f"too much: {[(text(k), got[k]) for k in extra]}" if extra else ""
