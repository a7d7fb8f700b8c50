"""Webhook: Alertmanager's payload, version 4, with the headers of Standard Webhooks for telling retries apart."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from opsguide.core.ports import HttpReply, HttpRequest, WorldFault
from opsguide.core.units import duration_s
from opsguide.tell.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.core.nouns import Labels, Notice, Notified
    from opsguide.core.ports import Mail, MailReply
    from opsguide.core.settings import EmailSettings

NEVER = "0001-01-01T00:00:00Z"
RETRIED = frozenset({408, 425, 429})
SHOWN = 300
TIMEOUT_S = 10.0


class Webhook:
    """See `kernel.deliver.Receiver`."""

    name = "webhook"
    required = (("url",),)

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest | Mail:
        """One POST. Raises WorldFault where the settings name no address."""
        del email
        settings = notice.settings
        url = settings.get("url", "")
        if not url.startswith(("http://", "https://")):
            raise WorldFault("not_found", "the webhook has no url that begins with http:// or https://")
        return HttpRequest(
            "POST",
            url,
            _headers(notice),
            json.dumps(payload(notice), ensure_ascii=False, separators=(",", ":")).encode(),
            timeout_s=duration_s(settings.get("timeout", "")) or TIMEOUT_S,
            limit_bytes=1 << 16,
            follow=settings.get("http_config.follow_redirects") != "false",
            verify_tls=settings.get("http_config.tls_config.insecure_skip_verify") != "true",
            ca_file=settings.get("http_config.tls_config.ca_file", ""),
        )

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        """2xx is accepted; 408, 425, 429 and 5xx are tried again; anything else will not get better by itself."""
        if not isinstance(reply, HttpReply):
            raise TypeError("a webhook is answered by HTTP")
        body = reply.body[: 4 * SHOWN].decode("utf-8", "replace")
        detail = f"{reply.status} {' '.join(body.split())[:SHOWN]}".strip()
        if 200 <= reply.status < 300:  # noqa: PLR2004 -- RFC 9110: 2xx
            return Outcome(accepted=True, permanent=False, detail=detail)
        if reply.status in RETRIED or reply.status >= 500:  # noqa: PLR2004 -- RFC 9110: 5xx
            return Outcome(accepted=False, permanent=False, detail=detail, retry_after_s=_retry_after_s(reply))
        return Outcome(accepted=False, permanent=True, detail=detail)


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
        "startsAt": _rfc3339(alert.starts_at),
        "endsAt": _rfc3339(alert.ends_at) if alert.ends_at else NEVER,
        "generatorURL": alert.source,
        "fingerprint": alert.fingerprint,
    }


def _rfc3339(at: float) -> str:
    text = datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _headers(notice: Notice) -> Labels:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "opsguide",
        "webhook-id": notice.id,
        "webhook-timestamp": str(int(notice.at)),
    }
    authorization = _authorization(notice.settings)
    if authorization:
        headers["Authorization"] = authorization
    return tuple(headers.items())


def _authorization(settings: Mapping[str, str]) -> str:
    """Of `http_config`: basic_auth, authorization or bearer_token."""
    username = settings.get("http_config.basic_auth.username")
    if username is not None:
        pair = f"{username}:{settings.get('http_config.basic_auth.password', '')}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    credentials = settings.get("http_config.authorization.credentials")
    if credentials is not None:
        return f"{settings.get('http_config.authorization.type', 'Bearer')} {credentials}"
    token = settings.get("http_config.bearer_token")
    return f"Bearer {token}" if token is not None else ""


def _retry_after_s(reply: HttpReply) -> float | None:
    """Retry-After in seconds; a date counts from the answer's own Date."""
    headers = {name.lower(): value.strip() for name, value in reply.headers}
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    try:
        wait_s = (parsedate_to_datetime(after) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return None
    return max(wait_s, 0.0)


RECEIVER = Webhook()
