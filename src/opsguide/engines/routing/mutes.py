"""What keeps an alert quiet for a while: another alert that inhibits it, or a person's silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.engines.routing.config import InhibitRule
    from opsguide.engines.routing.labels import Labels, Matcher


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that meet every matcher are quiet from starts_at until ends_at (exclusive; Unix seconds)."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float

    def covers(self, labels: Labels, now: float) -> bool:
        """Whether it keeps this alert quiet now."""
        found = dict(labels)
        return self.starts_at <= now < self.ends_at and all(matcher.matches(found) for matcher in self.matchers)


def inhibited(rules: tuple[InhibitRule, ...], labels: Labels, firing: Iterable[Labels]) -> bool:
    """Whether some firing alert keeps this one quiet.

    A label missing on both sides is equal. An alert that is source and target of a rule is not kept quiet by another
    that is both, so that nothing silences itself. Alertmanager 0.25's reading: any source will do.
    """
    target = dict(labels)
    sources = [dict(source) for source in firing]
    return any(_inhibits(rule, target, sources) for rule in rules)


def _inhibits(rule: InhibitRule, target: dict[str, str], sources: list[dict[str, str]]) -> bool:
    if not all(matcher.matches(target) for matcher in rule.target):
        return False
    both = all(matcher.matches(target) for matcher in rule.source)
    return any(
        all(matcher.matches(source) for matcher in rule.source)
        and not (both and all(matcher.matches(source) for matcher in rule.target))
        and all(source.get(name, "") == target.get(name, "") for name in rule.equal)
        for source in sources
    )
