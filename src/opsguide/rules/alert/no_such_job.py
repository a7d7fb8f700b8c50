"""An alert on `up` of a job that nothing declares: it can never fire, for an absent series is not 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Status
from opsguide.core.mend import Level, Mend
from opsguide.engines.promql import QueryFault, parse
from opsguide.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.guide import Guide


def check(guide: Guide) -> Iterable[Mend]:
    """One finding for each alert that looks at `up{job="x"}` while no active scrape claim has that job."""
    active = [claim for claim in guide.claims if claim.status is Status.ACTIVE]
    jobs = {claim.spec.job for claim in active if claim.kind == "scrape"}
    for claim in active:
        # A name that is still open is a finding of its own; what it is bound to may well be declared.
        if claim.kind != "alert" or not claim.spec.expr or claim.needs:
            continue
        for job in sorted(_jobs(claim.spec.expr) - jobs):
            yield Mend(
                at=claim.place,
                wrong=f'{claim.spec.name} looks at up{{job="{job}"}}, and no scrape job of that name is declared: '
                "it can never fire, for absent is not 0",
                mend=f"declare the job {job} in scrape_configs, or a collector of that name below [collect]",
                rule=RULE.name,
                level=Level.WARNING,
            )


def _jobs(expr: str) -> set[str]:
    """The jobs that selectors of `up` name by equality."""
    try:
        selectors = parse(expr).selectors
    except QueryFault:
        return set()
    matchers = (m for s in selectors if s.name == "up" for way in s.ways for m in way)
    return {m.value for m in matchers if m.name == "job" and m.op == "="}


RULE = Rule("alert/no_such_job", check)
