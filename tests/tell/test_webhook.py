"""The webhook's request and what its answers mean."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from opsguide.core.nouns import Notice, Notified
from opsguide.core.ports import HttpReply, HttpRequest, MailReply, WorldFault
from opsguide.core.settings import EmailSettings
from opsguide.tell.webhook import RECEIVER

FIRING = Notified(
    (("alertname", "Down"), ("instance", "a")), (("summary", "é"),), 1_700_000_000.25, 0.0, "4bdd18f16b9fff0a"
)
NOTICE = Notice(
    id="n1",
    receiver="team.x",
    integration="webhook",
    settings={"url": "http://127.0.0.1:9/hook"},
    status="firing",
    key='{}:{alertname="Down"}',
    group_labels=(("alertname", "Down"),),
    common_labels=(("alertname", "Down"),),
    common_annotations=(("summary", "é"),),
    alerts=(FIRING, replace(FIRING, ends_at=1_700_000_060.0)),
    external_url="http://guide:8400",
    at=1_700_000_010.9,
)


def asked(**settings: str) -> HttpRequest:
    made = RECEIVER.request(replace(NOTICE, settings={**NOTICE.settings, **settings}), EmailSettings())
    assert isinstance(made, HttpRequest)
    return made


def test_the_payload_is_alertmanagers_version_4() -> None:
    assert json.loads(asked().body) == {
        "receiver": "team\\.x",
        "status": "firing",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "Down", "instance": "a"},
                "annotations": {"summary": "é"},
                "startsAt": "2023-11-14T22:13:20.250Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "",
                "fingerprint": "4bdd18f16b9fff0a",
            },
            {
                "status": "resolved",
                "labels": {"alertname": "Down", "instance": "a"},
                "annotations": {"summary": "é"},
                "startsAt": "2023-11-14T22:13:20.250Z",
                "endsAt": "2023-11-14T22:14:20.000Z",
                "generatorURL": "",
                "fingerprint": "4bdd18f16b9fff0a",
            },
        ],
        "groupLabels": {"alertname": "Down"},
        "commonLabels": {"alertname": "Down"},
        "commonAnnotations": {"summary": "é"},
        "externalURL": "http://guide:8400",
        "version": "4",
        "groupKey": '{}:{alertname="Down"}',
        "truncatedAlerts": 0,
    }


def test_every_attempt_carries_the_notices_id() -> None:
    first, second = asked(), asked()
    assert first == second
    headers = dict(first.headers)
    assert headers["webhook-id"] == "n1"
    assert headers["webhook-timestamp"] == "1700000010"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "opsguide"


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, None),
        (
            {"http_config.basic_auth.username": "u", "http_config.basic_auth.password": "p"},
            f"Basic {base64.b64encode(b'u:p').decode()}",
        ),
        ({"http_config.authorization.credentials": "t"}, "Bearer t"),
        ({"http_config.authorization.type": "Token", "http_config.authorization.credentials": "t"}, "Token t"),
        ({"http_config.bearer_token": "t"}, "Bearer t"),
    ],
)
def test_http_config_signs_in(settings: dict[str, str], sent: str | None) -> None:
    assert dict(asked(**settings).headers).get("Authorization") == sent


def test_timeout_tls_and_redirects_are_taken_from_the_settings() -> None:
    made = asked(
        timeout="3s",
        **{"http_config.follow_redirects": "false", "http_config.tls_config.insecure_skip_verify": "true"},
    )
    assert (made.timeout_s, made.follow, made.verify_tls) == (3.0, False, False)


def test_a_url_that_is_none_is_a_fault_in_words() -> None:
    with pytest.raises(WorldFault, match="no url"):
        asked(url="hooks.example.org")


@pytest.mark.parametrize(
    ("status", "accepted", "permanent"),
    [
        (200, True, False),
        (202, True, False),
        (204, True, False),
        (301, False, True),
        (400, False, True),
        (401, False, True),
        (404, False, True),
        (408, False, False),
        (410, False, True),
        (429, False, False),
        (500, False, False),
        (503, False, False),
    ],
)
def test_an_answer_is_taken_refused_or_tried_again(status: int, accepted: bool, permanent: bool) -> None:  # noqa: FBT001 -- a table's columns
    outcome = RECEIVER.verdict(HttpReply(status, (), b"why\n  not"))
    assert (outcome.accepted, outcome.permanent, outcome.detail) == (accepted, permanent, f"{status} why not")


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ((("Retry-After", "120"),), 120.0),
        ((("retry-after", "Tue, 14 Nov 2023 22:14:00 GMT"), ("Date", "Tue, 14 Nov 2023 22:13:20 GMT")), 40.0),
        ((("Retry-After", "Tue, 14 Nov 2023 22:14:00 GMT"),), None),
        ((("Retry-After", "soon"),), None),
        ((), None),
    ],
)
def test_retry_after_is_honoured(headers: tuple[tuple[str, str], ...], after_s: float | None) -> None:
    assert RECEIVER.verdict(HttpReply(429, headers, b"")).retry_after_s == after_s


def test_an_answer_of_another_protocol_is_our_own_fault() -> None:
    with pytest.raises(TypeError):
        RECEIVER.verdict(MailReply(250, "ok"))
