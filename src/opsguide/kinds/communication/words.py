"""Who, where, how often and how soon, in the words of a communication plan."""

from __future__ import annotations

import re

from opsguide.core.units import duration_s

HOME = re.compile(
    r"\b(?:communications?|status updates?|stakeholder (?:updates?|notifications?)|incident updates?"
    r"|(?:incident )?notification (?:plan|policy|matrix|procedures?)|status page)\b|沟通|通报|通知流程"
)
"""The heading or intro of a plan."""
PLAN = re.compile(
    r"\bcommunications? (?:plan|protocol|matrix|templates?|policy|strategy|procedures?|guidelines?|cadence)\b"
    r"|\bstatus updates?\b|\bstakeholder|\bstatus page\b|沟通|通报"
)
"""A heading that is a plan wherever it stands; a bare "Communication" needs an incident around it."""
AROUND = re.compile(
    r"\b(?:incidents?|outages?|emergenc\w+|disasters?|on-?call|escalat\w+|severit\w+|major)\b|故障|事件|应急"
)
FOREIGN = re.compile(
    r"\b(?:channels?|contacts?|templates?|services?|protocols? and|encrypt\w*|inter-?service|network"
    r"|security|email server)\b"
)
"""A heading that lists addresses, texts or software."""

_UPDATES = re.compile(r"\b(?:status )?updates?\b|\bcadence\b|\bfrequency\b|更新", re.IGNORECASE)
_AUDIENCE = re.compile(
    r"\b(?:(?:team|tech|engineering|department|product) (?:leads?|managers?)|stakeholders?|customers?|clients?"
    r"|(?:end[- ])?users?|executives?|leadership|(?:senior |upper )?management|managers?|on-?call(?: engineers?)?"
    r"|internal(?: teams?)?|external|support(?: team)?|engineering(?: team)?|public|partners?|c-level|cto|ceo|legal"
    r"|regulators?|everyone|all staff|team)\b",
    re.IGNORECASE,
)
_CHANNELS = re.compile(
    r"\b(?P<status_page>status ?page)\b|\b(?P<pagerduty>pager ?duty)\b|(?P<slack>\bslack\b|#[a-z][\w-]+)"
    r"|\b(?P<email>e-?mails?)\b|\b(?P<phone>phone|calls?|conference bridge|bridge|zoom)\b|\b(?P<sms>sms)\b"
    r"|\b(?P<msteams>(?:ms |microsoft )teams)\b|\b(?P<social>twitter|social media)\b",
    re.IGNORECASE,
)
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|[mhd])\b"
_EVERY = re.compile(rf"\b(?:every|each|per)\s+(?P<amount>\d+\s*{_UNIT})|每\s*(?P<zh>\d+)\s*分钟", re.IGNORECASE)
_EVERY_ONE = re.compile(
    r"\b(?:every|each|once (?:an|a|per)|per)\s+(?P<unit>hour|day|half hour)\b|\b(?P<word>hourly|daily)\b", re.IGNORECASE
)
_ONE_S = {"hour": 3600.0, "hourly": 3600.0, "day": 86400.0, "daily": 86400.0, "half hour": 1800.0}
_WITHIN = re.compile(rf"(?:\bwithin|\bin|\bafter|<|≤)\s*(?:the first\s+)?(?P<amount>\d+\s*{_UNIT})", re.IGNORECASE)
_AT_ONCE = re.compile(r"\bimmediate(?:ly)?\b|\bat once\b|\binstant(?:ly)?\b|立即", re.IGNORECASE)
_HOURS = re.compile(r"\b(?:business|working|office) (?:hours|days?)\b|\bnext business day\b", re.IGNORECASE)


def every_s(text: str) -> float | None:
    """Seconds of "every 30 minutes", "hourly"; None where no cadence is stated."""
    found = _EVERY.search(text)
    if found is not None:
        return duration_s(found["amount"]) if found["amount"] else float(found["zh"]) * 60.0
    one = _EVERY_ONE.search(text)
    return _ONE_S[(one["unit"] or one["word"]).lower()] if one is not None else None


def within_s(text: str) -> float | None:
    """Seconds of "within 15 minutes", 0 for "immediately"; None where nothing is stated."""
    found = _WITHIN.search(text)
    if found is not None:
        return duration_s(found["amount"])
    return 0.0 if _AT_ONCE.search(text) else None


def audience_of(text: str) -> str:
    """The groups of people that a text names, as written: "team leads, stakeholders"."""
    found: dict[str, str] = {}
    for match in _AUDIENCE.finditer(text):
        found.setdefault(match[0].lower(), match[0])
    return ", ".join(found.values())


def channel_of(text: str) -> str:
    """The first channel that a text names: slack, email, "status page", ..., or ""."""
    found = _CHANNELS.search(text)
    return (found.lastgroup or "").replace("_", " ") if found else ""


def hours_of(text: str) -> str:
    """The hours that the text is limited to: "business hours", or ""."""
    found = _HOURS.search(text)
    return found[0].lower() if found else ""


def is_updates(text: str) -> bool:
    """Whether the words are about updates."""
    return bool(_UPDATES.search(text))
