"""A placeholder that nothing fills leaves the claims that use it unbound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.mend import Level, Mend
from opsguide.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.guide import Guide


def check(guide: Guide) -> Iterable[Mend]:
    """One finding for each placeholder, at its first place, naming all others."""
    for name in guide.unfilled:
        first, *others = sorted(guide.placeholders[name])
        waiting = sum(name in claim.needs for claim in guide.claims)
        claims = f"{waiting} claim{'s' if waiting != 1 else ''} need{'s' if waiting == 1 else ''} it"
        yield Mend(
            at=first,
            wrong=f"{name} is a placeholder" + (f"; {claims}" if waiting else ""),
            mend=_mend(name),
            rule=RULE.name,
            level=Level.WARNING if waiting else Level.NOTE,
            others=tuple(others),
        )


def _mend(name: str) -> str:
    """A reference to a secret is given where it comes from; its value stands in no file of ours."""
    if name.startswith("${"):
        secret = name.strip("${}")
        return f'write {secret} = {{ env = "{secret}", for = "..." }} below [secrets] in opsguide.toml'
    return f'write "{name}" = "..." below [bindings] in opsguide.toml'


RULE = Rule("placeholders/unfilled", check)
