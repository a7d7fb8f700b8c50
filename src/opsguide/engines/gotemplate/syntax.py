"""Template text to a tree, as Go's text/template reads it; every mistake has its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from opsguide.engines.gotemplate.functions import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.engines.gotemplate.values import Value

MAX_DEPTH = 50
GIVEN = frozenset({"$", "$labels", "$value", "$externalLabels", "$externalURL"})


class TemplateFault(Exception):  # noqa: N818 -- the guide's fault, shown as a sentence
    """A template that cannot be read. offset: of the character it is about, 0-based. hint: what to write, or ""."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        """Keep the place and the mend beside the sentence."""
        super().__init__(message)
        self.offset = offset
        self.hint = hint
        self.message = message


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Value


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b` of the dot, of a variable, or of a parenthesis. base None: the dot."""

    base: Operand | None
    names: tuple[str, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """A function."""

    name: str


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands joined by `|`; each command's first operand may be a function."""

    commands: tuple[tuple[Operand, ...], ...]
    offset: int


Operand = Literal | Field | Variable | Name | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """What stands between the actions."""

    text: str


@dataclass(frozen=True, slots=True)
class Print:
    """An action; sets is ("", ...) where it prints, else variables that it declares or (again) assigns."""

    pipe: Pipe
    sets: tuple[str, ...] = ()
    declares: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """if, with or range. names: variables that a range or with declares."""

    word: str
    pipe: Pipe
    names: tuple[str, ...]
    body: tuple[Part, ...]
    otherwise: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """break or continue."""

    word: str


Part = Text | Print | Block | Jump

_TOKEN = re.compile(
    r"""\s+|(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?P<char>'(?:\\.|[^'\\\n])')|(?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|
    (?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))(?![\w.])|(?P<field>\.[A-Za-z_]\w*)|(?P<variable>\$\w*)
    |(?P<word>[A-Za-z_]\w*)|(?P<sign>:=|[=|(),.])""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_WORDS = frozenset({"if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int
    spaced: bool


@dataclass(slots=True)
class _Action:
    """One `{{ ... }}`: its tokens and where it stands."""

    tokens: list[_Token]
    offset: int
    at: int = 0


@dataclass(slots=True)
class _Reader:
    """Recursive descent over the parts of a text."""

    parts: Sequence[Text | _Action]
    at: int = 0
    scopes: list[set[str]] = field(default_factory=lambda: [set(GIVEN)])
    loops: int = 0

    def body(self, depth: int = 0) -> tuple[list[Part], _Action | None]:
        """Parts up to `end` or `else` (returned) or the end of the text (None)."""
        found: list[Part] = []
        while self.at < len(self.parts):
            part = self.parts[self.at]
            self.at += 1
            if isinstance(part, Text):
                found.append(part)
                continue
            if not part.tokens:
                raise TemplateFault(part.offset, "missing value for command")
            word = part.tokens[0].text if part.tokens[0].kind == "word" else ""
            if word in {"end", "else"}:
                return found, part
            found.append(self._action(part, word, depth))
        return found, None

    def _action(self, action: _Action, word: str, depth: int) -> Part:
        if word in {"define", "template", "block"}:
            raise TemplateFault(action.offset, f"{word} is not supported in annotations by this version")
        if word in {"break", "continue"}:
            if not self.loops:
                raise TemplateFault(action.offset, f"{{{{{word}}}}} outside {{{{range}}}}")
            return Jump(word)
        if word in {"if", "with", "range"}:
            action.at = 1
            return self._block(action, word, depth)
        return self._print(action)

    def _block(self, action: _Action, word: str, depth: int) -> Block:
        if depth >= MAX_DEPTH:
            raise TemplateFault(action.offset, "nested too deeply")
        self.scopes.append(set())
        self.loops += word == "range"
        names = self._declared(action)
        pipe = self._pipe(action, depth)
        self._ended(action)
        body, closing = self.body(depth + 1)
        self.loops -= word == "range"
        otherwise: list[Part] = []
        if closing is not None and closing.tokens[0].text == "else":
            otherwise = self._else(closing, action, depth)
        elif closing is None:
            raise TemplateFault(action.offset, f"{word} has no end")
        self.scopes.pop()
        return Block(word, pipe, names, tuple(body), tuple(otherwise))

    def _else(self, closing: _Action, opening: _Action, depth: int) -> list[Part]:
        """`else`, or `else if` and `else with`, whose one `end` closes both."""
        if len(closing.tokens) > 1:
            word = closing.tokens[1].text
            if word not in {"if", "with"}:
                raise TemplateFault(closing.tokens[1].offset, f"unexpected {word} in else")
            closing.at = 2
            return [self._block(closing, word, depth + 1)]
        body, end = self.body(depth + 1)
        if end is None or end.tokens[0].text != "end":
            raise TemplateFault(opening.offset, "no end after else")
        return body

    def _print(self, action: _Action) -> Print:
        first, second = action.tokens[0], action.tokens[1] if len(action.tokens) > 1 else None
        if first.kind == "variable" and second is not None and second.text in {":=", "="}:
            action.at = 2
            if second.text == "=":
                self._known(first)
            pipe = self._pipe(action, 0)
            self._ended(action)
            self.scopes[-1].add(first.text)
            return Print(pipe, (first.text,), second.text == ":=")
        pipe = self._pipe(action, 0)
        self._ended(action)
        return Print(pipe)

    def _declared(self, action: _Action) -> tuple[str, ...]:
        """Variables of `range $i, $v := ...` or `with $x := ...`."""
        names: list[str] = []
        at = action.at
        while at < len(action.tokens) and action.tokens[at].kind == "variable":
            names.append(action.tokens[at].text)
            at += 1
            if at < len(action.tokens) and action.tokens[at].text == ",":
                at += 1
        if not names or at >= len(action.tokens) or action.tokens[at].text != ":=":
            return ()
        action.at = at + 1
        self.scopes[-1].update(names)
        return tuple(names)

    def _ended(self, action: _Action) -> None:
        if action.at < len(action.tokens):
            token = action.tokens[action.at]
            raise TemplateFault(token.offset, f"unexpected {token.text!r} in action")

    def _pipe(self, action: _Action, depth: int) -> Pipe:
        if depth >= MAX_DEPTH:
            raise TemplateFault(action.offset, "nested too deeply")
        start = action.tokens[action.at].offset if action.at < len(action.tokens) else action.offset
        commands: list[tuple[Operand, ...]] = []
        while True:
            operands: list[Operand] = []
            while action.at < len(action.tokens) and action.tokens[action.at].text not in {"|", ")"}:
                operands.append(self._operand(action, depth))
            if not operands:
                raise TemplateFault(start, "missing value for command")
            commands.append(tuple(operands))
            if action.at >= len(action.tokens) or action.tokens[action.at].text == ")":
                return Pipe(tuple(commands), start)
            action.at += 1

    def _operand(self, action: _Action, depth: int) -> Operand:
        token = action.tokens[action.at]
        action.at += 1
        found = self._first(action, token, depth)
        names: list[str] = [token.text[1:]] if token.kind == "field" else []
        while action.at < len(action.tokens):
            follows = action.tokens[action.at]
            if follows.kind != "field" or follows.spaced:
                break
            names.append(follows.text[1:])
            action.at += 1
        if token.kind == "field":
            return Field(None, tuple(names), token.offset)
        return Field(found, tuple(names), token.offset) if names else found

    def _first(self, action: _Action, token: _Token, depth: int) -> Operand:
        if token.kind == "variable":
            self._known(token)
            return Variable(token.text)
        if token.kind == "word":
            return _word(token)
        if token.kind in {"string", "char", "number"}:
            return Literal(_constant(token))
        if token.text == "(":
            pipe = self._pipe(action, depth + 1)
            if action.at >= len(action.tokens):
                raise TemplateFault(token.offset, "unclosed left paren", "close it with )")
            action.at += 1
            return pipe
        if token.text == "." or token.kind == "field":
            return Field(None, (), token.offset)
        raise TemplateFault(token.offset, f"unexpected {token.text!r} in operand")

    def _known(self, token: _Token) -> None:
        if not any(token.text in scope for scope in self.scopes):
            raise TemplateFault(token.offset, f'undefined variable "{token.text}"')


def parse(text: str) -> tuple[Part, ...]:
    """The tree of a template; raises TemplateFault at the first mistake, as Go does."""
    reader = _Reader(_split(text))
    found, closing = reader.body()
    if closing is not None:
        raise TemplateFault(closing.offset, f"unexpected {{{{{closing.tokens[0].text}}}}}")
    return tuple(found)


def _split(text: str) -> list[Text | _Action]:
    parts: list[Text | _Action] = []
    at, trim = 0, False
    while (start := text.find("{{", at)) >= 0:
        before = text[at:start].lstrip(" \t\r\n") if trim else text[at:start]
        inner = start + 2
        if text[inner : inner + 1] == "-" and text[inner + 1 : inner + 2] in {" ", "\t", "\r", "\n"}:
            before = before.rstrip(" \t\r\n")
            inner += 2
        if before:
            parts.append(Text(before))
        end, trim = _close(text, inner)
        if not _is_comment(text, inner, end):
            parts.append(_Action(_tokens(text, inner, end), start))
        at = text.index("}}", end) + 2
    rest = text[at:].lstrip(" \t\r\n") if trim else text[at:]
    return [*parts, Text(rest)] if rest else parts


def _close(text: str, start: int) -> tuple[int, bool]:
    """Where the action's content ends, and whether it trims what follows."""
    if text[start:].lstrip().startswith("/*"):
        end = text.find("*/", start)
        at = -1 if end < 0 else text.find("}}", end)
    else:
        at = _outside_quotes(text, start)
    if at < 0:
        raise TemplateFault(max(start - 2, 0), "unclosed action", "close it with }}")
    trims = at > start + 1 and text[at - 1] == "-" and text[at - 2] in " \t\r\n"
    return (at - 1 if trims else at), trims


def _outside_quotes(text: str, start: int) -> int:
    at, quote = start, ""
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\" and quote != "`"
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
        elif text.startswith("}}", at):
            return at
        at += 1
    return -1


def _is_comment(text: str, start: int, end: int) -> bool:
    inner = text[start:end].strip()
    return inner.startswith("/*") and inner.endswith("*/")


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    found: list[_Token] = []
    at, spaced = start, True
    while at < end:
        match = _TOKEN.match(text, at, end)
        if match is None:
            what = "unterminated quoted string" if text[at] in "\"'`" else f"unexpected {text[at]!r} in command"
            raise TemplateFault(at, what)
        if match.lastgroup is None:
            spaced = True
        else:
            found.append(_Token(match.lastgroup, match[0], at, spaced))
            spaced = False
        at = match.end()
    return found


def _word(token: _Token) -> Operand:
    if token.text in {"true", "false", "nil"}:
        return Literal({"true": True, "false": False, "nil": None}[token.text])
    if token.text in _WORDS:
        raise TemplateFault(token.offset, f"unexpected {token.text} in operand")
    if token.text not in NAMES:
        near = get_close_matches(token.text, sorted(NAMES), n=1, cutoff=0.7)
        hint = f"write {near[0]}" if near else ""
        raise TemplateFault(token.offset, f'function "{token.text}" not defined', hint)
    return Name(token.text)


def _constant(token: _Token) -> Value:
    if token.kind == "number":
        plain = token.text.replace("_", "")
        if "x" in plain.lower():
            return int(plain, 16)
        return float(plain) if any(char in plain for char in ".eE") else int(plain)
    if token.text.startswith("`"):
        return token.text[1:-1]
    text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), token.text[1:-1])
    return ord(text) if token.kind == "char" and len(text) == 1 else text
