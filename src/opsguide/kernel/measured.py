"""What claims measured, as samples: `opsguide_claim_value{claim,kind,subject,name}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opsguide.core.ports import Samples, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opsguide.core.nouns import Evidence

METRIC = "opsguide_claim_value"
"""One name for all: so that no statement of a guide is bound to it by the likeness of names."""
_KINDS = {METRIC: "gauge"}


def measured(kind: str, evidence: Sequence[Evidence]) -> Iterator[tuple[Target, float, Samples]]:
    """One scrape's worth for each claim that has numbers, at the time of its newest evidence."""
    by_claim: dict[str, list[Evidence]] = {}
    for seen in evidence:
        if seen.values:
            by_claim.setdefault(seen.claim, []).append(seen)
    for claim, found in by_claim.items():
        keys = [_key(seen.subject, name) for seen in found for name, _ in seen.values]
        values = np.array([value for seen in found for _, value in seen.values], dtype=np.float64)
        target = Target(f"claim/{claim}", (("claim", claim), ("kind", kind)))
        yield target, max(seen.at for seen in found), Samples(keys, values, _KINDS)


def _key(subject: str, name: str) -> str:
    of_subject = f',subject="{_quoted(subject)}"' if subject else ""
    return f'{METRIC}{{name="{_quoted(name)}"{of_subject}}}'


def _quoted(text: str) -> str:
    """A label value as the exposition format has it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
