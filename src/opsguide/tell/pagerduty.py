"""PagerDuty: one event a notice, by Events API v2 under `routing_key` and by v1 under `service_key`.

A key of one API is no key of the other (PagerDuty's Prometheus guide; alertmanager issue 1221), so `service_key` goes
where Alertmanager sends it. Codes and limits are those of PagerDuty's developer documentation: 202 (v1: 200) accepted,
400 never again, 429 (v1: 403) and 5xx again; 512 KB an event, 1,024 characters a summary.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from opsguide.core.ports import WorldFault
from opsguide.tell.outcome import Outcome
from opsguide.tell.posting import answered, encoded, outcome_of, post, stranger, text_of
from opsguide.tell.wording import (
    clock,
    cut,
    firing_first,
    rfc3339,
    setting,
    severity,
    severity_of,
    statements,
    subject,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opsguide.core.nouns import Notice, Notified
    from opsguide.core.ports import HttpReply, HttpRequest, Mail, MailReply
    from opsguide.core.settings import EmailSettings

V2_PATH = "/v2/enqueue"
ENQUEUE = f"https://events.pagerduty.com{V2_PATH}"
V1_PATH = "/generic/2010-04-15/create_event.json"
SUMMARY_LIMIT = 1024
EVENT_LIMIT_BYTES = 512_000
WAIT_S = 30.0
"""Before the next try after 429, as PagerDuty advises: its answer names no time."""

_ALERTS_LIMIT = 100_000
_ALERT_LIMIT = 4_000
_FIELD_LIMIT = 1_000
_LINKS_LIMIT = 20
_ACTIONS = {"resolved": "resolve", "acknowledged": "acknowledge"}
_KEY_MENDS = (
    ("routing", "routing_key takes the key of an Events API v2 integration; one of v1 stands under service_key"),
    ("service", "service_key takes the key of an Events API v1 integration; one of v2 stands under routing_key"),
)


class PagerDuty:
    """See `kernel.deliver.Receiver`."""

    name = "pagerduty"
    required = (("routing_key", "service_key"),)

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest | Mail:
        """One event: trigger, acknowledge or resolve. Raises WorldFault where no key or no address is set."""
        del email
        settings = notice.settings
        url = settings.get("url") or ENQUEUE
        if settings.get("routing_key"):
            return post(notice, url, _within(event(notice)))
        if settings.get("service_key"):
            return post(notice, _v1_address(url), _within(event_v1(notice)))
        raise WorldFault("not_found", "the pagerduty has no routing_key (Events API v2) and no service_key (v1)")

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        """2xx is accepted; 403 (v1's "too many"), 429 and 5xx are tried again; 400 names what is wrong for good."""
        given = answered(reply)
        if given.status == 403:  # noqa: PLR2004 -- Events API v1: rate limit
            return Outcome(accepted=False, permanent=False, detail=f"403 {_said(given)}".strip(), retry_after_s=WAIT_S)
        return stranger(given, "PagerDuty") or outcome_of(given, _said(given), wait_s=WAIT_S)


def dedup_key(notice: Notice) -> str:
    """Alertmanager's: one incident for each group, whoever opened it; kept over restarts, repeats and hosts."""
    return sha256(notice.key.encode("utf-8", "replace")).hexdigest()


def event(notice: Notice) -> dict[str, object]:
    """The body of Events API v2. Only a trigger carries a payload."""
    action = _ACTIONS.get(notice.status, "trigger")
    body: dict[str, object] = {
        "routing_key": notice.settings["routing_key"],
        "event_action": action,
        "dedup_key": dedup_key(notice),
    }
    if action != "trigger":
        return body
    links, images = _links(notice), _images(notice)
    return body | _client(notice) | {"payload": _payload(notice), "links": links, "images": images}


def event_v1(notice: Notice) -> dict[str, object]:
    """The body of Events API v1. It has no severity of its own, so that stands among the details."""
    action = _ACTIONS.get(notice.status, "trigger")
    body: dict[str, object] = {
        "service_key": notice.settings["service_key"],
        "event_type": action,
        "incident_key": dedup_key(notice),
    }
    if action != "trigger":
        return body
    contexts = [{"type": "link", **link} for link in _links(notice)]
    contexts += [{"type": "image", **image} for image in _images(notice)]
    details = {"severity": _severity(notice), **_details(notice)}
    return body | _client(notice) | {"description": _summary(notice), "details": details, "contexts": contexts}


def _v1_address(url: str) -> str:
    """The v1 API on the host of `url` where that is the v2 API's address, else `url` as it stands.

    Alertmanager looks at no url here, so that of PagerDuty's regions it reaches one.
    """
    return f"{url.removesuffix(V2_PATH)}{V1_PATH}" if url.endswith(V2_PATH) else url


def _payload(notice: Notice) -> dict[str, object]:
    common = dict(notice.common_labels)
    usual = {
        "source": next(
            (common[name] for name in ("instance", "host", "service", "job") if common.get(name)), "opsguide"
        ),
        "component": common.get("service") or common.get("job") or "",
        "class": common.get("alertname") or "",
        "group": "",
    }
    stated = {name: cut(setting(notice, name, otherwise), _FIELD_LIMIT) for name, otherwise in usual.items()}
    firing = [alert.starts_at for alert in notice.alerts if not alert.ends_at]
    return {
        "summary": _summary(notice),
        "severity": _severity(notice),
        "timestamp": rfc3339(min(firing, default=notice.at)),
        **{name: value for name, value in stated.items() if value},
        "custom_details": _details(notice),
    }


def _summary(notice: Notice) -> str:
    said = dict(notice.common_annotations).get("summary", "")
    usual = f"{subject(notice)}: {said}" if said else subject(notice)
    return cut(" ".join(setting(notice, "description", usual).split()) or "alert", SUMMARY_LIMIT)


def _severity(notice: Notice) -> str:
    stated = setting(notice, "severity")
    return severity_of(stated) if stated else severity(notice)


def _client(notice: Notice) -> dict[str, object]:
    page = setting(notice, "client_url", next(iter(statements(notice)), ""))
    named: dict[str, object] = {"client": cut(setting(notice, "client", "opsguide"), _FIELD_LIMIT)}
    return named | ({"client_url": page} if _is_address(page) else {})


def _details(notice: Notice) -> dict[str, str]:
    """Alertmanager's four, so that rules made for them go on working; what was left out; then the guide's own."""
    alerts = firing_first(notice)
    firing = [alert for alert in alerts if not alert.ends_at]
    ended = [alert for alert in alerts if alert.ends_at]
    own = {name.partition(".")[2]: setting(notice, name) for name in notice.settings if name.startswith("details.")}
    found = {
        "firing": _listed(firing),
        "resolved": _listed(ended),
        "num_firing": str(len(firing)),
        "num_resolved": str(len(ended)),
    }
    if notice.reason:
        found["reason"] = notice.reason
    if notice.truncated:
        found["truncated"] = f"{notice.truncated} more alerts are not listed"
    return found | {name: cut(value, _ALERT_LIMIT) for name, value in own.items()}


def _listed(alerts: Iterable[Notified]) -> str:
    """The alerts one below the other, as many as fit, and how many did not."""
    rows = [cut("\n".join(_lines(alert)), _ALERT_LIMIT) for alert in alerts]
    shown: list[str] = []
    for row in rows:
        if sum(map(_weight, shown)) + _weight(row) > _ALERTS_LIMIT:
            break
        shown.append(row)
    left_out = len(rows) - len(shown)
    return "\n".join([*shown, f"and {left_out} more"] if left_out else shown)


def _weight(text: str) -> int:
    """Bytes of the text in the event."""
    return len(encoded({"": text}))


def _lines(alert: Notified) -> Iterator[str]:
    yield "Labels:"
    yield from (f" - {name} = {value}" for name, value in alert.labels)
    yield "Annotations:"
    yield from (f" - {name} = {value}" for name, value in alert.annotations)
    yield f"Since: {clock(alert.starts_at)}" + (f", ended {clock(alert.ends_at)}" if alert.ends_at else "")
    yield f"Source: {alert.source}"


def _links(notice: Notice) -> list[dict[str, str]]:
    """Those of the settings, then the statements of the live page."""
    own = [_picked(row, {"href": 0, "text": _FIELD_LIMIT}) for row in _rows(notice, "links")]
    pages = [
        {"href": page, "text": f"statement {claim}"}
        for page, claim in zip(statements(notice), notice.claims or ("live page",), strict=False)
    ]
    return [link for link in (*own, *pages) if _is_address(link.get("href", ""))][:_LINKS_LIMIT]


def _images(notice: Notice) -> list[dict[str, str]]:
    """PagerDuty shows those that are served by HTTPS, and no others."""
    rows = [_picked(row, {"src": 0, "href": 0, "alt": _FIELD_LIMIT}) for row in _rows(notice, "images")]
    return [row for row in rows if row.get("src", "").startswith("https://")][:_LINKS_LIMIT]


def _rows(notice: Notice, name: str) -> list[dict[str, str]]:
    """A list of the settings (`links.0.href`, `links.0.text`, `links.1.href`) in its order."""
    found: dict[int, dict[str, str]] = {}
    for key in notice.settings:
        head, _, rest = key.partition(".")
        at, _, inner = rest.partition(".")
        if head == name and at.isdecimal():
            found.setdefault(int(at), {})[inner] = setting(notice, key)
    return [found[at] for at in sorted(found)]


def _picked(row: Mapping[str, str], limits: Mapping[str, int]) -> dict[str, str]:
    """The known keys that say something, cut to their limits (0: an address, which cannot be cut)."""
    return {name: cut(row[name], limit) if limit else row[name] for name, limit in limits.items() if row.get(name)}


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _within(body: dict[str, object]) -> dict[str, object]:
    """The event within PagerDuty's limit: an event that is too long is refused whole, so its details go first."""
    if len(encoded(body)) <= EVENT_LIMIT_BYTES:
        return body
    short = {"truncated": "the details were longer than PagerDuty takes: they stand on the live page"}
    inner = body.get("payload")
    if isinstance(inner, dict):
        return body | {"payload": inner | {"custom_details": short}}
    return body | {"details": short}


def _said(reply: HttpReply) -> str:
    """PagerDuty's message and errors in one line, and what to do where a key is at fault."""
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return text_of(reply)
    if not isinstance(answer, dict):
        return text_of(reply)
    errors = answer.get("errors")
    listed = [str(error) for error in errors] if isinstance(errors, list) else []
    said = ": ".join(part for part in (str(answer.get("message", "")), ", ".join(listed)) if part) or text_of(reply)
    mend = next((mend for word, mend in _KEY_MENDS if f"{word}_key" in said or f"{word} key" in said.lower()), "")
    accepted = reply.status // 100 == 2  # noqa: PLR2004 -- RFC 9110: 2xx
    key = str(answer.get("dedup_key", "")) if accepted else ""
    return (
        cut(" ".join(said.split()), 300) + (f"; {mend}" if mend and not accepted else "") + (f" {key}" if key else "")
    )


RECEIVER = PagerDuty()
