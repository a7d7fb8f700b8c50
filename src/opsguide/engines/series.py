"""The head: one matrix of samples for each target, and what PromQL reads of it.

Layout, markers and limits: docs/design/series.md. Pure: time is what callers append; nothing is locked, one thread
owns a head. Longer than most files because a group's writing and selecting share every one of its arrays.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import re2

from opsguide.engines.exposition import split_key
from opsguide.engines.labelsets import NAME, Labels, LabelSets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

STALE_BITS = 0x7FF0000000000002
NOTHING_BITS = 0x7FF0000000000004
LOOKBACK_MS = 300_000
RETENTION_S = 6 * 3600.0
_VALUES_SHOWN = 20
_SELECTIONS = 512
_FIRST_SLOTS = 16
_FIRST_ROWS = 8
SET_BACK_MS = 60_000
"""No scrape takes so long that it ends this much after a later one: the clock was set back."""
_TIDY_EVERY = 256
_NEVER = np.int64(-(1 << 62))


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher; op is =, !=, =~ or !~. A missing label is "". Regexes are anchored, dot matches newline."""

    name: str
    op: str
    value: str

    def accepts(self, values: Iterable[str]) -> set[str]:
        """Those of the values that match."""
        if self.op == "=":
            return {v for v in values if v == self.value}
        if self.op == "!=":
            return {v for v in values if v != self.value}
        pattern = regex(self.value)
        wanted = self.op == "=~"
        return {v for v in values if (pattern.fullmatch(v) is not None) is wanted}

    def __str__(self) -> str:
        shown = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.op}"{shown}"'


Matchers = tuple[Matcher, ...]
_UP: Matchers = (Matcher(NAME, "=", "up"),)
_QUIET = re2.Options()
_QUIET.log_errors = False


@lru_cache(maxsize=4096)
def regex(pattern: str) -> re2._Regexp:
    """The pattern as PromQL reads it: dot matches newline; callers use fullmatch. Raises re2.error, prints nothing."""
    return re2.compile(f"(?s:{pattern})", _QUIET)


@dataclass(frozen=True, slots=True)
class Slab:
    """The series of one group that a selector matches, within a stretch of time.

    times: ms, int64 [slots], rising. values: float64 [series, slots], a view or a copy, never to be written to; cells
    may be stale or nothing (see `present`).
    """

    group: str
    sets: LabelSets
    times: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One target's part in a metric: down_since_ms is None while it is up and scraped.

    target: the labels of the target. common: labels that all matching series of this target share. first_ms, last_ms:
    of those series. latest_ms: its newest scrape. stopped: it is down because nothing came, not because `up` said so.
    """

    group: str
    target: Labels
    common: Labels
    series: int
    first_ms: int
    last_ms: int
    latest_ms: int
    down_since_ms: int | None
    stopped: bool = False


class Source(Protocol):
    """What PromQL evaluates against. All times are ms; a stretch is left-open: (start, end]."""

    def select(self, matchers: Matchers, start_ms: int, end_ms: int) -> Sequence[Slab]:
        """The matching series, group by group; groups without a matching series are left out."""
        ...

    def count(self, matchers: Matchers, start_ms: int, end_ms: int) -> tuple[int, int]:
        """How many series match, and the most slots that a group has in the stretch. Cheap: it prices a query."""
        ...

    def sightings(self, matchers: Matchers, at_ms: int) -> Sequence[Sighting]:
        """What each target ever had (within the kept window, up to at_ms) of the matching series."""
        ...

    def down(self, at_ms: int) -> Mapping[str, int]:
        """The groups whose target is down at that time, each with since when (ms)."""
        ...


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one metric name. labels: name -> up to 20 values.

    stale: no series of it is in the newest scrape of a target that is still scraped.
    """

    name: str
    kind: str
    series: int
    last_s: float
    labels: Mapping[str, tuple[str, ...]]
    stale: bool


def present(values: NDArray[np.float64]) -> NDArray[np.bool_] | None:
    """Which cells hold a sample; None where all do."""
    holes = np.isnan(values)
    if not holes.any():
        return None
    bits = values.view(np.int64)
    return np.asarray((bits != STALE_BITS) & (bits != NOTHING_BITS))


def _marker(bits: int) -> np.float64:
    return np.array([bits], dtype=np.int64).view(np.float64)[0]  # type: ignore[no-any-return]


STALE = _marker(STALE_BITS)
NOTHING = _marker(NOTHING_BITS)


def to_ms(at_s: float) -> int:
    """Unix seconds as integer milliseconds."""
    return round(at_s * 1000)


class Group:
    """The samples of one target."""

    def __init__(self, key: str, labels: Labels, retention_ms: int) -> None:
        """An empty group; `labels` are added to each of its series."""
        self.key = key
        self.labels = labels
        self.kinds: dict[str, str] = {}
        self.rejected = 0
        self.generation = 0
        self._retention_ms = retention_ms
        self._sets: list[Labels] = []
        self._row_of_set: dict[Labels, int] = {}
        self._row_of_key: dict[str, int] = {}
        self._keys: Sequence[str] = ()
        self._rows: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._times: NDArray[np.int64] = np.zeros(_FIRST_SLOTS, dtype=np.int64)
        self._cells: NDArray[np.float64] = np.full((_FIRST_ROWS, _FIRST_SLOTS), NOTHING)
        self._live: NDArray[np.bool_] = np.zeros(_FIRST_ROWS, dtype=np.bool_)
        self._first: NDArray[np.int64] = np.zeros(_FIRST_ROWS, dtype=np.int64)
        self._last: NDArray[np.int64] = np.full(_FIRST_ROWS, _NEVER)
        self._begin = 0
        self._end = 0
        self._untidied = 0
        self._selections: OrderedDict[Matchers, tuple[slice | NDArray[np.intp], LabelSets]] = OrderedDict()
        self._values_of: dict[str, dict[str, list[int]]] | None = None

    @property
    def newest_ms(self) -> int:
        """Time of the newest scrape; 0 before the first."""
        return int(self._times[self._end - 1]) if self._end > self._begin else 0

    def __len__(self) -> int:
        return len(self._sets)

    # ---- appending ---------------------------------------------------------------------------------------------------

    def append(self, at_ms: int, keys: Sequence[str], values: NDArray[np.float64], labels: Labels) -> bool:
        """Write one scrape as a column; False where it is older than the newest and was dropped.

        Where it is so much older that the clock was set back, the samples of times that are still to come go instead.
        """
        if self._end > self._begin and at_ms < self.newest_ms:
            if self.newest_ms - at_ms <= SET_BACK_MS:
                self.rejected += 1
                return False
            self._end = self._begin + int(np.searchsorted(self._times[self._begin : self._end], at_ms))
        again = self._end > self._begin and at_ms == self.newest_ms
        if labels != self.labels:
            self._relabel(labels)
        if not again:
            self._make_room(at_ms)
        # Room first: making it may renumber the rows; resolving may add rows and shift the slots.
        rows = self._resolve(keys)
        slot = self._end - 1 if again else self._end
        self._write(slot, at_ms, rows, values)
        self._times[slot] = at_ms
        self._end = slot + 1
        return True

    def _relabel(self, labels: Labels) -> None:
        # The series under the old labels simply end: the next write marks them stale.
        self.labels = labels
        self._row_of_key = {}
        self._keys = ()

    def _resolve(self, keys: Sequence[str]) -> NDArray[np.intp]:
        if len(keys) == len(self._keys) and keys == self._keys:
            return self._rows
        known = self._row_of_key
        for key in keys:
            if key not in known:
                known[key] = self._row(full_labels(key, self.labels))
        self._keys = list(keys)
        self._rows = np.fromiter((known[key] for key in keys), dtype=np.intp, count=len(keys))
        return self._rows

    def _row(self, labels: Labels) -> int:
        found = self._row_of_set.get(labels)
        if found is not None:
            return found
        row = len(self._sets)
        self._sets.append(labels)
        self._row_of_set[labels] = row
        if row == len(self._cells):
            self._resize(2 * row, self._cells.shape[1])
        self._changed()
        return row

    def _changed(self) -> None:
        self.generation += 1
        self._selections.clear()
        self._values_of = None

    def _make_room(self, at_ms: int) -> None:
        cut = int(np.searchsorted(self._times[self._begin : self._end], at_ms - self._retention_ms, side="left"))
        self._begin += cut
        self._untidied += 1
        slots = self._cells.shape[1]
        if self._end == slots:
            if self._begin * 8 < slots:
                self._resize(self._cells.shape[0], 2 * slots)
            else:
                self._move()
        elif self._untidied >= _TIDY_EVERY and self._has_dead_rows():
            self._move()

    def _resize(self, rows: int, slots: int) -> None:
        cells = np.full((rows, slots), NOTHING)
        kept = self._end - self._begin
        cells[: len(self._cells), :kept] = self._cells[:, self._begin : self._end]
        times = np.zeros(slots, dtype=np.int64)
        times[:kept] = self._times[self._begin : self._end]
        self._cells, self._times, self._begin, self._end = cells, times, 0, kept
        more = rows - len(self._live)
        if more > 0:
            self._live = np.concatenate([self._live, np.zeros(more, dtype=np.bool_)])
            self._first = np.concatenate([self._first, np.zeros(more, dtype=np.int64)])
            self._last = np.concatenate([self._last, np.full(more, _NEVER)])

    def _dead_rows(self) -> NDArray[np.bool_]:
        count = len(self._sets)
        oldest = int(self._times[self._begin]) if self._end > self._begin else 0
        return ~self._live[:count] & (self._last[:count] < oldest)

    def _has_dead_rows(self) -> bool:
        self._untidied = 0
        return bool(self._dead_rows().any())

    def _move(self) -> None:
        """Bring the kept slots to the front and leave out the rows that have no sample in them."""
        dead = self._dead_rows()
        if dead.any():
            self._leave_out(dead)
        kept = self._end - self._begin
        self._cells[:, :kept] = self._cells[:, self._begin : self._end].copy()
        self._cells[:, kept:] = NOTHING
        self._times[:kept] = self._times[self._begin : self._end].copy()
        self._begin, self._end = 0, kept

    def _leave_out(self, dead: NDArray[np.bool_]) -> None:
        stay = np.flatnonzero(~dead)
        count = len(stay)
        for column, none in ((self._live, False), (self._first, 0), (self._last, _NEVER)):
            column[:count] = column[stay]
            column[count:] = none
        self._cells[:count] = self._cells[stay]
        self._cells[count:] = NOTHING
        self._sets = [self._sets[i] for i in stay]
        self._row_of_set = {labels: row for row, labels in enumerate(self._sets)}
        moved = dict(zip(stay.tolist(), range(count), strict=True))
        self._row_of_key = {key: moved[row] for key, row in self._row_of_key.items() if row in moved}
        self._keys = ()
        self._changed()

    def _write(self, slot: int, at_ms: int, rows: NDArray[np.intp], values: NDArray[np.float64]) -> None:
        count = len(self._sets)
        column = self._cells[:count, slot]
        was = self._live[:count]
        column[:] = np.where(was, STALE, NOTHING)
        column[rows] = np.where(np.isnan(values), np.nan, values)
        now = np.zeros(count, dtype=np.bool_)
        now[rows] = True
        fresh = now & (self._last[:count] == _NEVER)
        self._first[:count][fresh] = at_ms
        self._last[:count][now] = at_ms
        self._live[:count] = now

    # ---- reading -----------------------------------------------------------------------------------------------------

    def rows_of(self, matchers: Matchers) -> tuple[slice | NDArray[np.intp], LabelSets] | None:
        """The rows that match, as a slice where they lie together, and their label sets; None where there are none."""
        found = self._selections.get(matchers)
        if found is None:
            found = self._match(matchers)
            if len(self._selections) >= _SELECTIONS:
                self._selections.popitem(last=False)
            self._selections[matchers] = found
        return found if len(found[1]) else None

    def _match(self, matchers: Matchers) -> tuple[slice | NDArray[np.intp], LabelSets]:
        rows: set[int] | None = None
        for matcher in sorted(matchers, key=lambda m: (m.name != NAME, m.op != "=")):
            matched = self._matching(matcher)
            rows = matched if rows is None else rows & matched
            if not rows:
                break
        index = np.array(sorted(rows or ()), dtype=np.intp)
        sets = LabelSets(self._sets[i] for i in index)
        if len(index) and index[-1] - index[0] + 1 == len(index):
            return slice(int(index[0]), int(index[-1]) + 1), sets
        return index, sets

    def _matching(self, matcher: Matcher) -> set[int]:
        by_value = self._index().get(matcher.name, {})
        rows = {row for value in matcher.accepts(by_value) for row in by_value[value]}
        if matcher.accepts(("",)):
            have = {row for found in by_value.values() for row in found}
            rows |= set(range(len(self._sets))) - have
        return rows

    def _index(self) -> dict[str, dict[str, list[int]]]:
        if self._values_of is None:
            found: dict[str, dict[str, list[int]]] = {}
            for row, labels in enumerate(self._sets):
                for name, value in labels:
                    found.setdefault(name, {}).setdefault(value, []).append(row)
            self._values_of = found
        return self._values_of

    def window(self, start_ms: int, end_ms: int) -> slice:
        """Slots within (start, end]."""
        times = self._times[self._begin : self._end]
        low = int(np.searchsorted(times, start_ms, side="right"))
        high = int(np.searchsorted(times, end_ms, side="right"))
        return slice(self._begin + low, self._begin + high)

    def slab(self, matchers: Matchers, start_ms: int, end_ms: int) -> Slab | None:
        """The matching series within (start, end]; None where no series matches."""
        found = self.rows_of(matchers)
        if found is None:
            return None
        rows, sets = found
        slots = self.window(start_ms, end_ms)
        cells = self._cells[rows, slots]
        return Slab(self.key, sets, self._times[slots], cells)

    def sighting(self, matchers: Matchers, at_ms: int) -> Sighting | None:
        """This target's part in the matching series, as of at_ms."""
        found = self.rows_of(matchers)
        slots = self.window(-1, at_ms)
        if found is None or slots.start == slots.stop:
            return None
        rows, sets = found
        first, last = self._first[rows], self._last[rows]
        known = first <= at_ms
        if not known.any():
            return None
        return Sighting(
            group=self.key,
            target=self.labels,
            common=sets.recall("common", lambda: _common(sets)),
            series=int(known.sum()),
            first_ms=int(first[known].min()),
            last_ms=min(int(last[known].max()), at_ms),
            latest_ms=int(self._times[slots.stop - 1]),
            down_since_ms=self.down_since(at_ms, slots),
            stopped=not self._said_down(slots),
        )

    def down_since(self, at_ms: int, slots: slice | None = None) -> int | None:
        """When the target went down: `up` is 0 since then, or it has appended nothing for the lookback; else None."""
        slots = self.window(-1, at_ms) if slots is None else slots
        if slots.start == slots.stop:
            return None
        newest = int(self._times[slots.stop - 1])
        if self._said_down(slots):
            rows, _ = self.rows_of(_UP) or (slice(0), None)
            up = np.flatnonzero(~(self._cells[rows, slots] == 0).all(axis=0))
            since = int(up[-1]) + 1 if len(up) else 0
            return int(self._times[slots.start + since])
        return newest if newest <= at_ms - LOOKBACK_MS else None

    def _said_down(self, slots: slice) -> bool:
        """Whether `up` is 0 in the last of these slots."""
        found = self.rows_of(_UP)
        return found is not None and bool((self._cells[found[0], slots.stop - 1] == 0).all())

    def facts(self, now_ms: int) -> Iterable[tuple[str, str, NDArray[np.intp], int, bool, tuple[Labels, ...]]]:
        """Per metric name: rows, newest time, whether a row is in the newest scrape of a running target, labels."""
        stopped = self.newest_ms <= now_ms - LOOKBACK_MS
        for name, listed in self._index().get(NAME, {}).items():
            rows = np.array(listed, dtype=np.intp)
            kept = rows[(self._last[rows] >= now_ms - self._retention_ms) | self._live[rows]]
            if len(kept):
                fresh = bool(self._live[kept].any()) and not stopped
                labels = tuple(self._sets[i] for i in kept)
                yield name, self._kind(name), kept, int(self._last[kept].max()), fresh, labels

    def _kind(self, name: str) -> str:
        if name in self.kinds:
            return self.kinds[name]
        for suffix in ("_bucket", "_sum", "_count", "_total", "_created"):
            kind = self.kinds.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if kind is not None:
                return kind
        return "unknown"


def _common(sets: LabelSets) -> Labels:
    return tuple(sorted(set.intersection(*(set(row) for row in sets.rows))))


def full_labels(key: str, target: Labels) -> Labels:
    """The labels of an exposed key with its target's; a label that both have is kept as exported_<name>."""
    name, exposed = split_key(key)
    labels = {NAME: name, **dict(target)}
    for label, value in exposed:
        taken = label in labels and label != NAME
        labels[f"exported_{label}" if taken else label] = value
    return tuple(sorted((n, v) for n, v in labels.items() if v))


@dataclass(slots=True)
class _Collected:
    kind: str
    series: int = 0
    last_ms: int = 0
    fresh: bool = False
    labels: dict[str, set[str]] = field(default_factory=dict)


class Head:
    """All groups; the Source of live evaluation."""

    def __init__(self, retention_s: float = RETENTION_S) -> None:
        """An empty head that keeps `retention_s` seconds of samples for each target."""
        self.groups: dict[str, Group] = {}
        self._retention_ms = to_ms(retention_s)

    @property
    def rejected(self) -> int:
        """Scrapes dropped because they were older than what their target had."""
        return sum(group.rejected for group in list(self.groups.values()))

    @property
    def series(self) -> int:
        """Series held, live and ended."""
        return sum(len(group) for group in list(self.groups.values()))

    def append(
        self,
        key: str,
        labels: Labels,
        at_s: float,
        keys: Sequence[str],
        values: NDArray[np.float64],
        kinds: Mapping[str, str] | None = None,
    ) -> bool:
        """Append one scrape of the target `key`; False where it came too late and was dropped."""
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(key, labels, self._retention_ms)
        if kinds:
            group.kinds.update(kinds)
        return group.append(to_ms(at_s), keys, np.asarray(values, dtype=np.float64), labels)

    def expire(self, now_s: float) -> None:
        """Forget the targets that have appended nothing within the retention."""
        oldest = to_ms(now_s) - self._retention_ms
        for key in [k for k, group in self.groups.items() if group.newest_ms < oldest]:
            del self.groups[key]

    def select(self, matchers: Matchers, start_ms: int, end_ms: int) -> Sequence[Slab]:
        """See Source."""
        found = (group.slab(matchers, start_ms, end_ms) for group in self.groups.values())
        return [slab for slab in found if slab is not None]

    def count(self, matchers: Matchers, start_ms: int, end_ms: int) -> tuple[int, int]:
        """See Source."""
        series = slots = 0
        for group in self.groups.values():
            found = group.rows_of(matchers)
            if found is not None:
                window = group.window(start_ms, end_ms)
                series += len(found[1])
                slots = max(slots, window.stop - window.start)
        return series, slots

    def sightings(self, matchers: Matchers, at_ms: int) -> Sequence[Sighting]:
        """See Source."""
        found = (group.sighting(matchers, at_ms) for group in self.groups.values())
        return [sighting for sighting in found if sighting is not None]

    def down(self, at_ms: int) -> Mapping[str, int]:
        """See Source."""
        found = ((key, group.down_since(at_ms)) for key, group in self.groups.items())
        return {key: since for key, since in found if since is not None}

    def facts(self, now_s: float) -> dict[str, Fact]:
        """What is known of every metric name that has a sample within the retention."""
        found: dict[str, _Collected] = {}
        for group in self.groups.values():
            for name, kind, rows, last_ms, fresh, sets in group.facts(to_ms(now_s)):
                known = found.setdefault(name, _Collected(kind))
                known.kind = kind if known.kind == "unknown" else known.kind
                known.series += len(rows)
                known.last_ms = max(known.last_ms, last_ms)
                known.fresh = known.fresh or fresh
                _collect_values(known.labels, sets)
        return {name: _fact(name, known) for name, known in sorted(found.items())}


def _collect_values(into: dict[str, set[str]], sets: Iterable[Labels]) -> None:
    for labels in sets:
        for name, value in labels:
            if name != NAME:
                values = into.setdefault(name, set())
                if len(values) < _VALUES_SHOWN:
                    values.add(value)


def _fact(name: str, known: _Collected) -> Fact:
    labels = {label: tuple(sorted(values)) for label, values in sorted(known.labels.items())}
    return Fact(name, known.kind, known.series, known.last_ms / 1000, labels, stale=not known.fresh)
