"""Prometheus's relabelling: rules over a label set, in order; pure.

Regular expressions come from the guide, so they are RE2's, anchored at both ends, and `.` matches newlines.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.kinds.scrape.spec import Relabel

ACTIONS = frozenset(
    [
        *("replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep"),
        *("lowercase", "uppercase", "keepequal", "dropequal"),
    ]
)
_TEMPLATE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@lru_cache(maxsize=1024)
def compiled(regex: str) -> Any:
    """The anchored pattern; raises re2.error where it is none."""
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    return re2.compile(f"^(?:{regex})$", options)


def relabelled(labels: Mapping[str, str], rules: Sequence[Relabel]) -> dict[str, str] | None:
    """The labels after all rules; None where one of them drops the target. Empty values are no labels."""
    found: dict[str, str] | None = dict(labels)
    for rule in rules:
        found = _apply(found or {}, rule)
        if found is None:
            return None
    return {name: value for name, value in (found or {}).items() if value}


def _apply(labels: dict[str, str], rule: Relabel) -> dict[str, str] | None:
    pattern = compiled(rule.regex)
    value = rule.separator.join(labels.get(name, "") for name in rule.source_labels)
    match rule.action:
        case "keep":
            return labels if pattern.search(value) else None
        case "drop":
            return None if pattern.search(value) else labels
        case "keepequal":
            return labels if labels.get(rule.target_label, "") == value else None
        case "dropequal":
            return None if labels.get(rule.target_label, "") == value else labels
        case "labeldrop":
            return {name: text for name, text in labels.items() if not pattern.search(name)}
        case "labelkeep":
            return {name: text for name, text in labels.items() if pattern.search(name)}
        case "labelmap":
            found = ((pattern.search(name), text) for name, text in labels.items())
            return labels | {expand(rule.replacement, hit): text for hit, text in found if hit}
        case "hashmod":
            return labels | {rule.target_label: str(hashed(value) % rule.modulus)}
        case "lowercase" | "uppercase":
            return labels | {rule.target_label: value.lower() if rule.action == "lowercase" else value.upper()}
    return _replaced(labels, rule, pattern.search(value))


def _replaced(labels: dict[str, str], rule: Relabel, hit: Any) -> dict[str, str]:
    if not hit:
        return labels
    name = expand(rule.target_label, hit)
    if not _NAME.fullmatch(name):
        return labels
    value = expand(rule.replacement, hit)
    return labels | {name: value} if value else {k: v for k, v in labels.items() if k != name}


def expand(template: str, hit: Any) -> str:
    """`$1`, `${1}` and `${name}` filled from a match, `$$` a dollar; a group that there is not is empty, as in Go."""

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        try:
            return hit.group(int(name) if name.isdigit() else name) or ""
        except (IndexError, KeyError, re2.error):
            return ""

    return _TEMPLATE.sub(group, template)


def hashed(value: str) -> int:
    """The number that hashmod takes the rest of: the last eight bytes of the MD5 sum, as Prometheus has it."""
    return int.from_bytes(hashlib.md5(value.encode(), usedforsecurity=False).digest()[8:], "big")
