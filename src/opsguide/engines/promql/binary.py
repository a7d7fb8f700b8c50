"""Binary operators: arithmetic, comparisons and sets, between scalars, vectors, and one vector and a scalar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.labelsets import NAME, LabelSets, only, text, with_label, without
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.frame import Frame, Scalar, merged, stacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from opsguide.engines.labelsets import Labels
    from opsguide.engines.promql.tree import Matching

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISONS: dict[str, Callable[[Floats, Floats], Bools]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
SETS = frozenset({"and", "or", "unless"})


def of_scalars(op: str, left: Scalar, right: Scalar) -> Scalar:
    """Scalar with scalar; comparisons answer 0 or 1."""
    if op in ARITHMETIC:
        return Scalar(ARITHMETIC[op](left.values, right.values))
    return Scalar(COMPARISONS[op](left.values, right.values).astype(np.float64))


def with_scalar(op: str, frame: Frame, scalar: Scalar, *, swapped: bool, as_bool: bool) -> Frame:
    """Vector with scalar, or scalar with vector (swapped). A comparison keeps the vector's own values and names."""
    other = np.broadcast_to(scalar.values, frame.values.shape)
    left, right = (other, frame.values) if swapped else (frame.values, other)
    if op in ARITHMETIC:
        return frame.with_values(ARITHMETIC[op](left, right))
    true = COMPARISONS[op](left, right)
    if as_bool:
        return frame.with_values(true.astype(np.float64))
    return Frame(frame.sets, frame.values, frame.mask & true)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows of both sides that meet: many[i] with one[i], of signature sign[i]; into[i] is the row of the result."""

    many: Ints
    one: Ints
    sign: Ints
    into: Ints
    sets: LabelSets
    ones_shared: bool
    manys_shared: bool
    pairs_shared: bool


def of_vectors(op: str, left: Frame, right: Frame, matching: Matching, *, as_bool: bool) -> Frame:
    """Vector with vector, matched by labels. Raises QueryFault where the matching is ambiguous."""
    if matching.fill_left is not None or matching.fill_right is not None:
        left, right = _filled(left, right, matching)
    swapped = matching.card == "right"
    many, one = (right, left) if swapped else (left, right)
    # A row without any value meets nobody, and must not make the other side look ambiguous.
    keeps_name = op in COMPARISONS
    key = ("pairs", id(one.sets), matching, keeps_name, as_bool)
    pairs, _ = many.sets.recall(
        key, lambda: (_paired(many.sets, one.sets, matching, keeps_name=keeps_name, as_bool=as_bool), one.sets)
    )
    mask = many.mask[pairs.many] & one.mask[pairs.one]
    _refuse_ambiguous(pairs, many, one, mask, matching)
    a, b = many.values[pairs.many], one.values[pairs.one]
    x, y = (b, a) if swapped else (a, b)
    if op in ARITHMETIC:
        values = ARITHMETIC[op](x, y)
    else:
        true = COMPARISONS[op](x, y)
        values = true.astype(np.float64) if as_bool else x
        mask = mask if as_bool else mask & true
    return merged(Frame(pairs.sets, values, mask))


def _paired(many: LabelSets, one: LabelSets, matching: Matching, *, keeps_name: bool, as_bool: bool) -> _Pairs:
    many_keys = many.keys(matching.labels, keep=matching.on)
    one_keys = one.keys(matching.labels, keep=matching.on)
    ones: dict[Labels, list[int]] = {}
    for row, key in enumerate(one_keys):
        ones.setdefault(key, []).append(row)
    signs = {key: number for number, key in enumerate(ones)}
    met = [(row, other, signs[key]) for row, key in enumerate(many_keys) for other in ones.get(key, ())]
    index = np.array(met, dtype=np.intp).reshape(len(met), 3)
    labels = [_result_labels(many.rows[m], one.rows[o], matching, keeps_name=keeps_name) for m, o, _ in met]
    if as_bool:
        drops = np.ones(len(met), dtype=np.bool_)
    elif keeps_name:
        drops = many.drops[index[:, 0]]
    else:
        drops = np.zeros(len(met), dtype=np.bool_)
    numbers: dict[Labels, int] = {}
    into = np.array([numbers.setdefault(row, len(numbers)) for row in labels], dtype=np.intp)
    return _Pairs(
        many=index[:, 0],
        one=index[:, 1],
        sign=index[:, 2],
        into=into,
        sets=LabelSets(labels, drops),
        ones_shared=any(len(rows) > 1 for rows in ones.values()),
        manys_shared=len(np.unique(index[:, 2])) < len(met),
        pairs_shared=len(numbers) < len(met),
    )


def _result_labels(many: Labels, one: Labels, matching: Matching, *, keeps_name: bool) -> Labels:
    labels = many if keeps_name else without(many, (NAME,))
    if matching.card == "one":
        labels = only(labels, matching.labels) if matching.on else without(labels, matching.labels)
    values = dict(one)
    for name in matching.include:
        labels = with_label(labels, name, values.get(name, ""))
    return labels


def _refuse_ambiguous(pairs: _Pairs, many: Frame, one: Frame, mask: Bools, matching: Matching) -> None:
    if pairs.ones_shared or not one.sets.unique():
        _refuse_twins(one, many, matching)
    if matching.card == "one" and pairs.manys_shared and _overlapping(pairs.sign, mask):
        raise QueryFault("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)")
    if matching.card != "one" and pairs.pairs_shared and _overlapping(pairs.into, mask):
        raise QueryFault("multiple matches for labels: grouping labels must ensure unique matches")


def _overlapping(codes: Ints, mask: Bools) -> bool:
    """Whether two rows of one code have a value at the same step."""
    count = np.zeros((int(codes.max(initial=-1)) + 1, mask.shape[1]), dtype=np.intp)
    np.add.at(count, codes, mask)
    return bool((count > 1).any())


def _refuse_twins(one: Frame, many: Frame, matching: Matching) -> None:
    """Two series of the `one` side in the same match group at one time; only where the other side is not empty then."""
    grouping = one.sets.grouped(matching.labels, keep=matching.on)
    count = np.zeros((len(grouping.sets), one.mask.shape[1]), dtype=np.intp)
    np.add.at(count, grouping.codes, one.mask)
    bad = (count > 1) & many.mask.any(axis=0)
    if not bad.any():
        return
    group, step = (int(x[0]) for x in np.nonzero(bad))
    rows = np.flatnonzero((grouping.codes == group) & one.mask[:, step])
    first, second = sorted(text(one.sets.rows[int(row)]) for row in rows[:2])
    side = "left" if matching.card == "right" else "right"
    raise QueryFault(
        f"found duplicate series for the match group {text(grouping.sets.rows[group])} on the {side} hand-side of the "
        f"operation: [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
    )


def _filled(left: Frame, right: Frame, matching: Matching) -> tuple[Frame, Frame]:
    """Both sides with a series of the fill value for each match group that the other side has and they lack."""
    more_right = _missing(left, right, matching, matching.fill_right)
    more_left = _missing(right, left, matching, matching.fill_left)
    steps = left.values.shape[1]
    return stacked([left, *more_left], steps), stacked([right, *more_right], steps)


def _missing(have: Frame, lack: Frame, matching: Matching, fill: float | None) -> list[Frame]:
    if fill is None:
        return []
    wanted = have.sets.grouped(matching.labels, keep=matching.on)
    theirs = dict(zip(wanted.sets.rows, _any_by(wanted.codes, have.mask, len(wanted.sets)), strict=True))
    found = lack.sets.grouped(matching.labels, keep=matching.on)
    for labels, mask in zip(found.sets.rows, _any_by(found.codes, lack.mask, len(found.sets)), strict=True):
        if labels in theirs:
            theirs[labels] = theirs[labels] & ~mask
    mask = np.array(list(theirs.values())).reshape(len(theirs), have.mask.shape[1])
    return [Frame(LabelSets(theirs), np.full(mask.shape, fill), mask)]


def _any_by(codes: Ints, mask: Bools, groups: int) -> Bools:
    found = np.zeros((groups, mask.shape[1]), dtype=np.bool_)
    np.logical_or.at(found, codes, mask)
    return found


def of_sets(op: str, left: Frame, right: Frame, matching: Matching) -> Frame:
    """and, unless: rows of the left with, without, a partner; or: the left and what of the right it does not cover."""
    if op == "or":
        return _either(left, right, matching)
    partner = _covered(left.sets, right, matching)
    return Frame(left.sets, left.values, left.mask & (partner if op == "and" else ~partner))


def _covered(sets: LabelSets, by: Frame, matching: Matching) -> Bools:
    """For each row of sets and step, whether `by` has a value of the same match group; [rows, steps]."""
    key = ("covered", id(by.sets), matching.labels, matching.on)
    (codes, groups, positions), _ = sets.recall(key, lambda: (_positions(sets, by.sets, matching), by.sets))
    found = _any_by(codes, by.mask, groups + 1)
    return np.asarray(found[positions])


def _positions(sets: LabelSets, by: LabelSets, matching: Matching) -> tuple[Ints, int, Ints]:
    """The match group of each row of `by`, their number, and the group of each row of `sets` (their number: none)."""
    grouping = by.grouped(matching.labels, keep=matching.on)
    numbers = {labels: number for number, labels in enumerate(grouping.sets.rows)}
    none = len(numbers)
    positions = [numbers.get(key, none) for key in sets.keys(matching.labels, keep=matching.on)]
    return grouping.codes, none, np.array(positions, dtype=np.intp)


def _either(left: Frame, right: Frame, matching: Matching) -> Frame:
    covered = _covered(right.sets, left, matching)
    rest = Frame(right.sets, right.values, right.mask & ~covered)
    if not len(rest.sets):
        return left
    return stacked([left, rest], left.values.shape[1])
