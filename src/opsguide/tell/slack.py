"""Slack: one message a notice to an incoming webhook, as blocks with a coloured edge and a plain fallback.

Limits (docs.slack.dev, Block Kit): 50 blocks a message, 3,000 characters a text. What is documented nowhere and was
reported to Slack: 20 blocks an attachment, and some 13,000 characters of blocks in all. The figures below stay under
all of them, for a message beyond one is refused whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.tell.outcome import Outcome
from opsguide.tell.posting import answered, outcome_of, post, stranger, text_of
from opsguide.tell.wording import (
    ELLIPSIS,
    clock,
    counts,
    cut,
    firing_first,
    setting,
    severity,
    statements,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opsguide.core.nouns import Notice, Notified
    from opsguide.core.ports import HttpReply, HttpRequest, Mail, MailReply
    from opsguide.core.settings import EmailSettings

ALERTS_SHOWN = 10
LONGEST_ALERT = 700
LONGEST_VALUE = 400
LONGEST_TEXT = 1000
LONGEST_TITLE = 300
"""Characters of the title and of the fallback that a phone shows, as plain text."""
LONGEST_LINK = 500
LINKS_SHOWN = 3

_FIRING = {"critical": "danger", "error": "danger", "warning": "warning", "info": "#439FE0"}
_NAMED = frozenset({"good", "warning", "danger"})
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_PASSED_ON = ("channel", "username", "icon_emoji", "icon_url")
_REVOKED = "the webhook was revoked or its address is wrong: make another and put its address into api_url"
_MENDS = {
    "invalid_token": _REVOKED,
    "no_service": _REVOKED,
    "no_service_id": _REVOKED,
    "no_active_hooks": _REVOKED,
    "no_team": _REVOKED,
    "team_disabled": "the workspace is disabled",
    "channel_not_found": "there is no such channel: mend channel, or leave it out and use the webhook's own",
    "channel_is_archived": "the channel is archived: name another",
    "user_not_found": "there is no such person: mend channel",
    "action_prohibited": "the workspace does not let this webhook post there: ask its administrators",
    "posting_to_general_channel_denied": "only some may post there: name another channel",
}
"""Slack's reasons -> what a person does about them."""


class Slack:
    """See `kernel.deliver.Receiver`."""

    name = "slack"
    required = (("api_url",),)

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest | Mail:
        """One POST to the incoming webhook. Raises WorldFault where api_url is no address."""
        del email
        return post(notice, notice.settings.get("api_url", ""), message(notice), named="api_url")

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        """2xx is accepted, also where a service that is like Slack answers it; a `{"ok": false}` is a refusal.

        Reasons come as text beside a 4xx and stay as they are until somebody changes something; 429 and 5xx pass.
        """
        given = answered(reply)
        said = text_of(given)
        refused = re.match(r'\{"ok": ?false\b.*?"error": ?"(\w+)"', said)
        if given.status == 200 and refused is not None:  # noqa: PLR2004 -- RFC 9110: OK
            permanent = refused[1] not in {"ratelimited", "rate_limited", "internal_error", "fatal_error"}
            return Outcome(accepted=False, permanent=permanent, detail=f"200 {_mended(refused[1])}")
        return stranger(given, "Slack") or outcome_of(given, _mended(said))


def _mended(reason: str) -> str:
    mend = _MENDS.get(reason)
    return f"{reason}: {mend}" if mend else reason


def message(notice: Notice) -> dict[str, object]:
    """The body: what is told at once as blocks, the alerts beside a coloured edge, and a fallback in plain text."""
    title = setting(notice, "title", subject(notice))
    passed_on = {name: setting(notice, name) for name in _PASSED_ON}
    return {
        **{name: value for name, value in passed_on.items() if value},
        "text": escaped(setting(notice, "fallback", _fallback(notice, title)), LONGEST_TITLE),
        "blocks": list(_head(notice, title)),
        "attachments": [
            {
                "color": _colour(notice),
                "fallback": escaped(counts(notice), LONGEST_TITLE),
                "blocks": list(_body(notice)),
            }
        ],
    }


def escaped(text: str, limit: int) -> str:
    """The text with Slack's three special characters escaped: it can name nobody and link nowhere.

    At most `limit` characters once escaped, never cut inside an entity.
    """
    left = text[:limit]
    while True:
        made = _harmless(left) + (ELLIPSIS if len(left) < len(text) else "")
        over = len(made) - limit
        if over <= 0:
            return made
        left = left[: -(over // 5 + 1)]  # an entity has at most five characters


def _harmless(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fallback(notice: Notice, title: str) -> str:
    said = dict(notice.common_annotations)
    said = said or dict(notice.alerts[0].annotations if notice.alerts else ())
    words = said.get("summary") or said.get("description") or ""
    return f"{title}: {words}" if words else title


def _colour(notice: Notice) -> str:
    stated = setting(notice, "color")
    if stated in _NAMED or _HEX.fullmatch(stated):
        return stated
    if notice.status == "acknowledged":
        return "warning"
    return _FIRING[severity(notice)] if notice.status == "firing" else "good"


def _head(notice: Notice, title: str) -> Iterator[dict[str, object]]:
    where = setting(notice, "title_link", next(iter(statements(notice)), ""))
    yield _section(f"*{_link(where, title or 'alert', LONGEST_TITLE)}*")
    pretext = setting(notice, "pretext", plain=_harmless)
    if pretext:
        yield _section(cut(pretext, LONGEST_TEXT))


def _body(notice: Notice) -> Iterator[dict[str, object]]:
    """At most two blocks more than alerts."""
    own = setting(notice, "text", plain=_harmless)  # what the guide's own words format stays formatted
    if own:
        yield _section(cut(own, LONGEST_TEXT))
    alerts = () if own else firing_first(notice)[:ALERTS_SHOWN]
    yield from (_section(_alert(alert)) for alert in alerts)
    yield _context(_foot(notice, 0 if own else len(notice.alerts) - len(alerts)))


def _foot(notice: Notice, left_out: int) -> Iterator[str]:
    yield escaped(counts(notice), LONGEST_TITLE)
    if left_out + notice.truncated:
        yield f"and {left_out + notice.truncated} more alerts that are not shown here"
    links = statements(notice)
    names = ["live page"] if not notice.claims else [f"statement {claim}" for claim in notice.claims]
    yield from (_link(link, name, 150) for link, name in zip(links[:LINKS_SHOWN], names, strict=False))
    if len(links) > LINKS_SHOWN:
        yield f"and {len(links) - LINKS_SHOWN} more statements"


def _alert(alert: Notified) -> str:
    """One alert within LONGEST_ALERT: its name, since when, what it says, its labels."""
    labels = dict(alert.labels)
    name = labels.pop("alertname", "") or "alert"
    state = "RESOLVED" if alert.ends_at else "FIRING"
    ended = f", ended {clock(alert.ends_at)}" if alert.ends_at else ""
    lines = [f"{state} *{_link(alert.source, name, 150)}* since {clock(alert.starts_at)}{ended}"]
    said = [f"{key}: {value}" for key, value in alert.annotations]
    return "\n".join(_fitting(lines, [*said, ", ".join(f"{key}={value}" for key, value in labels.items())]))


def _fitting(lines: list[str], more: Iterable[str]) -> list[str]:
    """The lines with as many more as fit, each shortened and escaped."""
    left = LONGEST_ALERT - sum(len(line) + 1 for line in lines)
    for text in more:
        line = escaped(text, min(LONGEST_VALUE, left - 1)) if left > 2 * len(ELLIPSIS) else ""
        if line:
            lines.append(line)
            left -= len(line) + 1
    return lines


def _link(address: str, words: str, limit: int) -> str:
    """`<address|words>`, or the words alone where the address is none that Slack takes."""
    text = escaped(" ".join(words.split()) or "alert", limit)
    target = (
        address.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace(" ", "%20")
    )
    if not address.startswith(("http://", "https://")) or len(target) > LONGEST_LINK:
        return text
    return f"<{target}|{text}>"


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text or " "}}


def _context(texts: Iterable[str]) -> dict[str, object]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts][:10]}


RECEIVER = Slack()
