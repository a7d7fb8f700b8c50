"""A metric holds while its series are fresh; what nothing measures is unbound, and says what would bind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Judged, State, Verdict
from opsguide.core.units import said
from opsguide.kinds.metric.run import FRESH, UNBOUND

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence
    from opsguide.kinds.metric.spec import Metric, MetricMemory


def judge(
    claim: Claim[Metric],
    memory: MetricMemory,
    evidence: Evidence | None,
    now: float,
) -> Judged[MetricMemory]:
    """Fresh: holds. Unbound: unbound. Anything else: unknown."""
    del claim, now
    if evidence is None:
        return Judged(Verdict(State.UNKNOWN, "not looked at yet"), memory)
    state = {FRESH: State.HOLDS, UNBOUND: State.UNBOUND}.get(evidence.says, State.UNKNOWN)
    because = evidence.because or f"could not be measured: {evidence.says}"
    return Judged(Verdict(state, because, value=_shown(evidence)), memory)


def _shown(evidence: Evidence) -> str:
    texts = []
    for name, value in evidence.values:
        prefix, _, unit = name.partition("_")
        texts.append(said(value, unit) if prefix == "value" else f"{prefix} {said(value, unit)}")
    return ", ".join(texts)
