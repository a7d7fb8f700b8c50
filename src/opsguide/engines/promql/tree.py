"""The syntax tree of a query: frozen and hashable, so that equal parts of queries are evaluated once. Times are ms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsguide.engines.series import Matcher


@dataclass(frozen=True, slots=True)
class At:
    """The @ modifier: a fixed time, or where the whole query starts or ends."""

    edge: str
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Selector:
    """An instant selector. name: "" where none is given.

    ways: alternatives joined by `or` (nearly always one), each a conjunction of matchers.
    """

    ways: tuple[tuple[Matcher, ...], ...]
    name: str
    text: str
    offset_ms: int = 0
    at: At | None = None


@dataclass(frozen=True, slots=True)
class RangeSelector:
    """A selector with a window of `range_ms` before each time."""

    selector: Selector
    range_ms: int


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression evaluated every step_ms within a window; step_ms 0: the default of one minute."""

    inner: Node
    range_ms: int
    step_ms: int
    offset_ms: int = 0
    at: At | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. scalar: it answers a scalar."""

    name: str
    args: tuple[Node, ...]
    scalar: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation over the labels (keep: by, else: without); param of topk, quantile, count_values."""

    op: str
    inner: Node
    labels: tuple[str, ...] = ()
    keep: bool = True
    param: Node | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """How the sides of a binary operator meet. card: one, left (group_left), right (group_right) or many (sets)."""

    card: str = "one"
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operator; as_bool: comparisons answer 0 and 1 instead of filtering."""

    op: str
    left: Node
    right: Node
    matching: Matching
    as_bool: bool = False


@dataclass(frozen=True, slots=True)
class Minus:
    """Unary minus."""

    inner: Node


Node = Selector | RangeSelector | Subquery | Number | Text | Call | Aggregate | Binary | Minus


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Subquery() | Minus():
            return (node.inner,)
        case RangeSelector():
            return (node.selector,)
        case Call():
            return node.args
        case Aggregate():
            return (node.inner,) if node.param is None else (node.param, node.inner)
        case Binary():
            return (node.left, node.right)
    return ()


def kind_of(node: Node) -> str:
    """scalar, vector, matrix or string."""
    match node:
        case Number():
            return "scalar"
        case Text():
            return "string"
        case RangeSelector() | Subquery():
            return "matrix"
        case Call():
            return "scalar" if node.scalar else "vector"
        case Minus():
            return kind_of(node.inner)
        case Binary():
            return "scalar" if kind_of(node.left) == kind_of(node.right) == "scalar" else "vector"
    return "vector"
