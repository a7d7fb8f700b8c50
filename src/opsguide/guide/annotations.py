"""Annotations: `<!-- opsguide: key=value ... -->`, `ignore`, `ignore-start` and `ignore-end`."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"<!--\s*opsguide:(.*?)-->", re.DOTALL)
_PAIR = re.compile(r"([\w.-]+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S+)))?")


def annotation_of(text: str) -> dict[str, str] | None:
    """Keys and values of the opsguide comments in a text, None where there is none; a bare word has the value ""."""
    if "opsguide:" not in text:
        return None
    bodies = [found[1] for found in _COMMENT.finditer(text)]
    if not bodies:
        return None
    return {
        match[1]: next((group for group in match.groups()[1:] if group is not None), "")
        for body in bodies
        for match in _PAIR.finditer(body)
    }
