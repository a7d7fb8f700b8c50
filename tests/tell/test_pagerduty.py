"""PagerDuty's events within the documented fields and limits, of both APIs, and what the answers mean."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.nouns import Notice, Notified
from opsguide.core.ports import HttpReply, HttpRequest, MailReply, WorldFault
from opsguide.core.settings import EmailSettings
from opsguide.tell.pagerduty import EVENT_LIMIT_BYTES, RECEIVER

ADDRESS = {"type": "string", "pattern": "^https?://"}
LINK = {"href": ADDRESS, "text": {"type": "string"}}
IMAGE = {"src": {"type": "string", "pattern": "^https://"}, "href": {"type": "string"}, "alt": {"type": "string"}}


def closed(required: list[str], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


TEXT = {"type": "string"}
V2 = closed(
    ["routing_key", "event_action", "dedup_key"],
    {
        "routing_key": TEXT,
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "client": TEXT,
        "client_url": ADDRESS,
        "links": {"type": "array", "items": closed(["href"], LINK)},
        "images": {"type": "array", "items": closed(["src"], IMAGE)},
        "payload": closed(
            ["summary", "source", "severity"],
            {
                "summary": {"type": "string", "minLength": 1, "maxLength": 1024},
                "source": {"type": "string", "minLength": 1},
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
                "component": TEXT,
                "group": TEXT,
                "class": TEXT,
                "custom_details": {"type": "object"},
            },
        ),
    },
)
"""The fields, enumerations and limits of PagerDuty's page "Send an Alert Event"."""
V1 = closed(
    ["service_key", "event_type", "incident_key"],
    {
        "service_key": TEXT,
        "event_type": {"enum": ["trigger", "acknowledge", "resolve"]},
        "incident_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": {"type": "string", "minLength": 1, "maxLength": 1024},
        "client": TEXT,
        "client_url": ADDRESS,
        "details": {"type": "object"},
        "contexts": {
            "type": "array",
            "items": {
                "oneOf": [
                    closed(["type", "href"], {"type": {"const": "link"}, **LINK}),
                    closed(["type", "src"], {"type": {"const": "image"}, **IMAGE}),
                ]
            },
        },
    },
)
"""Those of "Send a v1 Event"."""

FIRING = Notified(
    (("alertname", "DiskFull"), ("instance", "db1:9100"), ("severity", "page")),
    (("summary", "disk of db1 is full"),),
    1_700_000_000.0,
    0.0,
    "fp",
    "http://prom/graph",
)
NOTICE = Notice(
    id="n1",
    receiver="pager",
    integration="pagerduty",
    settings={"routing_key": "k2"},
    status="firing",
    key='{}:{alertname="DiskFull"}',
    group_labels=(("alertname", "DiskFull"),),
    common_labels=FIRING.labels,
    common_annotations=FIRING.annotations,
    alerts=(FIRING,),
    reason="first",
    external_url="http://guide:8400",
    guide="shop",
    at=1_700_000_010.0,
    claims=("alert/shop/diskfull",),
)
KEY = sha256(NOTICE.key.encode()).hexdigest()
PAGE = "http://guide:8400/g/shop/#alert/shop/diskfull"


def asked(notice: Notice = NOTICE, **settings: str) -> HttpRequest:
    made = RECEIVER.request(replace(notice, settings={**notice.settings, **settings}), EmailSettings())
    assert isinstance(made, HttpRequest)
    assert len(made.body) <= EVENT_LIMIT_BYTES
    assert dict(made.headers)["webhook-id"] == notice.id
    return made


def event(notice: Notice = NOTICE, **settings: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(asked(notice, **settings).body)
    jsonschema.validate(body, V2 if "routing_key" in body else V1)
    return body


def test_a_trigger_carries_everything_a_person_needs_at_night() -> None:
    assert asked().url == "https://events.pagerduty.com/v2/enqueue"
    assert event() == {
        "routing_key": "k2",
        "event_action": "trigger",
        "dedup_key": KEY,
        "client": "opsguide",
        "client_url": PAGE,
        "links": [{"href": PAGE, "text": "statement alert/shop/diskfull"}],
        "images": [],
        "payload": {
            "summary": "[FIRING:1] DiskFull (db1:9100 page): disk of db1 is full",
            "severity": "critical",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "source": "db1:9100",
            "class": "DiskFull",
            "custom_details": {
                "firing": "Labels:\n - alertname = DiskFull\n - instance = db1:9100\n - severity = page\n"
                "Annotations:\n - summary = disk of db1 is full\nSince: 2023-11-14 22:13:20 UTC\n"
                "Source: http://prom/graph",
                "resolved": "",
                "num_firing": "1",
                "num_resolved": "0",
                "reason": "first",
            },
        },
    }


@pytest.mark.parametrize(("status", "action"), [("resolved", "resolve"), ("acknowledged", "acknowledge")])
def test_what_follows_a_trigger_names_the_incident_and_nothing_else(status: str, action: str) -> None:
    told = replace(NOTICE, status=status, alerts=(replace(FIRING, ends_at=1_700_000_060.0),))
    assert event(told) == {"routing_key": "k2", "event_action": action, "dedup_key": KEY}
    assert event(replace(told, settings={"service_key": "k1"})) == {
        "service_key": "k1",
        "event_type": action,
        "incident_key": KEY,
    }


def test_the_incident_is_the_groups_over_repeats_statuses_and_receivers() -> None:
    others = (replace(NOTICE, id="n2", receiver="r", at=9.0, reason="repeat"), replace(NOTICE, alerts=(FIRING, FIRING)))
    assert {event(other)["dedup_key"] for other in (NOTICE, *others)} == {KEY}
    assert event(replace(NOTICE, key="{}:{}"))["dedup_key"] != KEY


def test_a_service_key_is_told_by_the_api_that_knows_it() -> None:
    older = replace(NOTICE, settings={"service_key": "k1", "severity": "critical"})
    assert asked(older).url == "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
    body = event(older)
    assert (body["service_key"], body["event_type"], body["incident_key"]) == ("k1", "trigger", KEY)
    assert body["description"] == "[FIRING:1] DiskFull (db1:9100 page): disk of db1 is full"
    assert body["details"]["severity"] == "critical"
    assert body["contexts"] == [{"type": "link", "href": PAGE, "text": "statement alert/shop/diskfull"}]
    assert "routing_key" in event(older, routing_key="k2"), "with both keys the newer API is used"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "https://events.eu.pagerduty.com/v2/enqueue",
            "https://events.eu.pagerduty.com/generic/2010-04-15/create_event.json",
        ),
        ("http://127.0.0.1:9/proxy/v2/enqueue", "http://127.0.0.1:9/proxy/generic/2010-04-15/create_event.json"),
        ("http://h/generic/2010-04-15/create_event.json", "http://h/generic/2010-04-15/create_event.json"),
        ("http://gateway/pages", "http://gateway/pages"),
    ],
)
def test_the_older_api_is_asked_on_the_host_that_the_settings_name(url: str, address: str) -> None:
    assert asked(replace(NOTICE, settings={"service_key": "k1"}), url=url).url == address
    assert asked(url=url).url == url


def test_the_settings_of_the_guide_are_used() -> None:
    settings = {
        "routing_key": "k2",
        "severity": "{{ if eq .CommonLabels.severity `page` }}warning{{ end }}",
        "description": "{{ .CommonLabels.alertname }}!",
        "source": "rack 7",
        "component": "disk",
        "group": "prod",
        "client": "us",
        "client_url": "http://us",
        "class": "storage",
        "details.team": "{{ .GroupLabels.alertname }} team",
        "details.num_firing": "many",
        "links.0.href": "http://runbook",
        "links.0.text": "runbook",
        "links.1.href": "not an address",
        "images.0.src": "https://graph/x.png",
        "images.0.alt": "graph",
        "images.1.src": "http://plain/x.png",
    }
    body = event(replace(NOTICE, settings=settings))
    payload = body["payload"]
    assert (payload["severity"], payload["summary"], payload["source"]) == ("warning", "DiskFull!", "rack 7")
    assert (payload["component"], payload["group"], payload["class"]) == ("disk", "prod", "storage")
    assert (payload["custom_details"]["team"], payload["custom_details"]["num_firing"]) == ("DiskFull team", "many")
    assert (body["client"], body["client_url"]) == ("us", "http://us")
    assert [link["href"] for link in body["links"]] == ["http://runbook", PAGE]
    assert body["images"] == [{"src": "https://graph/x.png", "alt": "graph"}]


def test_a_severity_that_pagerduty_does_not_know_becomes_one_it_does() -> None:
    assert event(severity="disaster")["payload"]["severity"] == "critical"
    assert event(severity="{{ .CommonLabels.nothing }}")["payload"]["severity"] == "critical"
    assert event(severity="whatever")["payload"]["severity"] == "error"


def test_a_summary_is_cut_at_1024_characters_on_one_line() -> None:
    summary = event(description="ä\n" * 2000)["payload"]["summary"]
    assert (len(summary), summary[-1], "\n" in summary) == (1024, "…", False)


def test_a_hundred_alerts_stand_in_one_event_and_what_was_left_out_is_counted() -> None:
    alerts = tuple(replace(FIRING, labels=(("alertname", f"A{n}"), ("v", "ü" * 3000))) for n in range(100))
    details = event(replace(NOTICE, alerts=alerts, truncated=7))["payload"]["custom_details"]
    assert details["num_firing"] == "100"
    assert details["truncated"] == "7 more alerts are not listed"
    shown = details["firing"].count("Labels:")
    assert 10 < shown < 100
    assert details["firing"].endswith(f"and {100 - shown} more")


@pytest.mark.parametrize("key", ["routing_key", "service_key"])
def test_details_that_are_too_long_go_and_the_page_arrives(key: str) -> None:
    settings = {f"details.d{n}": "\x00" * 4000 for n in range(100)}
    body = event(replace(NOTICE, settings={key: "k", **settings}))
    details = body["payload"]["custom_details"] if key == "routing_key" else body["details"]
    assert list(details) == ["truncated"]


def test_a_notice_with_many_statements_names_no_more_links_than_help() -> None:
    claims = tuple(f"alert/shop/a{n}" for n in range(500))
    assert len(event(replace(NOTICE, claims=claims))["links"]) == 20


ODD = st.text(st.characters(), max_size=60)
PAIRS = st.dictionaries(ODD, ODD, max_size=6).map(lambda pairs: tuple(sorted(pairs.items())))


@given(PAIRS, PAIRS, ODD, ODD, st.integers(0, 5), st.sampled_from(["routing_key", "service_key"]))
def test_no_label_or_annotation_makes_an_event_that_pagerduty_refuses(
    labels: tuple[tuple[str, str], ...],
    notes: tuple[tuple[str, str], ...],
    source: str,
    key: str,
    count: int,
    name: str,
) -> None:
    event(
        replace(
            NOTICE,
            settings={name: "k"},
            key=key,
            group_labels=labels,
            common_labels=labels,
            common_annotations=notes,
            alerts=(Notified(labels, notes, 1_700_000_000.0, 0.0, "fp", source),) * count,
        )
    )


def test_a_receiver_without_a_key_is_a_fault_in_words() -> None:
    with pytest.raises(WorldFault, match=r"no routing_key .* and no service_key"):
        RECEIVER.request(replace(NOTICE, settings={}), EmailSettings())


INVALID = {
    "status": "invalid event",
    "message": "Event object is invalid",
    "errors": ["Length of 'routing_key' is incorrect (should be 32 characters)"],
}
BLANK = {"status": "invalid event", "message": "Event object is invalid", "errors": ["Service key can't be blank"]}
DONE = {"status": "success", "message": "Event processed", "dedup_key": "abc"}


@pytest.mark.parametrize(
    ("status", "body", "accepted", "permanent", "said"),
    [
        (202, json.dumps(DONE), True, False, "202 Event processed abc"),
        (200, json.dumps({**DONE, "incident_key": "abc"}), True, False, "200 Event processed"),
        (202, "", True, False, "202"),
        (200, "<html>sign in</html>", False, False, "that was not PagerDuty"),
        (400, json.dumps(INVALID), False, True, "one of v1 stands under service_key"),
        (400, json.dumps(BLANK), False, True, "one of v2 stands under routing_key"),
        (400, json.dumps({"status": "x", "message": "no", "errors": ["a", "b"]}), False, True, "400 no: a, b"),
        (400, "[]", False, True, "400 []"),
        (400, "[" * 100_000, False, True, "400 [["),
        (401, "", False, True, "401"),
        (403, "", False, False, "403"),
        (404, "", False, True, "404"),
        (413, "too large", False, True, "413 too large"),
        (429, "", False, False, "429"),
        (500, "", False, False, "500"),
        (503, "", False, False, "503"),
    ],
)
def test_an_answer_is_taken_refused_or_tried_again(
    status: int,
    body: str,
    accepted: bool,  # noqa: FBT001 -- a table's columns
    permanent: bool,  # noqa: FBT001 -- as above
    said: str,
) -> None:
    outcome = RECEIVER.verdict(HttpReply(status, (), body.encode()))
    assert (outcome.accepted, outcome.permanent) == (accepted, permanent)
    assert said in outcome.detail


@pytest.mark.parametrize("status", [429, 403])
def test_too_many_events_wait_as_long_as_pagerduty_advises(status: int) -> None:
    assert RECEIVER.verdict(HttpReply(status, (), b"")).retry_after_s == 30.0


def test_a_time_that_the_answer_names_is_honoured() -> None:
    assert RECEIVER.verdict(HttpReply(429, (("Retry-After", "90"),), b"")).retry_after_s == 90.0


def test_an_answer_of_another_protocol_is_our_own_fault() -> None:
    with pytest.raises(TypeError):
        RECEIVER.verdict(MailReply(250, "ok"))
