"""Slack's message within Block Kit's limits, whatever stands in an alert, and what the webhook's answers mean."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.nouns import Notice, Notified
from opsguide.core.ports import HttpReply, HttpRequest, MailReply, WorldFault
from opsguide.core.settings import EmailSettings
from opsguide.tell.slack import RECEIVER, escaped, message

FIRING = Notified(
    (("alertname", "DiskFull"), ("host", "db1"), ("severity", "critical")),
    (("summary", "disk of <!channel> & db1 is full"),),
    1_700_000_000.0,
    0.0,
    "fp",
    "http://prom/graph?a=1&b=2",
)
NOTICE = Notice(
    id="n1",
    receiver="team",
    integration="slack",
    settings={"api_url": "http://127.0.0.1:9/services/T/B/x", "channel": "#ops"},
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


def sent(notice: Notice = NOTICE) -> dict[str, Any]:
    made = RECEIVER.request(notice, EmailSettings())
    assert isinstance(made, HttpRequest)
    assert made.url == notice.settings["api_url"]
    assert dict(made.headers)["webhook-id"] == notice.id
    body: dict[str, Any] = json.loads(made.body)
    return body


def texts(body: dict[str, Any]) -> list[str]:
    """Every text object of a message, after it was held against Block Kit's documented rules."""
    (attachment,) = body["attachments"]
    assert set(attachment) == {"color", "fallback", "blocks"}
    assert len(body["blocks"]) <= 50
    assert len(attachment["blocks"]) <= 20
    found: list[str] = []
    for block in (*body["blocks"], *attachment["blocks"]):
        if block["type"] == "section":
            assert set(block) == {"type", "text"}
            objects = [block["text"]]
        else:
            assert (block["type"], set(block)) == ("context", {"type", "elements"})
            objects = block["elements"]
            assert 1 <= len(objects) <= 10
        for each in objects:
            assert each["type"] == "mrkdwn"
            assert 1 <= len(each["text"]) <= 3000
            found.append(each["text"])
    assert 1 <= len(body["text"]) <= 300
    assert re.fullmatch(r"good|warning|danger|#[0-9a-fA-F]{6}", attachment["color"])
    assert sum(map(len, found)) <= 13_000
    return found


def test_the_message_names_the_alert_at_once_and_links_to_the_statement() -> None:
    body = sent()
    assert texts(body) == [
        "*<http://guide:8400/g/shop/#alert/shop/diskfull|[FIRING:1] DiskFull (db1 critical)>*",
        (
            "FIRING *<http://prom/graph?a=1&amp;b=2|DiskFull>* since 2023-11-14 22:13:20 UTC\n"
            "summary: disk of &lt;!channel&gt; &amp; db1 is full\nhost=db1, severity=critical"
        ),
        "1 firing (first)",
        "<http://guide:8400/g/shop/#alert/shop/diskfull|statement alert/shop/diskfull>",
    ]
    assert body["text"] == "[FIRING:1] DiskFull (db1 critical): disk of &lt;!channel&gt; &amp; db1 is full"
    assert (body["channel"], body["attachments"][0]["color"]) == ("#ops", "danger")
    assert set(body) == {"channel", "text", "blocks", "attachments"}


@pytest.mark.parametrize(
    ("status", "severity", "colour"),
    [
        ("firing", "critical", "danger"),
        ("firing", "warning", "warning"),
        ("firing", "info", "#439FE0"),
        ("resolved", "critical", "good"),
        ("acknowledged", "critical", "warning"),
    ],
)
def test_the_colour_says_how_bad_it_is(status: str, severity: str, colour: str) -> None:
    alert = replace(FIRING, labels=(("alertname", "A"), ("severity", severity)))
    assert sent(replace(NOTICE, status=status, alerts=(alert,)))["attachments"][0]["color"] == colour


def test_an_ended_alert_says_so_and_stands_below_those_that_fire() -> None:
    ended = replace(FIRING, ends_at=1_700_000_060.0)
    _, first, second, *_ = texts(sent(replace(NOTICE, alerts=(ended, FIRING))))
    assert first.startswith("FIRING ")
    assert second.startswith("RESOLVED ")
    assert "ended 2023-11-14 22:14:20 UTC" in second


def test_a_hundred_alerts_are_cut_to_ten_and_the_rest_is_counted() -> None:
    alerts = tuple(replace(FIRING, labels=(("alertname", f"A{n}"), ("v", "x" * 2000))) for n in range(100))
    claims = tuple(f"alert/shop/a{n}" for n in range(100))
    found = texts(sent(replace(NOTICE, alerts=alerts, claims=claims, truncated=7)))
    assert sum(text.startswith("FIRING ") for text in found) == 10
    assert "and 97 more alerts that are not shown here" in found
    assert "and 97 more statements" in found


def test_a_very_long_annotation_is_shortened_and_leaves_the_labels_their_place() -> None:
    alert = replace(FIRING, annotations=(("description", "&" * 5000), ("runbook", "r")))
    text = texts(sent(replace(NOTICE, alerts=(alert,), common_annotations=())))[1]
    assert "&amp;…\n" in text
    assert text.endswith("runbook: r\nhost=db1, severity=critical")


def test_the_guides_own_words_are_used_and_their_markup_is_kept() -> None:
    settings = {
        "title": "{{ .CommonLabels.alertname }} on {{ .CommonLabels.host }}",
        "title_link": "http://runbook/x|y",
        "text": "*{{ .CommonAnnotations.summary }}* <http://wiki|wiki>",
        "pretext": "look",
        "color": "#123456",
        "username": "guide",
        "icon_emoji": ":fire:",
    }
    body = sent(replace(NOTICE, settings={**NOTICE.settings, **settings}))
    assert texts(body)[:3] == [
        "*<http://runbook/x%7Cy|DiskFull on db1>*",
        "look",
        "*disk of &lt;!channel&gt; &amp; db1 is full* <http://wiki|wiki>",
    ]
    assert body["attachments"][0]["color"] == "#123456"
    assert (body["username"], body["icon_emoji"]) == ("guide", ":fire:")


def test_a_template_that_fails_leaves_our_own_words() -> None:
    settings = {**NOTICE.settings, "title": '{{ template "no.such" . }}', "color": "{{ nonsense }}"}
    body = sent(replace(NOTICE, settings=settings))
    assert "[FIRING:1] DiskFull" in body["text"]
    assert body["attachments"][0]["color"] == "danger"


def test_without_an_address_of_the_page_nothing_is_linked() -> None:
    notice = replace(NOTICE, external_url="", alerts=(replace(FIRING, source=""),))
    assert not any("<" in text for text in texts(sent(notice)))


ODD = st.text(st.characters(), max_size=60)
PAIRS = st.dictionaries(ODD, ODD, max_size=6).map(lambda pairs: tuple(sorted(pairs.items())))


@given(PAIRS, PAIRS, ODD, st.integers(0, 40), st.sampled_from(["firing", "resolved", "acknowledged"]))
def test_no_label_or_annotation_makes_a_message_that_slack_refuses(
    labels: tuple[tuple[str, str], ...], notes: tuple[tuple[str, str], ...], source: str, count: int, status: str
) -> None:
    alert = Notified(labels, notes, 1_700_000_000.0, 0.0, "fp", source)
    notice = replace(
        NOTICE,
        status=status,
        group_labels=labels,
        common_labels=labels,
        common_annotations=notes,
        alerts=(alert,) * count,
        external_url="",
        claims=(),
    )
    for text in texts(sent(notice)):
        assert re.search(r"<(?!https?://)", text) is None, "only links of ours begin with <"


@given(st.text(st.sampled_from("&<>ab"), max_size=80), st.integers(7, 60))
def test_an_escaped_text_is_within_its_limit_and_cut_in_no_entity(text: str, limit: int) -> None:
    made = escaped(text, limit)
    assert len(made) <= limit
    assert re.fullmatch(r"(?:[ab]|&(?:amp|lt|gt);)*…?", made)
    assert made.endswith("…") or made.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_an_address_that_is_none_is_a_fault_in_words() -> None:
    with pytest.raises(WorldFault, match="no api_url that begins with http"):
        RECEIVER.request(replace(NOTICE, settings={"api_url": "hooks"}), EmailSettings())


@pytest.mark.parametrize(
    ("status", "body", "accepted", "permanent", "said"),
    [
        (200, b"ok", True, False, "200 ok"),
        (200, b"", True, False, "200"),
        (200, b'{"ok": true}', True, False, '200 {"ok": true}'),
        (200, b'{"ok":false,"error":"channel_not_found"}', False, True, "there is no such channel"),
        (200, b'{"ok":false,"error":"ratelimited"}', False, False, "200 ratelimited"),
        (200, b"<!DOCTYPE html><title>Sign in</title>", False, False, "that was not Slack"),
        (302, b"", False, True, "302"),
        (400, b"invalid_payload", False, True, "400 invalid_payload"),
        (400, b"user_not_found", False, True, "there is no such person"),
        (403, b"invalid_token", False, True, "make another and put its address into api_url"),
        (403, b"action_prohibited", False, True, "ask its administrators"),
        (404, b"no_service", False, True, "make another"),
        (404, b"channel_not_found", False, True, "mend channel"),
        (410, b"channel_is_archived", False, True, "name another"),
        (429, b"rate_limited", False, False, "429 rate_limited"),
        (500, b"rollup_error", False, False, "500 rollup_error"),
        (503, b"", False, False, "503"),
    ],
)
def test_an_answer_is_taken_refused_or_tried_again(
    status: int,
    body: bytes,
    accepted: bool,  # noqa: FBT001 -- a table's columns
    permanent: bool,  # noqa: FBT001 -- as above
    said: str,
) -> None:
    outcome = RECEIVER.verdict(HttpReply(status, (), body))
    assert (outcome.accepted, outcome.permanent) == (accepted, permanent)
    assert said in outcome.detail


def test_retry_after_is_honoured() -> None:
    assert RECEIVER.verdict(HttpReply(429, (("Retry-After", "30"),), b"")).retry_after_s == 30.0


def test_an_answer_of_another_protocol_is_our_own_fault() -> None:
    with pytest.raises(TypeError):
        RECEIVER.verdict(MailReply(250, "ok"))


def test_the_same_notice_makes_the_same_message() -> None:
    assert message(NOTICE) == message(NOTICE)
