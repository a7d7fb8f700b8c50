"""Webhook: Alertmanager's payload, version 4, with the headers of Standard Webhooks for telling retries apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.tell.posting import answered, outcome_of, post, text_of
from opsguide.tell.wording import NEVER, rfc3339

if TYPE_CHECKING:
    from opsguide.core.nouns import Notice, Notified
    from opsguide.core.ports import HttpReply, HttpRequest, Mail, MailReply
    from opsguide.core.settings import EmailSettings
    from opsguide.tell.outcome import Outcome


class Webhook:
    """See `kernel.deliver.Receiver`."""

    name = "webhook"
    required = (("url",),)

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest | Mail:
        """One POST. Raises WorldFault where the settings name no address."""
        del email
        return post(notice, notice.settings.get("url", ""), payload(notice))

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        """2xx is accepted; 408, 425, 429 and 5xx are tried again; anything else will not get better by itself."""
        given = answered(reply)
        return outcome_of(given, text_of(given))


def payload(notice: Notice) -> dict[str, object]:
    """The body, field by field as Alertmanager sends it."""
    return {
        # Alertmanager escapes the name as if it were an expression; what reads it expects that.
        "receiver": re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", notice.receiver),
        "status": notice.status,
        "alerts": [_alert(alert) for alert in notice.alerts],
        "groupLabels": dict(notice.group_labels),
        "commonLabels": dict(notice.common_labels),
        "commonAnnotations": dict(notice.common_annotations),
        "externalURL": notice.external_url,
        "version": "4",
        "groupKey": notice.key,
        "truncatedAlerts": notice.truncated,
    }


def _alert(alert: Notified) -> dict[str, object]:
    return {
        "status": "resolved" if alert.ends_at else "firing",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(alert.ends_at) if alert.ends_at else NEVER,
        "generatorURL": alert.source,
        "fingerprint": alert.fingerprint,
    }


RECEIVER = Webhook()
