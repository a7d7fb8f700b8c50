"""Label sets and matchers as Alertmanager understands and prints them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import re2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Labels = tuple[tuple[str, str], ...]
"""A label set, sorted by name, without empty values."""

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_OPERATORS = ("=~", "!~", "!=", "=")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class MatcherFault(Exception):  # noqa: N818 -- the guide's fault, shown as a sentence
    """A matcher that cannot be read; the message says why."""


def label_set(labels: Iterable[tuple[str, str]]) -> Labels:
    """Sorted by name; labels without a value are no labels."""
    return tuple(sorted((name, value) for name, value in labels if value))


@lru_cache(maxsize=65536)
def fingerprint(labels: Labels) -> str:
    """Alertmanager's identity of a label set: FNV-1a 64 over name, 0xff, value, 0xff in order, as 16 hex digits."""
    found = _FNV_OFFSET
    for name, value in sorted(labels):
        for byte in name.encode() + b"\xff" + value.encode() + b"\xff":
            found = ((found ^ byte) * _FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return f"{found:016x}"


def quoted(text: str) -> str:
    """`text` as Go's %q prints it, for the characters that occur in labels."""
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'


def printed(labels: Labels) -> str:
    """`{a="1", b="2"}`, as in a group key."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels) + "}"


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re2._Regexp[str]:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(f"^(?:{text})$", options)


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One condition on one label. op: `=`, `!=`, `=~`, `!~`; a missing label counts as the empty string.

    shown: the value as a group key prints it (`match_re` shows its anchors), "" where it is `value` itself.
    """

    name: str
    value: str
    op: str = "="
    shown: str = ""

    def __str__(self) -> str:
        """`name="value"`, as Alertmanager prints it."""
        return f"{self.name}{self.op}{quoted(self.shown or self.value)}"

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the label set meets it."""
        found = labels.get(self.name, "")
        if self.op in {"=", "!="}:
            return (found == self.value) == (self.op == "=")
        return (_pattern(self.value).fullmatch(found) is not None) == (self.op == "=~")


def checked(matcher: Matcher) -> tuple[Matcher, ...]:
    """The matcher alone; raises MatcherFault where its expression is none that RE2 takes."""
    if matcher.op in {"=~", "!~"}:
        try:
            _pattern(matcher.value)
        except re2.error as error:
            why = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            raise MatcherFault(f"{matcher.value} is no regular expression: {why}") from None
    return (matcher,)


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """Matchers of `a="x"`, `a=x, b=~"y|z"` or `{...}`; raises MatcherFault."""
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    return tuple(_matcher(part) for part in _parts(inner) if part.strip())


def _parts(text: str) -> Iterator[str]:
    """Split at commas outside quotes; an unquoted expression may hold commas only in braces."""
    start, inside, braces, escaped = 0, False, 0, False
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            inside = not inside
        elif not inside and char in "{}":
            braces += 1 if char == "{" else -1
        elif char == "," and not inside and braces == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _matcher(text: str) -> Matcher:
    at = next((i for i, char in enumerate(text) if char in "=!"), -1)
    op = next((op for op in _OPERATORS if at > 0 and text.startswith(op, at)), "")
    name = text[: max(at, 0)].strip().strip('"')
    if not op or not name:
        raise MatcherFault(f"{text.strip()!r} is no matcher")
    value = text[at + len(op) :].strip()
    if value.startswith('"'):
        if len(value) == 1 or not value.endswith('"'):
            raise MatcherFault(f"the quote of {text.strip()} is not closed")
        value = _unquoted(value[1:-1])
    return checked(Matcher(name, value, op))[0]


def _unquoted(text: str) -> str:
    undone, escaped = [], False
    for char in text:
        if escaped:
            undone.append({"n": "\n", '"': '"', "\\": "\\"}.get(char, "\\" + char))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            undone.append(char)
    return "".join(undone) + ("\\" if escaped else "")
