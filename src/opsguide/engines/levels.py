"""Names of severity levels in text: P0, SEV-1, Critical; the two names of one level; several levels in a row."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODES = r"(?:sev(?:erity)?|priority|prio|level|tier)[\s-]?(?:level[\s-]?)?\d(?!\d)|[ps]-?\d(?!\d)|class [a-e](?![a-z])"
_WORDS = (
    r"critical|fatal|emergency|urgent|blocker|high|major|medium|moderate|low|minor|warning|info(?:rmational)?|trivial"
    r"|cosmetic|紧急|严重|警告"
)
_LEVEL = re.compile(rf"(?<![\w-])(?:(?P<code>{_CODES})|(?P<word>(?:{_WORDS})))(?![\w%]|[-.]\d)", re.IGNORECASE)
_PLAIN = re.compile(r"\b(?:severity|priority|level|incidents?|issues?|impact)\b|[^\w]+", re.IGNORECASE)
_SEPARATOR = re.compile(r"(?:[-:–—]+(?=\s|$)|[(\[])")
_SPELLED = (("severity", "sev"), ("priority", "p"), ("prio", "p"))


@dataclass(frozen=True, slots=True)
class Level:
    """One level. name: as written, its code before its word. aliases: its other names. rest: words after it, or ""."""

    name: str
    aliases: tuple[str, ...] = ()
    rest: str = ""


def level_key(name: str) -> str:
    """What equal names of one level have in common: "SEV-1", "Severity 1" and "sev1" are "sev1"."""
    plain = re.sub(r"[\s-]+|(?<=y)level(?=\d)", "", name.lower())
    for long, short in _SPELLED:
        if plain.startswith(long):
            plain = short + plain.removeprefix(long).removeprefix("level")
    return plain


def levels_in(text: str) -> tuple[str, ...]:
    """The levels that a text names, as written, in its order, each once."""
    found: dict[str, str] = {}
    for match in _LEVEL.finditer(text):
        found.setdefault(level_key(match[0]), match[0])
    return tuple(found.values())


def read_level(text: str) -> Level | None:
    """The level whose name the text is: "SEV-1 (Critical)", "P0 - Critical", "Critical (P1)", "P1 - Site down".

    What follows must be set apart by a dash, colon or parenthesis. None for several levels at once ("SEV-1/SEV-2"), and
    where a word of a level belongs to something else ("High CPU usage", "Critical data").
    """
    head, tail = _split(text.strip())
    codes, words = _named(head)
    if len(codes) > 1 or len(words) > 1 or not codes + words:
        return None
    more_codes, more_words = _named(tail)
    if len(codes + more_codes) > 1 or len(words + more_words) > 1:
        return None
    first, *others = codes + words
    aliases = (*others, *more_codes, *more_words)
    return Level(first, aliases, "" if more_codes or more_words else tail)


def _split(text: str) -> tuple[str, str]:
    """The text up to its first dash, colon or parenthesis after the first name, and what follows."""
    first = _LEVEL.search(text)
    cut = _SEPARATOR.search(text, first.end()) if first else None
    if first is None or cut is None:
        return text, ""
    return text[: cut.start()], text[cut.end() :].strip(" :)]")


def _named(text: str) -> tuple[list[str], list[str]]:
    """Codes and words of a text that is nothing but names of a level."""
    if not text or _PLAIN.sub("", _LEVEL.sub("", text)):
        return [], []
    found = list(_LEVEL.finditer(text))
    return [m["code"] for m in found if m["code"]], [m["word"] for m in found if m["word"]]
