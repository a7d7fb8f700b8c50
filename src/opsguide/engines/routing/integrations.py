"""What each of Alertmanager's integrations needs before it can tell anybody, as data.

required: alternatives of setting names; each inner tuple is "one of these". What is served reads no `_file` setting:
a secret is named as `${NAME}`, and `[secrets]` says in which file it is. An `email` takes host and sender
from `[email]` where it names none, so they are asked for after those were filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Needs:
    """Required settings and the default of `send_resolved`. served: this version has a receiver for it."""

    required: tuple[tuple[str, ...], ...] = ()
    send_resolved: bool = True
    served: bool = False


INTEGRATIONS: Mapping[str, Needs] = MappingProxyType(
    {
        "webhook": Needs((("url",),), served=True),
        "email": Needs((("to",), ("smarthost",), ("from",)), send_resolved=False, served=True),
        "pagerduty": Needs((("routing_key", "service_key"),), served=True),
        "slack": Needs((("api_url",),), send_resolved=False, served=True),
        "opsgenie": Needs((("api_key", "api_key_file"),)),
        "victorops": Needs((("api_key", "api_key_file"), ("routing_key",))),
        "telegram": Needs((("bot_token", "bot_token_file"), ("chat_id", "chat_id_file"))),
        "pushover": Needs((("user_key", "user_key_file"), ("token", "token_file"))),
        "sns": Needs((("topic_arn", "phone_number", "target_arn"),)),
        "wechat": Needs((("api_secret", "api_secret_file"),), send_resolved=False),
        "discord": Needs((("webhook_url", "webhook_url_file"),)),
        "webex": Needs((("room_id",),)),
        "msteams": Needs((("webhook_url", "webhook_url_file"),)),
        "msteamsv2": Needs((("webhook_url", "webhook_url_file"),)),
        "jira": Needs((("project",), ("issue_type",))),
        "rocketchat": Needs((("token", "token_file"),)),
        "mattermost": Needs((("webhook_url", "webhook_url_file"),)),
        "incidentio": Needs((("url", "url_file"),)),
    }
)

GLOBALS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "email": {
            "smarthost": "smtp_smarthost",
            "from": "smtp_from",
            "hello": "smtp_hello",
            "auth_username": "smtp_auth_username",
            "auth_password": "smtp_auth_password",
            "require_tls": "smtp_require_tls",
        },
        "slack": {"api_url": "slack_api_url"},
        "pagerduty": {"url": "pagerduty_url"},
        "opsgenie": {"api_url": "opsgenie_api_url", "api_key": "opsgenie_api_key"},
        "victorops": {"api_url": "victorops_api_url", "api_key": "victorops_api_key"},
        "telegram": {"api_url": "telegram_api_url", "bot_token": "telegram_bot_token"},
        "wechat": {"api_url": "wechat_api_url", "api_secret": "wechat_api_secret"},
    }
)
"""Setting of an integration -> key of `global:` that gives its default."""


def missing(integration: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    """The required settings that are not there, alternatives joined by "or", and what to write for what is not read."""
    needs = INTEGRATIONS.get(integration)
    if needs is None:
        return ()
    lacking = [names for names in needs.required if not any(settings.get(name) for name in names)]
    return tuple(" or ".join(names) + _instead(names, settings) for names in lacking)


def _instead(names: tuple[str, ...], settings: Mapping[str, str]) -> str:
    unread = next((name for name in names if settings.get(f"{name}_file")), "")
    if unread:
        return f" ({unread}_file is not read: write {unread}: ${{NAME}}, and name the file under [secrets])"
    if "api_url" in names and settings.get("app_token"):
        return " (app_token is not used: make an incoming webhook)"
    return ""


def notes(integration: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    """What holds for these settings and is easily taken for something else, as short sentences."""
    if integration == "pagerduty" and settings.get("service_key") and not settings.get("routing_key"):
        return ("service_key is a key of Events API v1, so it is told by v1; a key of v2 stands under routing_key",)
    return ()
