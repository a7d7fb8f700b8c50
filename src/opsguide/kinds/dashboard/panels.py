"""The quantities that a panel's words name, and the expressions that give them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.engines.binding import Bound, Unbound, bind, metric_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.engines.bound import Facts
    from opsguide.kinds.dashboard.spec import Dashboard

LONGEST_WORDS = 6
MOST_SERIES = 6
_BETWEEN = re.compile(r"[,;、]|\s(?:and|&|und)\s")
_ASIDE = re.compile(r"\([^()]*\)")
# "I/O" and "read/write" are one thing each; "CPU/Memory/Disk usage" is three.
_SLASHED = re.compile(r"^(?P<first>\w{3,}(?:/\w{3,})+)(?P<rest>\s+.+)?$")
_ONE_THING = re.compile(r"\b(?:i/o|read/write|tcp/ip)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity of a panel, and what it was bound to."""

    quantity: str
    found: Bound | Unbound


def split_panels(text: str) -> tuple[str, ...]:
    """The panels of "CPU, Memory, Disk and Network"; () where a part is too long to be the name of a quantity."""
    parts = tuple(part for raw in _BETWEEN.split(text) if (part := " ".join(raw.split()).strip(" .")))
    named = all(len(_ASIDE.sub("", part).split()) <= LONGEST_WORDS for part in parts)
    return tuple(dict.fromkeys(parts)) if named else ()


def quantities(panel: str) -> tuple[str, ...]:
    """The quantities of one panel: "CPU/Memory/Disk usage" is CPU usage, Memory usage and Disk usage."""
    if metric_name(panel) or _ONE_THING.search(panel):
        return (panel,)
    found = _SLASHED.match(panel)
    if found is None:
        return (panel,)
    return tuple(f"{word}{found['rest'] or ''}" for word in found["first"].split("/"))[:MOST_SERIES]


def curves(spec: Dashboard, catalogue: Mapping[str, Facts]) -> dict[str, tuple[Curve, ...]]:
    """Every panel with its quantities bound by what is scraped; the dashboard's name is the hint.

    A panel is as good as bound where at least one of its quantities is; it has data only where all of them have.
    """
    return {
        panel: tuple(Curve(one, bind(one, catalogue=catalogue, hint=spec.name)) for one in quantities(panel))
        for panel in spec.panels
    }
