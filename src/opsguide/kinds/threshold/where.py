"""Which headings, labels and columns hold thresholds, and whether they describe the good state or the bad one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.engines.vocabulary import stems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.block import Heading
    from opsguide.core.kind import Context

HOME = re.compile(
    r"\b(metrics?|thresholds?|normal|healthy|health|ranges?|triggers?|targets?|indicators?|kpis?|monitor(?:ing|ed)?"
    r"|performance|usage|utili[sz]ation|watch|capacity|signals?)\b"
)
"""Words of a heading whose bullets state limits."""
FOREIGN = re.compile(
    r"\b(alerts?|alerting|alarms?|paging|slos?|slas?|slis?|objectives?|severit\w+|incidents?|escalat\w+|on-?call"
    r"|autoscal\w+|hpa|scale (?:up|down|out|in)|baselines?|requirements?|growth|projections?|benchmarks?|rpo|rto"
    r"|recovery|retention|backups?|rotation|dashboards?|sizing|glossary|changelog|response times?|resolution times?)\b"
)
"""Words of a heading whose limits mean something else: alerts, objectives, scaling, response of people, figures."""
FOREIGN_TABLE = re.compile(
    r"\b(slos?|slas?|slis?|objectives?|severit\w+|benchmarks?|rpo|rto|retention|backups?|growth)\b"
)
FOREIGN_LABEL = re.compile(
    r"^(?:alerts?|scale[- ](?:up|down|out|in)|scal(?:e|ing)|min(?:imum)?|max(?:imum)?|resolution"
    r"|retention|frequency|measurement|rpo|rto|timeout|interval|replicas)\b",
    re.IGNORECASE,
)

LEVELS = {
    **dict.fromkeys(
        ("normal", "normal range", "healthy", "healthy range", "target", "expected", "ok", "good"), "normal"
    ),
    **dict.fromkeys(("acceptable", "ideal", "nominal", "goal"), "normal"),
    **dict.fromkeys(("warning", "warn", "threshold", "alert threshold", "trigger", "degraded", "yellow"), "warning"),
    **dict.fromkeys(("warning threshold", "alert at", "limit"), "warning"),
    **dict.fromkeys(("critical", "crit", "critical threshold", "severe", "red", "unhealthy"), "critical"),
}
"""A label or column that is a level, and not the name of a quantity."""

_GOOD = re.compile(r"\b(normal|healthy|targets?|expected|acceptable|ideal|goals?)\b")
_BAD = re.compile(r"\b(triggers?|thresholds?|alerts?|warnings?|critical|limits?|unhealthy|when to)\b")
_MORE_IS_BETTER = frozenset(
    (
        "uptime",
        "availability",
        "hit",
        "success",
        "free",
        "available",
        "healthy",
        "throughput",
        "headroom",
        "remain",
        "expir",
    )
)
_LESS_IS_BETTER = frozenset(
    (
        *(
            "cpu",
            "memory",
            "disk",
            "usage",
            "latency",
            "error",
            "fail",
            "lag",
            "queue",
            "backlog",
            "delay",
            "storage",
            "heap",
        ),
        *(
            "time",
            "duration",
            "load",
            "connect",
            "pool",
            "retry",
            "restart",
            "swap",
            "miss",
            "timeout",
            "depth",
            "drop",
        ),
    )
)


def states_limits(context: Context, intro: str) -> bool:
    """Whether bullets here state limits of quantities: by their intro, the nearest heading, or a heading above it."""
    if context.annotation.get("kind") == "threshold":
        return True
    words = intro.lower()
    if words and FOREIGN.search(words):
        return False
    if words and HOME.search(words) and not _foreign(context.path[-1:]):
        return True
    if _foreign(context.path[-1:]):
        return False
    return _home(context.path[-1:]) or any(_metrics(heading) for heading in context.path[1:-1])


def _foreign(path: Sequence[Heading]) -> bool:
    return any(FOREIGN.search(heading.words) for heading in path)


def _home(path: Sequence[Heading]) -> bool:
    return any(HOME.search(heading.words) for heading in path)


def _metrics(heading: Heading) -> bool:
    return bool(
        re.search(r"\b(metrics?|thresholds?|normal ranges?|triggers?)\b", heading.words)
    ) and not FOREIGN.search(heading.words)


def level_of(context: Context, quantity: str, op: str, *, said: str = "", written: str = "") -> str:
    """normal, warning or critical.

    said: what the label, column or text says already. written: polarity by the text's own words. The nearest heading
    decides next; where nothing is said, what is good for the quantity: less CPU, more uptime.
    """
    if said:
        return said
    bad = context.inherited.severity if context.inherited.severity in {"critical", "warning"} else "warning"
    pinned = context.annotation.get("polarity", "")
    heading = context.path[-1].words if context.path else ""
    if pinned or _GOOD.search(heading):
        return bad if pinned == "alert" else "normal"
    if _BAD.search(heading):
        return bad
    good = _good_op(quantity)
    if good:
        return "normal" if op.startswith(good) else bad
    if written:
        return bad if written == "alert" else "normal"
    return "normal" if op.startswith("<") else bad


def _good_op(quantity: str) -> str:
    words = frozenset(stems(quantity))
    if words & _MORE_IS_BETTER:
        return ">"
    return "<" if words & _LESS_IS_BETTER else ""


def bad_op(quantity: str) -> str:
    """The comparison that is bad for the quantity, where a column states a bare number."""
    return "<" if _good_op(quantity) == ">" else ">"
