"""Anchors as GitHub makes them of headings, and headings out of Markdown text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DROPPED = re.compile(r"[^\w\- ]")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]{1,3}(?=\S)|(?<=\S)[*`]{1,3}")
_NAMED = re.compile(r"<a\s[^>]*(?:id|name)=[\"']([^\"']+)[\"']", re.IGNORECASE)


def anchor(text: str) -> str:
    """The anchor of a heading's text: lower case, punctuation dropped, blanks as hyphens."""
    return _DROPPED.sub("", text.strip().lower()).replace(" ", "-")


def anchors(headings: Iterable[str]) -> frozenset[str]:
    """The anchors of a file's headings; equal ones are told apart by -1, -2, ..."""
    found: set[str] = set()
    counts: dict[str, int] = {}
    for text in headings:
        name = anchor(text)
        number = counts.get(name, 0)
        counts[name] = number + 1
        found.add(f"{name}-{number}" if number else name)
    return frozenset(found)


def anchors_of(markdown: str) -> frozenset[str]:
    """The anchors of a Markdown text: of its headings outside of code, and those named in HTML."""
    headings: list[str] = []
    fenced = ""
    for line in markdown.splitlines():
        fence = _FENCE.match(line)
        if fence and fenced in {"", fence[1]}:
            fenced = "" if fenced else fence[1]
        elif not fenced and (heading := _HEADING.match(line)):
            headings.append(_MARKUP.sub(lambda found: found[1] or "", heading[1]))
    return anchors(headings) | frozenset(_NAMED.findall(markdown))
