"""How a notice is posted as JSON, and what any HTTP endpoint's answer means unless it says otherwise."""

from __future__ import annotations

import base64
import json
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from opsguide.core.ports import HttpReply, HttpRequest, WorldFault
from opsguide.core.units import duration_s
from opsguide.tell.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.core.nouns import Labels, Notice
    from opsguide.core.ports import MailReply

SHOWN = 300
TIMEOUT_S = 10.0
_RETRIED = frozenset({408, 425, 429})


def post(notice: Notice, url: str, payload: Mapping[str, object], *, named: str = "url") -> HttpRequest:
    """One POST of JSON with the receiver's `http_config`; raises WorldFault where setting `named` is no address."""
    if not url.startswith(("http://", "https://")):
        raise WorldFault("not_found", f"the {notice.integration} has no {named} that begins with http:// or https://")
    settings = notice.settings
    return HttpRequest(
        "POST",
        url,
        _headers(notice),
        encoded(payload),
        timeout_s=duration_s(settings.get("timeout", "")) or TIMEOUT_S,
        limit_bytes=1 << 16,
        follow=settings.get("http_config.follow_redirects") != "false",
        verify_tls=settings.get("http_config.tls_config.insecure_skip_verify") != "true",
        ca_file=settings.get("http_config.tls_config.ca_file", ""),
    )


def encoded(payload: Mapping[str, object]) -> bytes:
    """Compact JSON in UTF-8. Half a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def answered(reply: HttpReply | MailReply) -> HttpReply:
    """The answer as the HTTP answer that it must be."""
    if not isinstance(reply, HttpReply):
        raise TypeError("what was posted is answered by HTTP")
    return reply


def text_of(reply: HttpReply) -> str:
    """The beginning of the answer's body on one line."""
    body = reply.body[: 4 * SHOWN].decode("utf-8", "replace")
    return " ".join(body.split())[:SHOWN]


def outcome_of(reply: HttpReply, said: str, *, wait_s: float | None = None) -> Outcome:
    """2xx is accepted; 408, 425, 429 and 5xx are tried again; anything else will not get better by itself.

    said: the answer in short. wait_s: before the next try of what was too much, where the answer names no time.
    """
    detail = f"{reply.status} {said}".strip()
    if 200 <= reply.status < 300:  # noqa: PLR2004 -- RFC 9110: 2xx
        return Outcome(accepted=True, permanent=False, detail=detail)
    if reply.status in _RETRIED or reply.status >= 500:  # noqa: PLR2004 -- RFC 9110: 5xx
        after_s = retry_after_s(reply)
        if after_s is None and reply.status == 429:  # noqa: PLR2004 -- RFC 6585: too many requests
            after_s = wait_s
        return Outcome(accepted=False, permanent=False, detail=detail, retry_after_s=after_s)
    return Outcome(accepted=False, permanent=True, detail=detail)


def stranger(reply: HttpReply, whose: str) -> Outcome | None:
    """Not accepted, where 2xx came with a web page: a proxy or a sign-in page answered in the service's place."""
    if 200 <= reply.status < 300 and reply.body.lstrip().startswith(b"<"):  # noqa: PLR2004 -- RFC 9110: 2xx
        detail = f"{reply.status} with a web page: that was not {whose}, something on the way answered"
        return Outcome(accepted=False, permanent=False, detail=detail)
    return None


def retry_after_s(reply: HttpReply) -> float | None:
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
