"""Headings as words to match on, and as anchors to link to."""

from __future__ import annotations

import re
import unicodedata

_NUMBERING = re.compile(
    r"(?:(?:section|chapter|part|step)\s+\d+(?:\.\d+)*\s*[.:)-]?|\d+(?:\.\d+)*[.)](?=\s)|\d{1,2}(?:\.\d{1,2})+(?=\s+[^\W\d])"
    r"|\(\d+\)|[ivx]{1,4}[.)](?=\s))\s*"
)
_PINNED = re.compile(r"\s*\{#[\w-]+\}\s*$")
_SPACES = re.compile(r"\s+")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_KEPT = frozenset("[<{$(\"'`@#/.~+%")
_NOT_WORD = re.compile(r"[^\w]+|_+")


def heading_words(text: str) -> str:
    """The heading lower-cased, hyphens and blanks plain, without leading decoration, numbering and a trailing colon."""
    plain = _SPACES.sub(" ", _PINNED.sub("", text).translate(_HYPHENS)).strip().lower()
    plain = without_decoration(plain)
    shorter = _NUMBERING.match(plain)
    if shorter and shorter.end() < len(plain):
        plain = without_decoration(plain[shorter.end() :])
    return plain.rstrip(" :.")


def without_decoration(text: str) -> str:
    """The text from its first letter, digit or opening sign on; emoji, bullets and rules before it are cut."""
    for index, character in enumerate(text):
        if character.isalnum() or character in _KEPT:
            return text[index:]
    return ""


def github_slug(text: str) -> str:
    """The anchor that GitHub gives a heading, without its counter: `Backup & Recovery` -> `backup--recovery`."""
    kept = (c for c in text.strip().lower() if c in "-_ " or c.isalnum() or unicodedata.category(c)[0] == "M")
    return "".join(kept).replace(" ", "-")


def slug(text: str, limit: int = 60) -> str:
    """Words joined by single hyphens, lower case, at most `limit` characters, cut between words."""
    joined = _NOT_WORD.sub("-", text.lower()).strip("-")
    if len(joined) <= limit:
        return joined
    return joined[:limit].rpartition("-")[0] or joined[:limit]
