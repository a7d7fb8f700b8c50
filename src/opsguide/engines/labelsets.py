"""A table of label sets that remembers what was asked of it: groupings, join signatures, tables without names.

Selections of the head are such tables and live until their group's layout changes, so what an expression asks again
at every evaluation is computed once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

NAME = "__name__"
Labels = tuple[tuple[str, str], ...]
"""A label set, sorted by name, without empty values."""
T = TypeVar("T")
_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows by group: codes[i] is the group of row i; order sorts rows by group; starts[g] is where g begins in it."""

    sets: LabelSets
    codes: NDArray[np.intp]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]


class LabelSets:
    """An immutable table of label sets. drops[i]: the metric name of row i goes when the evaluation ends."""

    __slots__ = ("_memo", "drops", "rows")

    def __init__(self, rows: Iterable[Labels], drops: NDArray[np.bool_] | None = None) -> None:
        """Keep the rows; without `drops` every name stays."""
        self.rows: tuple[Labels, ...] = tuple(rows)
        self.drops = np.zeros(len(self.rows), dtype=np.bool_) if drops is None else drops
        self._memo: dict[Hashable, object] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value made for `key` before, or made now. The memory is bounded: it is emptied at 64 keys."""
        if key in self._memo:
            return self._memo[key]  # type: ignore[return-value]
        made = make()
        if len(self._memo) >= _REMEMBERED:
            self._memo.clear()
        self._memo[key] = made
        return made

    def dropping(self) -> LabelSets:
        """The same rows, their names to go at the end."""
        if self.drops.all():
            return self
        return self.recall("dropping", lambda: LabelSets(self.rows, np.ones(len(self.rows), dtype=np.bool_)))

    def take(self, index: NDArray[np.intp]) -> LabelSets:
        """The rows of `index`, in its order."""
        return LabelSets([self.rows[i] for i in index], self.drops[index])

    def named(self) -> LabelSets:
        """The rows as they leave the evaluation: names removed where they are to go."""
        return self.recall("named", self._named)

    def _named(self) -> LabelSets:
        if not self.drops.any():
            return self
        return LabelSets(
            without(row, (NAME,)) if gone else row for row, gone in zip(self.rows, self.drops.tolist(), strict=True)
        )

    def keys(self, names: tuple[str, ...], *, keep: bool) -> list[Labels]:
        """Each row's labels in `names` (keep), or those outside them and the metric name."""
        return self.recall(("keys", names, keep), lambda: self._keys(names, keep=keep))

    def _keys(self, names: tuple[str, ...], *, keep: bool) -> list[Labels]:
        if keep and not names:
            return [()] * len(self.rows)
        if keep:
            return [only(row, names) for row in self.rows]
        gone = (*names, NAME)
        return [without(row, gone) for row in self.rows]

    def grouped(self, names: tuple[str, ...], *, keep: bool) -> Grouping:
        """Rows grouped by the labels `names` (keep: by, else: without), groups in the order of first appearance."""
        return self.recall(("grouped", names, keep), lambda: self._grouped(self.keys(names, keep=keep)))

    def by_rows(self) -> Grouping:
        """Rows grouped by their whole label set as it leaves the evaluation."""
        return self.recall("by_rows", lambda: self._grouped(self.named().rows))

    def _grouped(self, keys: Sequence[Labels]) -> Grouping:
        seen: dict[Labels, int] = {}
        codes = np.fromiter((seen.setdefault(key, len(seen)) for key in keys), dtype=np.intp, count=len(keys))
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(seen)))
        drops = np.zeros(len(seen), dtype=np.bool_)
        np.logical_or.at(drops, codes, self.drops)
        return Grouping(LabelSets(seen, drops), codes, order, starts.astype(np.intp))

    def unique(self) -> bool:
        """Whether no two rows have the same labels; with and without a name that is to go are two."""
        return self.recall("unique", lambda: len(set(self.identities())) == len(self.rows))

    def identities(self) -> Iterator[tuple[Labels, bool]]:
        """What makes each row itself: its labels, and whether its name is to go."""
        return zip(self.rows, self.drops.tolist(), strict=True)


def only(labels: Labels, names: Sequence[str]) -> Labels:
    """The labels that are in `names`."""
    return tuple(pair for pair in labels if pair[0] in names)


def without(labels: Labels, names: Sequence[str]) -> Labels:
    """The labels that are not in `names`."""
    return tuple(pair for pair in labels if pair[0] not in names)


def with_label(labels: Labels, name: str, value: str) -> Labels:
    """The labels with one set; an empty value removes it."""
    rest = [pair for pair in labels if pair[0] != name]
    if value:
        rest.append((name, value))
        rest.sort()
    return tuple(rest)


def join(tables: Sequence[LabelSets]) -> LabelSets:
    """One table of all rows. Remembered by the first table, so that joining the same ones again costs nothing."""
    if len(tables) == 1:
        return tables[0]
    if not tables:
        return LabelSets(())
    rest = tables[1:]
    key = ("join", tuple(id(t) for t in rest))
    # The tables are kept beside the result: an id must not be used again while it is a key.
    kept = tables[0].recall(key, lambda: (_joined(tables), rest))
    return kept[0]


def _joined(tables: Sequence[LabelSets]) -> LabelSets:
    return LabelSets([row for table in tables for row in table.rows], np.concatenate([t.drops for t in tables]))


def text(labels: Labels) -> str:
    """As PromQL prints it: `name{a="b"}`."""
    name = dict(labels).get(NAME, "")
    rest = ", ".join(f'{n}="{_escaped(v)}"' for n, v in labels if n != NAME)
    return name if name and not rest else f"{name}{{{rest}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
