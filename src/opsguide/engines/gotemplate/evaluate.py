"""A template's tree to text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.engines.gotemplate.functions import FUNCTIONS, CallFault, truth
from opsguide.engines.gotemplate.syntax import (
    Block,
    Field,
    Jump,
    Literal,
    Name,
    Operand,
    Part,
    Pipe,
    Print,
    Text,
    Variable,
)
from opsguide.engines.gotemplate.values import Struct, Value, show, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NOTHING = object()
LONGEST = 64_000
"""Characters that one template may write."""


class _Broke(Exception):  # noqa: N818 -- a jump, no fault
    """break left a range."""


class _Continued(Exception):  # noqa: N818 -- a jump, no fault
    """continue ends one round of a range."""


class Evaluation:
    """One run of a template: its variables, innermost scope last, and what it wrote."""

    def __init__(self, variables: dict[str, Value]) -> None:
        self._scopes: list[dict[str, Value]] = [variables]
        self._out: list[str] = []
        self._length = 0

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(self._out)

    def parts(self, parts: Sequence[Part], dot: Value) -> None:
        """Work the parts in order; raises CallFault."""
        for part in parts:
            self._part(part, dot)

    def _part(self, part: Part, dot: Value) -> None:
        match part:
            case Text(text):
                self._write(text)
            case Print(pipe, ()):
                self._write(show(self._pipe(pipe, dot)))
            case Print(pipe, (name, *_), declares):
                self._set(name, self._pipe(pipe, dot), declares=declares)
            case Jump(word):
                raise _Broke if word == "break" else _Continued
            case Block():
                self._scopes.append({})
                try:
                    self._block(part, dot)
                finally:
                    self._scopes.pop()

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST:
            raise CallFault(f"the text grows beyond {LONGEST} characters")
        self._out.append(text)

    def _set(self, name: str, value: Value, *, declares: bool) -> None:
        scope = self._scopes[-1]
        if not declares:
            scope = next(scope for scope in reversed(self._scopes) if name in scope)
        scope[name] = value

    def _block(self, block: Block, dot: Value) -> None:
        value = self._pipe(block.pipe, dot)
        if block.word == "range":
            self._range(block, value, dot)
            return
        for name in block.names:
            self._scopes[-1][name] = value
        inner = value if block.word == "with" and truth(value) else dot
        self.parts(block.body if truth(value) else block.otherwise, inner)

    def _range(self, block: Block, value: Value, dot: Value) -> None:
        rows = list(_rows(value))
        if not rows:
            self.parts(block.otherwise, dot)
        for key, item in rows:
            named = (item,) if len(block.names) == 1 else (key, item)
            self._scopes[-1].update(zip(block.names, named, strict=False))
            try:
                self.parts(block.body, item)
            except _Continued:
                continue
            except _Broke:
                break

    def _pipe(self, pipe: Pipe, dot: Value) -> Value:
        value: Value = _NOTHING
        for command in pipe.commands:
            value = self._command(command, dot, value)
        return value

    def _command(self, command: tuple[Operand, ...], dot: Value, final: Value) -> Value:
        first, *rest = command
        if isinstance(first, Name):
            return self._call(first.name, rest, dot, final)
        if rest or final is not _NOTHING:
            raise CallFault("can't give argument to non-function")
        return self._operand(first, dot)

    def _call(self, name: str, operands: Sequence[Operand], dot: Value, final: Value) -> Value:
        extra = () if final is _NOTHING else (final,)
        if name in {"and", "or"}:
            return self._short(name, operands, dot, extra)
        args = [self._operand(operand, dot) for operand in operands]
        try:
            return FUNCTIONS[name](*args, *extra)
        except TypeError:
            raise CallFault(f"wrong number of args for {name}: got {len(args) + len(extra)}") from None
        except CallFault as fault:
            raise CallFault(f"error calling {name}: {fault}") from None

    def _short(self, name: str, operands: Sequence[Operand], dot: Value, extra: tuple[Value, ...]) -> Value:
        value: Value = _NOTHING
        for value in (*(self._operand(operand, dot) for operand in operands), *extra):
            if truth(value) == (name == "or"):
                return value
        if value is _NOTHING:
            raise CallFault(f"wrong number of args for {name}: want at least 1 got 0")
        return value

    def _operand(self, operand: Operand, dot: Value) -> Value:
        match operand:
            case Literal(value):
                return value
            case Variable(name):
                return next(scope[name] for scope in reversed(self._scopes) if name in scope)
            case Name(name):
                return self._call(name, (), dot, _NOTHING)
            case Pipe():
                return self._pipe(operand, dot)
            case Field(base, names):
                value = dot if base is None else self._operand(base, dot)
                for name in names:
                    value = _field(value, name)
                return value


def _field(value: Value, name: str) -> Value:
    if isinstance(value, dict):
        return value.get(name, "")
    if isinstance(value, Struct):
        if name in value.fields:
            return value.fields[name]
        raise CallFault(f"can't evaluate field {name}")
    if value is None:
        raise CallFault(f"nil pointer evaluating interface {{}}.{name}")
    raise CallFault(f"can't evaluate field {name} in type {type_name(value)}")


def _rows(value: Value) -> Iterator[tuple[Value, Value]]:
    if isinstance(value, dict):
        yield from ((key, value[key]) for key in sorted(value))
    elif isinstance(value, list):
        yield from enumerate(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from ((at, at) for at in range(min(value, LONGEST)))
    elif value is not None:
        raise CallFault(f"range can't iterate over {show(value)}")
