"""Identities: what survives an edit of values, lines and order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opsguide.guide.headings import heading_words, slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.nouns import Claim


def identified(claims: Sequence[Claim[Any]], pins: Sequence[str]) -> list[Claim[Any]]:
    """The claims with unique ids. pins: the id that an annotation gives each of them, or "".

    `<kind>-<subject>`; where several claims want the same, each takes its nearest heading too; what is still equal is
    counted in the order of the guide. A pinned id is taken first, whoever else wants it.
    """
    wanted = [pin or _wanted(claim) for claim, pin in zip(claims, pins, strict=True)]
    many = Counter(wanted)
    wanted = [
        name if pin or many[name] == 1 else _with_heading(name, claim)
        for name, claim, pin in zip(wanted, claims, pins, strict=True)
    ]
    taken: set[str] = set()
    ids = [""] * len(claims)
    order = sorted(range(len(claims)), key=lambda index: not pins[index])
    next_of: dict[str, int] = {}
    for index in order:
        ids[index] = _unused(wanted[index], taken, next_of)
        taken.add(ids[index])
    return [replace(claim, id=name) for claim, name in zip(claims, ids, strict=True)]


def _wanted(claim: Claim[Any]) -> str:
    return f"{slug(claim.kind)}-{slug(claim.subject) or 'statement'}"


def _with_heading(name: str, claim: Claim[Any]) -> str:
    heading = slug(heading_words(claim.headings[-1])) if claim.headings else ""
    return f"{name}-{heading}" if heading else name


def _unused(name: str, taken: set[str], next_of: dict[str, int]) -> str:
    if name not in taken:
        return name
    ordinal = next_of.get(name, 2)
    while f"{name}-{ordinal}" in taken:
        ordinal += 1
    next_of[name] = ordinal + 1
    return f"{name}-{ordinal}"
