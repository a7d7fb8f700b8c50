"""Go templates as Prometheus's rules use them in annotations and labels.

An evaluator of its own for what needs no query: pipelines, variables, if, with, range, Go's comparisons and printf, and
Prometheus's functions. A label that is not there is empty, as with Prometheus.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from opsguide.engines.gotemplate.evaluate import Evaluation
from opsguide.engines.gotemplate.functions import CallFault
from opsguide.engines.gotemplate.syntax import Part, TemplateFault, parse
from opsguide.engines.gotemplate.values import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TemplateFault", "check", "render"]


@lru_cache(maxsize=2048)
def _parsed(text: str) -> tuple[Part, ...]:
    return parse(text)


def check(text: str) -> list[TemplateFault]:
    """What would keep the template from being expanded at all; empty where it can be."""
    if "{{" not in text:
        return []
    try:
        _parsed(text)
    except TemplateFault as fault:
        return [fault]
    return []


def render(
    text: str,
    labels: Mapping[str, str],
    value: float,
    *,
    external_labels: Mapping[str, str] | None = None,
    external_url: str = "",
) -> str:
    """The text, its actions expanded. What fails becomes `<error expanding template: ...>`; nothing is raised."""
    if "{{" not in text:
        return text
    given = {
        "Labels": dict(labels),
        "ExternalLabels": dict(external_labels or {}),
        "ExternalURL": external_url,
        "Value": float(value),
    }
    dot = Struct(given)
    named = {f"${name[0].lower()}{name[1:]}": held for name, held in given.items()}
    run = Evaluation({"$": dot, **named})
    try:
        run.parts(_parsed(text), dot)
    except TemplateFault as fault:
        return f"<error expanding template: {fault.message}>"
    except (CallFault, RecursionError) as fault:
        return f"<error expanding template: {fault}>"
    return run.text
