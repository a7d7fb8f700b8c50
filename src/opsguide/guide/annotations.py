"""Annotations: `<!-- opsguide: key=value ... -->`, `ignore`, `ignore-start` and `ignore-end`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"<!--\s*opsguide:")
_PAIR = re.compile(r"([\w.-]+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S+)))?")


def annotation_of(text: str) -> dict[str, str] | None:
    """Keys and values of the opsguide comments in a text, None where there is none; a bare word has the value ""."""
    if "opsguide:" not in text:
        return None
    bodies = list(_bodies(text))
    if not bodies:
        return None
    return {
        match[1]: next((group for group in match.groups()[1:] if group is not None), "")
        for body in bodies
        for match in _PAIR.finditer(body)
    }


def _bodies(text: str) -> Iterator[str]:
    at = 0
    while (opened := _COMMENT.search(text, at)) and (end := text.find("-->", opened.end())) >= 0:
        yield text[opened.end() : end]
        at = end
