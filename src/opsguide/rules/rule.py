"""A rule: a finding over several claims of one guide. One file a rule under rules/<area>/, its page beside it."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opsguide.core.guide import Guide
    from opsguide.core.mend import Mend


@dataclass(frozen=True, slots=True)
class Rule:
    """name: `area/name`, that of its file. check: one Mend for each fault, naming every place of it; pure."""

    name: str
    check: Callable[[Guide], Iterable[Mend]]


def discover() -> tuple[Rule, ...]:
    """Every rule, by its file, in the order of the names."""
    found: list[Rule] = []
    for area in pkgutil.iter_modules(rules.__path__):
        if not area.ispkg:
            continue
        package = importlib.import_module(f"{rules.__name__}.{area.name}")
        files = pkgutil.iter_modules(package.__path__)
        found.extend(importlib.import_module(f"{package.__name__}.{file.name}").RULE for file in files)
    return tuple(sorted(found, key=lambda rule: rule.name))
