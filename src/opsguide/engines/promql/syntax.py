"""Text to syntax tree, by promql_parser; what this engine does not evaluate is refused here, with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import promql_parser as pp
import re2

from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.promql.functions import KNOWN, REFUSED
from opsguide.engines.promql.tree import (
    Aggregate,
    At,
    Binary,
    Call,
    Matching,
    Minus,
    Node,
    Number,
    RangeSelector,
    Selector,
    Subquery,
    Text,
    children,
    kind_of,
)
from opsguide.engines.series import Matcher, regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

_OPS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_AGGREGATIONS = frozenset(
    "sum avg min max count stddev stdvar group quantile topk bottomk count_values".split()  # noqa: SIM905 -- readable
)
_WORD = re.compile(r"'([^']*)'")
_STRINGS = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`""", re.DOTALL)
_OPERATORS = re.compile(r"[-+*/%^]|[<>=!]=?|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_BRACKETS = re.compile(r"[][(){}]")
_ILLEGAL = "illegal regex for "
_LONGEST = 100_000
_MOST_OPERATORS = 500
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: its text, its tree, and what its answer is (scalar, vector, matrix or string)."""

    text: str
    tree: Node
    kind: str

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Every selector, in the order of the text."""
        return tuple(node for node in walk(self.tree) if isinstance(node, Selector))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metric names that it reads, each once, in the order of the text."""
        return tuple(dict.fromkeys(s.name for s in self.selectors if s.name))


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


@lru_cache(maxsize=4096)
def parse(expr: str) -> Query:
    """The query of an expression; raises QueryFault with the column where the text shows it."""
    if not expr.strip():
        raise QueryFault("the query is empty", 1)
    _refuse_monsters(expr)
    try:
        found = pp.parse(expr)
    except ValueError as error:
        raise _worded(expr, str(error)) from None
    try:
        tree = _Reader(expr).node(found)
        return Query(expr, tree, kind_of(tree))
    except RecursionError:
        raise QueryFault("the query is nested too deeply") from None


def _refuse_monsters(expr: str) -> None:
    """The parser is native code without a depth limit: too many operators overflow its stack and end the process."""
    if len(expr) > _LONGEST:
        raise QueryFault(f"the query has {len(expr)} characters; the limit is {_LONGEST}")
    bare = _STRINGS.sub('""', expr)
    operators = len(_OPERATORS.findall(bare))
    if operators > _MOST_OPERATORS:
        raise QueryFault(f"the query has {operators} operators; the limit is {_MOST_OPERATORS}")
    depth = 0
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in "([{" else -1
        if depth > _DEEPEST:
            raise QueryFault(f"the query is nested more than {_DEEPEST} deep")


def _worded(expr: str, message: str) -> QueryFault:
    """The parser names no place; the word it names is looked for, else the first character that cannot stand there."""
    if message.startswith(_ILLEGAL):
        pattern = message.removeprefix(_ILLEGAL)
        return QueryFault(f"{pattern!r} is no regular expression", expr.find(pattern) + 1)
    word = _WORD.search(message)
    at = expr.find(word[1]) + 1 if word and word[1] else 0
    if not at:
        at = _broken_column(expr)
    if message == "invalid promql query":
        message = "this is no PromQL from here on" if at else "this is no PromQL"
    if "unknown function" in message and word:
        return _no_function(word[1], at)
    return QueryFault(message, at, next((hint for sign, hint in _HINTS if sign in message), ""))


_HINTS = (
    ("expected type matrix", "give the metric a range, such as [5m]"),
    ("expected type vector", "take the range in brackets away, or wrap it in rate() or another function over time"),
    ("unclosed left", "close this bracket"),
    ("unexpected end of input inside", "close this bracket"),
    ("bad number or duration", "write a duration such as 5m, or a plain number"),
    ("in label matching, expected string", 'quote the value: label="value"'),
    ("binary expression must contain only scalar and instant", "wrap a range in rate(), and take quotes off a number"),
    ("ranges only allowed for vector selectors", "write a subquery, [5m:], or put the range on the metric itself"),
    ("unexpected right", "take this bracket away, or open it"),
)


def _no_function(name: str, column: int) -> QueryFault:
    near = get_close_matches(name, KNOWN, n=1, cutoff=0.7)
    hint = f"write {near[0]}" if near else "take one of PromQL's functions"
    return QueryFault(f"unknown function {name}", column, hint)


def _broken_column(expr: str) -> int:
    """Where a single = stands for ==, or the last bracket that was never closed; 0 where neither is."""
    opened: list[tuple[str, int]] = []
    quote = ""
    for at, char in enumerate(expr):
        if quote:
            quote = "" if char == quote and expr[at - 1] != "\\" else quote
        elif char in "\"'`":
            quote = char
        elif char in "([{":
            opened.append((char, at))
        elif char in ")]}":
            if not opened:
                return at + 1
            opened.pop()
        elif char == "=" and not any(kind == "{" for kind, _ in opened):
            around = expr[max(0, at - 1) : at + 2]
            if "==" not in around and around[0] not in "!<>":
                return at + 1
    return opened[-1][1] + 1 if opened else 0


class _Reader:
    """promql_parser's tree to ours."""

    def __init__(self, expr: str) -> None:
        self.expr = expr

    def node(self, e: Any) -> Node:
        match e:
            case pp.ParenExpr():
                return self.node(e.expr)
            case pp.NumberLiteral():
                return Number(e.val)
            case pp.StringLiteral():
                return Text(e.val)
            case pp.VectorSelector():
                return self.selector(e)
            case pp.MatrixSelector():
                return RangeSelector(self.selector(e.vector_selector), _ms(e.range))
            case pp.SubqueryExpr():
                step_ms = _ms(e.step) if e.step is not None else 0
                return Subquery(self.node(e.expr), _ms(e.range), step_ms, _ms(e.offset), _at(e.at))
            case pp.UnaryExpr():
                return Minus(self.node(e.expr))
            case pp.Call():
                return self.call(e)
            case pp.AggregateExpr():
                return self.aggregate(e)
            case pp.BinaryExpr():
                return self.binary(e)
        raise QueryFault(f"{type(e).__name__} is not supported")

    def selector(self, e: Any) -> Selector:
        name = e.name or ""
        named = (Matcher("__name__", "=", name),) if name else ()
        listed = e.matchers.or_matchers or [e.matchers.matchers]
        ways = tuple(named + tuple(self.matcher(m) for m in way) for way in listed)
        if not name:
            names = {m.value for way in ways for m in way if m.name == "__name__" and m.op == "="}
            name = names.pop() if len(names) == 1 else ""
        shown = pp.VectorSelector.prettify(e)
        text = shown.split(" offset ")[0].split(" @ ")[0]
        return Selector(ways, name, text, _ms(e.offset), _at(e.at))

    def matcher(self, m: Any) -> Matcher:
        op = _OPS[str(m.op)]
        if op in {"=~", "!~"}:
            try:
                regex(m.value)
            except re2.error as error:
                column = self.expr.find(m.value) + 1
                raise QueryFault(f"{m.value!r} is no regular expression: {_said(error)}", column) from None
        return Matcher(m.name, op, m.value)

    def call(self, e: Any) -> Node:
        name = e.func.name
        column = self.expr.find(name) + 1
        if name in REFUSED:
            raise QueryFault(f"{name} is not supported: {REFUSED[name]}", column)
        if name not in KNOWN:
            raise _no_function(name, column)
        args = tuple(self.node(arg) for arg in e.args)
        return Call(name, args, e.func.return_type == pp.ValueType.Scalar)

    def aggregate(self, e: Any) -> Node:
        op = str(e.op)
        if op not in _AGGREGATIONS:
            raise QueryFault(f"{op} is not supported", self.expr.find(op) + 1)
        keep = e.modifier is None or e.modifier.type == pp.AggModifierType.By
        labels = tuple(sorted(e.modifier.labels)) if e.modifier is not None else ()
        param = None if e.param is None else self.node(e.param)
        return Aggregate(op, self.node(e.expr), labels, keep, param)

    def binary(self, e: Any) -> Node:
        op = str(e.op)
        left, right = self.node(e.lhs), self.node(e.rhs)
        if e.modifier is None:
            card = "many" if op in {"and", "or", "unless"} else "one"
            return Binary(op, left, right, Matching(card))
        m = e.modifier
        on = m.matching is not None and m.matching.type == pp.LabelModifierType.Include
        labels = tuple(sorted(m.matching.labels)) if m.matching is not None else ()
        fills = m.fill_values
        matching = Matching(_CARDS[str(m.card)], labels, on, tuple(m.group_labels or ()), fills.lhs, fills.rhs)
        return Binary(op, left, right, matching, m.return_bool)


_CARDS = {
    "VectorMatchCardinality.OneToOne": "one",
    "VectorMatchCardinality.ManyToOne": "left",
    "VectorMatchCardinality.OneToMany": "right",
    "VectorMatchCardinality.ManyToMany": "many",
}


def _said(error: BaseException) -> str:
    first = error.args[0] if error.args else error
    return first.decode() if isinstance(first, bytes) else str(first)


def _ms(delta: timedelta | None) -> int:
    return 0 if delta is None else round(delta.total_seconds() * 1000)


def _at(at: Any) -> At | None:
    if at is None:
        return None
    if at.type == pp.AtModifierType.Start:
        return At("start")
    if at.type == pp.AtModifierType.End:
        return At("end")
    return At("", round(at.at.timestamp() * 1000))
