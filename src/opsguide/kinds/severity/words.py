"""The words by which severity levels and their times are told from other lists with the same names."""

from __future__ import annotations

import re

from opsguide.core.units import duration_s

HOME = re.compile(
    r"\bseverit(?:y|ies)\b|\bsev levels?\b|\bpriorit(?:y levels?|ies)\b"
    r"|\bincident (?:levels?|classifications?|priorit\w+|categor\w+|types|class\w*|matrix)\b"
    r"|\b(?:classification|priority) (?:of incidents|matrix|levels?|scheme)\b"
    r"|严重级别|故障等级|事件等级|事件分级|故障级别"
)
"""A heading or list intro under which the names of levels define levels."""
AROUND = re.compile(
    r"\b(?:incidents?|severit\w+|priorit\w+|escalat\w+|on-?call|outages?|support|slas?|emergenc\w+)\b|故障|事件"
)
"""A heading somewhere above under which times by level are those of people."""
TIMES = re.compile(
    r"\b(?P<response>respon[sd]\w*|acknowledg\w+|reaction|ack)\b.*\b(?:times?|targets?|slas?|objectives?|goals?)\b"
    r"|\b(?P<resolution>resol\w+|fix|recovery|restoration|mitigation)\b.*\b(?:times?|targets?|slas?|objectives?|goals?)\b"
    r"|(?P<zh_response>响应时间)|(?P<zh_resolution>(?:解决|恢复)时间)"
)
"""A heading or intro whose list gives a time to each level."""
_NEVER = re.compile(r"\b(?:logs?|logging|vulnerabilit\w+|patch\w*|cves?|risks?|threats?|scan\w*)\b")
_FOREIGN = re.compile(r"\b(?:alerts?|alerting|slos?|api)\b")

_FIELDS = (
    ("response", re.compile(r"respon[sd]|acknowledg|\back\b|\bmtta\b|initial|reaction|响应", re.IGNORECASE)),
    ("resolution", re.compile(r"resol[uv]|\bfix|\bmttr\b|restor|mitigat|recover|解决|恢复", re.IGNORECASE)),
    ("examples", re.compile(r"example|示例|例", re.IGNORECASE)),
    (
        "definition",
        re.compile(
            r"definition|description|meaning|criteria|impact|symptoms|what it|\bscope|定义|描述|影响|说明",
            re.IGNORECASE,
        ),
    ),
)
_NOT_A_TIME = re.compile(
    r"\b(?:team|owner|who|channel|responsible|responder|action|procedure|steps|plan)\b", re.IGNORECASE
)
_AMOUNT = r"\d[\d.,]{0,9}\s{0,3}(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|[smhdw])\b"
_DURATION = re.compile(rf"(?:\d[\d.,]{0, 9}\s{0, 3}(?:-|–|to)\s{0, 3})?(?P<amount>{_AMOUNT})", re.IGNORECASE)
_CADENCE = re.compile(r"\b(?:every|each|per)\s+(?:\d|hour|day)", re.IGNORECASE)
_WORKING = re.compile(r"\d\s*(?:business|working)\s+(?:day|hour)", re.IGNORECASE)
_INLINE = re.compile(
    rf"\b(?:(?P<response>respon[sd]\w*|acknowledg\w*|ack)|(?P<resolution>resol\w+|fix\w*|mitigat\w*|restor\w*))\b"
    rf"[^.;,\d]{{0,30}}(?P<amount>{_AMOUNT})",
    re.IGNORECASE,
)
SHORTEST_S = 60.0
"""Nobody promises that a person responds faster; below it the list means something else ("Critical: 500 ms")."""


def elsewhere(words: str) -> bool:
    """Whether the same words are levels of something else below this heading: of logs, vulnerabilities, alerts."""
    return bool(_NEVER.search(words) or (_FOREIGN.search(words) and not HOME.search(words)))


def field_of(label: str) -> str:
    """Which field a column or label names: response, resolution, definition, examples, or ""."""
    name = label.strip()
    found = next((field for field, pattern in _FIELDS if pattern.search(name)), "")
    return "" if found in {"response", "resolution"} and _NOT_A_TIME.search(name) else found


def limit_s(text: str) -> float | None:
    """Seconds of "< 5 minutes", "within 1 h", "15-30 min" (the later); None for words, working days and cadences."""
    found = _DURATION.search(text)
    if found is None or _WORKING.search(text) or _CADENCE.search(text):
        return None
    seconds = duration_s(found["amount"])
    return seconds if seconds is not None and seconds >= SHORTEST_S else None


def times_in(text: str) -> dict[str, str]:
    """The times that a definition states by the way: "respond within 15 min, resolve within 4 h"."""
    found: dict[str, str] = {}
    for match in _INLINE.finditer(text):
        found.setdefault("response" if match["response"] else "resolution", match["amount"])
    return found


def times_field(words: str) -> str:
    """Which time a list under these words gives: response, resolution, or "" where it gives none."""
    found = TIMES.search(words)
    if found is None:
        return ""
    return "response" if found["response"] or found["zh_response"] else "resolution"
