"""Prometheus text exposition and OpenMetrics: bytes to samples, and samples to text.

Targets expose the same lines scrape after scrape and only the numbers change, so what stands before a value is looked
up in a cache of checked prefixes; the grammar is walked once for each series. Nonsense becomes faults, never an
exception.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

Labels = tuple[tuple[str, str], ...]
_KINDS = frozenset({"counter", "gauge", "histogram", "summary"})
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'\s*(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:[^"\\\n]|\\.)*)")\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*')
_QUOTED = re.compile(r'\s*"((?:[^"\\\n]|\\.)*)"\s*')
_ESCAPE = re.compile(r"\\(.)")
_PLAIN_LABELS = re.compile(
    r'[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*",)*[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*"\})?'
)
_PLAIN_NAMES = re.compile(r'[{,]([a-zA-Z_][a-zA-Z0-9_]*)="')
_FAULTS_KEPT = 20
_FAULTS_BEFORE_GIVING_UP = 200
_PREFIXES = 400_000
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is no sample: its 1-based number, its first 120 characters, and why."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Exposition:
    """What an exposition says.

    keys[i] is `name{a="b"}` (labels as exposed, in one canonical spelling), values[i] its value. kinds: family ->
    counter, gauge, histogram, summary or unknown. timestamps: ms per sample (nan where none), or None where no line
    has one. faults: the first 20; `faulty` counts all.
    """

    keys: list[str]
    values: NDArray[np.float64]
    kinds: dict[str, str] = field(default_factory=dict)
    helps: dict[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    faulty: int = 0
    timestamps: NDArray[np.float64] | None = None


_known: dict[str, str] = {}
"""Text before the value -> canonical key. Emptied when it grows past its limit; it is a cache and holds no truth."""


class _Reading:
    """One pass over one exposition."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.numbers: list[float] = []
        self.times: dict[int, float] = {}
        self.kinds: dict[str, str] = {}
        self.helps: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.faulty = 0

    def fault(self, line: int, text: str, why: str) -> None:
        self.faulty += 1
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(Fault(line, text[:_SHOWN], why))

    def sample(self, number: int, line: str) -> None:
        prefix, _, value = line.rpartition(" ")
        key = _known.get(prefix)
        if key is not None:
            try:
                self.numbers.append(_number(value))
            except ValueError:
                self.fault(number, line, f"{value!r} is no number")
            else:
                self.keys.append(key)
            return
        self.walk(number, line)

    def walk(self, number: int, line: str) -> None:
        """The whole grammar: spaces, escapes, timestamps, exemplars."""
        try:
            end = _end_of_series(line)
            key = canonical(line[:end])
        except ValueError as error:
            self.fault(number, line, str(error))
            return
        rest = line[end:].partition(" # ")[0].split()
        if not rest or len(rest) > 2:  # noqa: PLR2004 -- a value and a timestamp
            self.fault(number, line, "a sample is a series, a value and perhaps a timestamp")
            return
        try:
            value = _number(rest[0])
            at = float(rest[1]) if len(rest) > 1 else None
        except ValueError:
            self.fault(number, line, f"{' '.join(rest)!r} is no number")
            return
        if at is None and line == f"{line[:end]} {rest[0]}":
            if len(_known) >= _PREFIXES:
                _known.clear()
            _known[line[:end]] = key
        if at is not None:
            self.times[len(self.keys)] = at
        self.keys.append(key)
        self.numbers.append(value)

    def comment(self, line: str) -> None:
        words = line.split(None, 3)
        if len(words) < 3:  # noqa: PLR2004 -- "#", keyword, family
            return
        if words[1] == "TYPE":
            kind = words[3].strip().lower() if len(words) > 3 else "unknown"  # noqa: PLR2004 -- the kind is the fourth
            self.kinds[words[2].strip('"')] = kind if kind in _KINDS else "unknown"
        elif words[1] == "HELP":
            self.helps[words[2].strip('"')] = words[3] if len(words) > 3 else ""  # noqa: PLR2004 -- as above

    def result(self, *, seconds: bool) -> Exposition:
        values = np.array(self.numbers, dtype=np.float64)
        stamps = None
        if self.times:
            stamps = np.full(len(values), np.nan)
            for index, at in self.times.items():
                stamps[index] = at * 1000 if seconds else at
        return Exposition(self.keys, values, self.kinds, self.helps, tuple(self.faults), self.faulty, stamps)


def parse(text: bytes) -> Exposition:
    """Every sample of a text exposition (Prometheus 0.0.4 or OpenMetrics 1.0); what is none of it, as faults."""
    reading = _Reading()
    try:
        body = text.decode()
    except UnicodeDecodeError as error:
        reading.fault(
            text.count(b"\n", 0, error.start) + 1, "", f"not UTF-8: byte {error.start} is {text[error.start]:#04x}"
        )
        return reading.result(seconds=False)
    ended = False
    for number, raw in enumerate(body.split("\n"), start=1):
        line = raw.strip(" \t\r")
        if not line:
            continue
        if line[0] == "#":
            if line == "# EOF":
                ended = True
                break
            reading.comment(line)
            continue
        reading.sample(number, line)
        if reading.faulty >= _FAULTS_BEFORE_GIVING_UP and not reading.keys:
            reading.fault(number, line, "no sample in the first 200 lines: this is no exposition")
            break
    _drop_duplicates(reading)
    return reading.result(seconds=ended)


def _drop_duplicates(reading: _Reading) -> None:
    if len(set(reading.keys)) == len(reading.keys):
        return
    kept: dict[str, int] = {}
    for index, key in enumerate(reading.keys):
        if key in kept:
            reading.fault(0, key, "exposed twice; the first value is kept")
        else:
            kept[key] = index
    stay = list(kept.values())
    reading.numbers = [reading.numbers[i] for i in stay]
    reading.times = {new: reading.times[old] for new, old in enumerate(stay) if old in reading.times}
    reading.keys = list(kept)


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _end_of_series(line: str) -> int:
    """Where the series ends: after the closing brace, or at the first space."""
    start = _NAME.match(line)
    at = start.end() if start else 0
    while at < len(line) and line[at] in " \t":
        at += 1
    if at >= len(line) or line[at] != "{":
        if start is None:
            raise ValueError("a metric name starts with a letter, _ or :")
        return start.end()
    at += 1
    quoted = False
    while at < len(line):
        char = line[at]
        if char == "\\" and quoted:
            at += 1
        elif char == '"':
            quoted = not quoted
        elif char == "}" and not quoted:
            return at + 1
        at += 1
    raise ValueError("the labels are not closed by }")


@lru_cache(maxsize=200_000)
def canonical(series: str) -> str:
    """One spelling of a series: no spaces, no trailing comma, labels in the order exposed. Raises ValueError."""
    if _PLAIN_LABELS.fullmatch(series):
        names = _PLAIN_NAMES.findall(series)
        if len(set(names)) == len(names):
            return series
    name, labels = _walk_labels(series)
    if not labels:
        return name
    return name + "{" + ",".join(f'{n}="{_escaped(v)}"' for n, v in labels) + "}"


@lru_cache(maxsize=400_000)
def split_key(key: str) -> tuple[str, Labels]:
    """The name of a key and its labels, sorted; raises ValueError where it is no series."""
    name, labels = _walk_labels(key)
    return name, tuple(sorted(labels))


def _walk_labels(series: str) -> tuple[str, list[tuple[str, str]]]:
    brace = series.find("{")
    name = (series if brace < 0 else series[:brace]).strip()
    labels: list[tuple[str, str]] = []
    if brace < 0:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no metric name")
        return name, labels
    at = brace + 1
    while series[at:].strip() != "}":
        found = _LABEL.match(series, at)
        if found is None:
            quoted = _QUOTED.match(series, at)
            if quoted is None or name or labels:
                raise ValueError('labels are written name="value", separated by commas')
            name, at = _unescaped(quoted[1]), quoted.end()
        else:
            label = found[1] if found[1] is not None else _unescaped(found[2])
            if any(label == known for known, _ in labels):
                raise ValueError(f"label {label} stands twice")
            labels.append((label, _unescaped(found[3])))
            at = found.end()
        if series[at : at + 1] == ",":
            at += 1
        elif series[at : at + 1] != "}":
            raise ValueError('labels are written name="value", separated by commas')
    if not name:
        raise ValueError("the series has no metric name")
    return name, labels


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1] if found[1] in '\\"' else found[0], text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def key_of(name: str, labels: Iterable[tuple[str, str]] = ()) -> str:
    """The canonical key of a name and labels."""
    inner = ",".join(f'{n}="{_escaped(v)}"' for n, v in labels)
    return f"{name}{{{inner}}}" if inner else name


def render(
    samples: Sequence[tuple[str, float]], kinds: Mapping[str, str] | None = None, helps: Mapping[str, str] | None = None
) -> str:
    """Text exposition 0.0.4 of (key, value) pairs; families are written together, with their type and help."""
    kinds, helps = kinds or {}, helps or {}
    families: dict[str, list[str]] = {}
    for key, value in samples:
        families.setdefault(_family(split_key(key)[0], kinds), []).append(f"{key} {said(value)}\n")
    text = []
    for family, lines in families.items():
        if family in helps:
            text.append(f"# HELP {family} {helps[family]}\n")
        if family in kinds:
            text.append(f"# TYPE {family} {kinds[family]}\n")
        text.extend(lines)
    return "".join(text)


def _family(name: str, kinds: Mapping[str, str]) -> str:
    if name in kinds:
        return name
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix) and name.removesuffix(suffix) in kinds:
            return name.removesuffix(suffix)
    return name


def said(value: float) -> str:
    """A value as expositions write it: +Inf, -Inf, NaN, whole numbers without a point."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))  # noqa: PLR2004 -- exact
