"""What a notice says, in the words that every receiver shares; settings with Go templates; text cut to a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from opsguide.engines.gotemplate import TemplateFault
from opsguide.engines.gotemplate.evaluate import Evaluation
from opsguide.engines.gotemplate.functions import CallFault
from opsguide.engines.gotemplate.syntax import parse
from opsguide.engines.gotemplate.values import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsguide.core.nouns import Labels, Notice, Notified

SUBJECT_LIMIT = 200
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
NEVER = "0001-01-01T00:00:00Z"

_SEVERITIES = {
    "critical": frozenset({"critical", "crit", "fatal", "emergency", "page", "disaster", "sev1", "sev-1", "p1", "p0"}),
    "error": frozenset({"error", "err", "high", "major", "sev2", "sev-2", "p2"}),
    "warning": frozenset({"warning", "warn", "medium", "minor", "sev3", "sev-3", "p3"}),
    "info": frozenset(
        {"info", "informational", "information", "notice", "low", "none", "debug", "sev4", "sev-4", "p4"}
    ),
}
"""PagerDuty's four levels, the worst first, and the words that guides use for them."""


def subject(notice: Notice) -> str:
    """`[FIRING:2] DiskFull db1 (critical)`: the group's values, then those that all its alerts share."""
    firing = sum(not alert.ends_at for alert in notice.alerts)
    state = f"FIRING:{firing}" if notice.status == "firing" else notice.status.upper()
    grouped = dict(notice.group_labels)
    names = sorted(grouped, key=lambda name: (name != "alertname", name))
    shared = [value for name, value in sorted(notice.common_labels) if name not in grouped]
    text = f"[{state}] {' '.join(grouped[name] for name in names)}" + (f" ({' '.join(shared)})" if shared else "")
    return " ".join(text.split())[:SUBJECT_LIMIT]


def statements(notice: Notice) -> tuple[str, ...]:
    """Where the statements stand on the live page, the one that fired first; () where no address is known."""
    if not notice.external_url:
        return ()
    page = notice.external_url.rstrip("/") + (f"/g/{quote(notice.guide, safe='')}/" if notice.guide else "/")
    return tuple(f"{page}#{quote(claim, safe='/:')}" for claim in notice.claims) or (page,)


def counts(notice: Notice) -> str:
    """`2 firing, 1 resolved (new alerts added)`."""
    firing = sum(not alert.ends_at for alert in notice.alerts)
    ended = len(notice.alerts) - firing
    parts = [f"{firing} firing"] if firing else []
    parts += [f"{ended} resolved"] if ended or not firing else []
    return ", ".join(parts) + (f" ({notice.reason})" if notice.reason else "")


def clock(at: float) -> str:
    """2026-01-31 14:05:00 UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def rfc3339(at: float) -> str:
    """2026-01-31T14:05:00.000Z."""
    text = datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def firing_first(notice: Notice) -> list[Notified]:
    """The alerts of the notice, those that fire before those that ended, each in the notice's order."""
    return sorted(notice.alerts, key=lambda alert: bool(alert.ends_at))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut off is said by an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def severity(notice: Notice) -> str:
    """The worst severity of what fires (of all alerts where nothing does): critical, error, warning or info."""
    firing = [alert for alert in notice.alerts if not alert.ends_at] or notice.alerts
    named = {severity_of(dict(alert.labels).get("severity", "")) for alert in firing}
    return next((level for level in _SEVERITIES if level in named), "error")


def severity_of(word: str) -> str:
    """A guide's word for a severity as one of critical, error, warning and info; error for a word that is none."""
    plain = word.strip().lower()
    return next((level for level, words in _SEVERITIES.items() if plain in words), "error")


def setting(notice: Notice, name: str, otherwise: str = "", plain: Callable[[str], str] = str) -> str:
    """A setting with its Go template expanded on Alertmanager's data, of which each text went through `plain`.

    `otherwise` where it is not set, and where its template fails: a page with our words is better than no page.
    """
    written = notice.settings.get(name, "")
    if not written or "{{" not in written:
        return written or otherwise
    dot = _data(notice, plain)
    run = Evaluation({"$": dot})
    try:
        run.parts(parse(written), dot)
    except (TemplateFault, CallFault, RecursionError):
        return otherwise
    return run.text or otherwise


def _data(notice: Notice, plain: Callable[[str], str]) -> Struct:
    """What Alertmanager's templates see, as far as no method is called on it."""

    def labels(pairs: Labels) -> dict[str, str]:
        return {name: plain(value) for name, value in pairs}

    def of(alert: Notified) -> Struct:
        return Struct(
            {
                "Status": "resolved" if alert.ends_at else "firing",
                "Labels": labels(alert.labels),
                "Annotations": labels(alert.annotations),
                "StartsAt": rfc3339(alert.starts_at),
                "EndsAt": rfc3339(alert.ends_at) if alert.ends_at else NEVER,
                "GeneratorURL": alert.source,
                "Fingerprint": alert.fingerprint,
            }
        )

    return Struct(
        {
            "Receiver": notice.receiver,
            "Status": notice.status,
            "Alerts": [of(alert) for alert in notice.alerts],
            "GroupLabels": labels(notice.group_labels),
            "CommonLabels": labels(notice.common_labels),
            "CommonAnnotations": labels(notice.common_annotations),
            "ExternalURL": notice.external_url,
            "NotificationReason": notice.reason,
            "TruncatedAlerts": notice.truncated,
        }
    )
