"""Addresses in text: mail, telephone, Slack, PagerDuty, web. A channel's bare name ("@slack / phone") is none."""

from __future__ import annotations

import re

from opsguide.kinds.contact.spec import Way

_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,}")
_URL = re.compile(r"https?://[^\s)>\]]+")
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ()./-]{5,20}\d(?![\w.])")
_SLACK = re.compile(r"(?<![\w/&])[#@][a-z][\w.-]*\w", re.IGNORECASE)
_DATE = re.compile(r"^\d{4}-\d\d-\d\d$|^\d{1,2}[./]\d{1,2}[./]\d{2,4}$")
_LEAST_DIGITS = 7
_CHANNEL = re.compile(
    r"\b(?P<email>e-?mail|mail)\b|\b(?P<phone>phone|telephone|tel|mobile|cell|hotline|call|sms)\b|\b(?P<slack>slack)\b"
    r"|\b(?P<pagerduty>pager ?duty)\b|\b(?P<opsgenie>opsgenie)\b|\b(?P<msteams>(?:ms |microsoft )?teams)\b"
    r"|\b(?P<url>web(?:site)?|url|portal|ticket\w*|jira|issue tracker|helpdesk|service desk)\b|\b(?P<discord>discord)\b"
    r"|\b(?P<telegram>telegram|signal|whatsapp)\b|(?P<zh_email>邮箱|邮件)|(?P<zh_phone>电话|手机)",
    re.IGNORECASE,
)


def channel_of(words: str) -> str:
    """The channel that a label or column names: email, phone, slack, ..., or ""."""
    found = _CHANNEL.search(words)
    return (found.lastgroup or "").removeprefix("zh_") if found else ""


def ways_in(text: str, by: str = "") -> tuple[Way, ...]:
    """Every address of a text. by: the channel that its label or column names."""
    found: list[tuple[int, Way]] = []
    rest = text
    for name, pattern in (("url", _URL), ("email", _EMAIL), ("slack", _SLACK), ("phone", _PHONE)):
        for match in pattern.finditer(rest):
            if _is_address(name, match[0]):
                way = by if by and name in {"slack", "url"} else name
                found.append((match.start(), Way(way, match[0].rstrip(".,;"))))
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    return tuple(way for _, way in sorted(found, key=lambda one: one[0]))


def _is_address(name: str, text: str) -> bool:
    """A handle that is only a channel's own name is no address, and neither is a short number or a date."""
    if name == "slack":
        return not _CHANNEL.fullmatch(text[1:])
    if name == "phone":
        return sum(c.isdigit() for c in text) >= _LEAST_DIGITS and not _DATE.match(text.strip())
    return True
