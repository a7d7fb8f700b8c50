"""Email: one plain-text message a notice, by the SMTP server of the receiver or of `[email]`."""

from __future__ import annotations

from datetime import UTC, datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from hashlib import sha256
from typing import TYPE_CHECKING

from opsguide.core.ports import HttpReply, Mail, WorldFault
from opsguide.tell.outcome import Outcome
from opsguide.tell.wording import clock, counts, cut, firing_first, setting, statements, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opsguide.core.nouns import Labels, Notice, Notified
    from opsguide.core.ports import HttpRequest, MailReply
    from opsguide.core.settings import EmailSettings

PORT = 25
ALERTS_SHOWN = 100
LONGEST_VALUE = 10_000
"""Characters of one annotation or label; together they keep a storm's mail below what servers take."""


class Email:
    """See `kernel.deliver.Receiver`."""

    name = "email"
    required = (("to",), ("smarthost",), ("from",))

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest | Mail:
        """One message to all of `to`. Raises WorldFault where a setting lacks, here and in `[email]`."""
        settings = notice.settings
        own_server = settings.get("smarthost", "")
        host, port = _server(own_server or email.smarthost)
        sender = settings.get("from") or email.sender
        recipients = tuple(address for _, address in getaddresses([settings.get("to", "")]) if "@" in address)
        if not sender or not recipients:
            what = "recipient: write to: under email_configs" if sender else "sender: write from under [email]"
            raise WorldFault("not_found", f"the email has no {what}")
        # Alertmanager asks for TLS unless told otherwise; a server of [email] says itself.
        starttls = settings.get("require_tls", "true") == "true" if own_server else email.starttls
        return Mail(
            host,
            port,
            getaddresses([sender])[0][1],
            recipients,
            _message(notice, sender),
            starttls=starttls,
            username=settings.get("auth_username", "" if own_server else email.username),
            password=settings.get("auth_password", "" if own_server else email.password),
        )

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        """2xx is accepted, 4xx is tried again, 5xx is refused for good (RFC 5321, 4.2.1)."""
        if isinstance(reply, HttpReply):
            raise TypeError("an email is answered by SMTP")
        detail = f"{reply.code} {reply.text}".strip()
        accepted = 200 <= reply.code < 300  # noqa: PLR2004 -- RFC 5321: 2yz
        return Outcome(accepted, permanent=reply.code >= 500, detail=detail)  # noqa: PLR2004 -- RFC 5321: 5yz


def _server(smarthost: str) -> tuple[str, int]:
    host, colon, port = smarthost.rpartition(":") if not smarthost.endswith("]") else (smarthost, "", "")
    if not smarthost or (colon and not port.isdigit()):
        raise WorldFault("not_found", 'no SMTP server: write smarthost = "host:port" under [email] of opsguide.toml')
    return (host.strip("[]"), int(port)) if colon else (smarthost.strip("[]"), PORT)


def _message(notice: Notice, sender: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    thread = sha256(f"{notice.guide}\n{notice.receiver}\n{notice.key}".encode()).hexdigest()[:32]
    headers = {
        "From": sender,
        "To": notice.settings["to"],
        "Subject": setting(notice, "headers.Subject", subject(notice)),
        "Date": format_datetime(datetime.fromtimestamp(notice.at, UTC)),
        "Message-ID": f"<{notice.id}@opsguide>",
        "References": f"<{thread}@opsguide>",
        "Auto-Submitted": "auto-generated",
    }
    try:
        for name, value in headers.items():
            message[name] = " ".join(value.encode("utf-8", "replace").decode().split())
        # Half a surrogate pair in a label must not cost the page.
        message.set_content(body(notice).encode("utf-8", "replace").decode())
        return message.as_bytes()
    except (ValueError, MessageError, UnicodeError) as error:
        raise WorldFault("nonsense", f"the email cannot be written: {error}") from None


def body(notice: Notice) -> str:
    """Every alert with its labels and annotations, firing ones first, and where the statements stand."""
    lines = [counts(notice), ""]
    for alert in firing_first(notice)[:ALERTS_SHOWN]:
        lines += [*_alert(alert), ""]
    left_out = max(len(notice.alerts) - ALERTS_SHOWN, 0) + notice.truncated
    if left_out:
        lines += [f"and {left_out} more", ""]
    lines += list(_links(notice))
    return "\n".join(lines).rstrip() + "\n"


def _alert(alert: Notified) -> Iterator[str]:
    labels = dict(alert.labels)
    yield f"{'RESOLVED' if alert.ends_at else 'FIRING'}  {labels.pop('alertname', 'alert')}"
    yield f"  since {clock(alert.starts_at)}" + (f", ended {clock(alert.ends_at)}" if alert.ends_at else "")
    yield from _pairs(alert.annotations)
    yield from _pairs(labels.items())
    if alert.source:
        yield f"  {alert.source}"


def _pairs(pairs: Labels | Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in pairs:
        first, *rest = cut(value, LONGEST_VALUE).splitlines() or [""]
        yield f"  {name}: {first}"
        yield from (f"    {line}" for line in rest)


def _links(notice: Notice) -> Iterator[str]:
    if notice.claims:
        yield from statements(notice) or (f"statement: {claim}" for claim in notice.claims)


RECEIVER = Email()
