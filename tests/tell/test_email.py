"""The mail's text, its headers, its server, and what SMTP's answers mean."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.nouns import Notice, Notified
from opsguide.core.ports import HttpReply, Mail, MailReply, WorldFault
from opsguide.core.settings import EmailSettings
from opsguide.tell.email import RECEIVER

FIRING = Notified(
    (("alertname", "DiskFull"), ("host", "db1"), ("severity", "critical")),
    (("summary", "Diskette voll: ä\nsecond line"),),
    1_700_000_000.0,
    0.0,
    "fp",
    "http://prom/graph",
)
NOTICE = Notice(
    id="n1",
    receiver="team",
    integration="email",
    settings={"to": "Ops <ops@corp.test>, second@corp.test"},
    status="firing",
    key="{}:{}",
    group_labels=(("alertname", "DiskFull"), ("host", "db1")),
    common_labels=FIRING.labels,
    common_annotations=(),
    alerts=(FIRING, replace(FIRING, ends_at=1_700_000_060.0)),
    truncated=3,
    reason="new alerts added",
    external_url="http://guide:8400/",
    at=1_700_000_010.0,
    claims=("alert-diskfull",),
)
SERVER = EmailSettings("mail.corp.test:2525", "guide@corp.test", "user", "secret", starttls=True)


def mail(notice: Notice = NOTICE, email: EmailSettings = SERVER) -> Mail:
    made = RECEIVER.request(notice, email)
    assert isinstance(made, Mail)
    return made


def test_the_message_shows_every_alert_with_labels_annotations_and_its_statement() -> None:
    message = message_from_bytes(mail().message, policy=default)
    assert message["Subject"] == "[FIRING:1] DiskFull db1 (critical)"
    assert message["From"] == "guide@corp.test"
    assert message["Message-ID"] == "<n1@opsguide>"
    assert message["Date"] == "Tue, 14 Nov 2023 22:13:30 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_content()
    assert body.splitlines()[0] == "1 firing, 1 resolved (new alerts added)"
    for line in (
        "FIRING  DiskFull",
        "  since 2023-11-14 22:13:20 UTC",
        "  summary: Diskette voll: ä",
        "    second line",
        "  host: db1",
        "RESOLVED  DiskFull",
        "  since 2023-11-14 22:13:20 UTC, ended 2023-11-14 22:14:20 UTC",
        "and 3 more",
        "http://guide:8400/#alert-diskfull",
    ):
        assert line in body.splitlines()


def test_a_storm_is_cut_to_a_hundred_alerts_and_the_rest_is_counted() -> None:
    long = replace(FIRING, annotations=(("description", "x" * 20_000),))
    body = message_from_bytes(mail(replace(NOTICE, alerts=(long,) * 150)).message, policy=default).get_content()
    assert body.count("FIRING  DiskFull") == 100
    assert "and 53 more" in body.splitlines()
    assert "x" * 9_999 + "…" in body


def test_the_subject_of_the_guide_is_used_and_one_that_fails_is_not() -> None:
    for written, said in (("{{ .Status }}!", "firing!"), ("{{ .Nothing }}", "[FIRING:1] DiskFull db1 (critical)")):
        made = mail(replace(NOTICE, settings={**NOTICE.settings, "headers.Subject": written}))
        assert message_from_bytes(made.message, policy=default)["Subject"] == said


ODD = st.text(st.characters(), max_size=60)
PAIRS = st.dictionaries(ODD, ODD, max_size=6).map(lambda pairs: tuple(sorted(pairs.items())))


@given(PAIRS, PAIRS, ODD)
def test_no_label_or_annotation_costs_the_mail(
    labels: tuple[tuple[str, str], ...], notes: tuple[tuple[str, str], ...], source: str
) -> None:
    alert = replace(FIRING, labels=labels, annotations=notes, source=source)
    message = message_from_bytes(mail(replace(NOTICE, group_labels=labels, alerts=(alert,))).message, policy=default)
    assert message["To"] == NOTICE.settings["to"]
    assert message.get_content().startswith("1 firing")


def test_notices_of_one_group_stand_in_one_thread_and_a_retry_is_the_same_message() -> None:
    first, second = mail(), mail(replace(NOTICE, id="n2", status="resolved"))
    threads = [message_from_bytes(m.message, policy=default)["References"] for m in (first, second)]
    assert threads[0] == threads[1]
    headers = message_from_bytes(mail().message, policy=default)
    assert headers["Message-ID"] == message_from_bytes(first.message, policy=default)["Message-ID"]


def test_the_server_of_the_settings_is_used_where_the_receiver_names_none() -> None:
    made = mail()
    assert (made.host, made.port, made.sender) == ("mail.corp.test", 2525, "guide@corp.test")
    assert made.recipients == ("ops@corp.test", "second@corp.test")
    assert (made.username, made.password, made.starttls) == ("user", "secret", True)


def test_a_server_of_its_own_gets_no_password_of_the_settings_and_must_offer_tls() -> None:
    made = mail(replace(NOTICE, settings={**NOTICE.settings, "smarthost": "other.test:587", "from": "Me <me@o.test>"}))
    assert (made.host, made.port, made.sender) == ("other.test", 587, "me@o.test")
    assert (made.username, made.password, made.starttls) == ("", "", True)
    plain = {"smarthost": "other.test:25", "require_tls": "false", "auth_username": "u", "auth_password": "p"}
    made = mail(replace(NOTICE, settings={**NOTICE.settings, **plain}))
    assert (made.username, made.password, made.starttls) == ("u", "p", False)


@pytest.mark.parametrize(
    ("settings", "email", "said"),
    [
        ({"to": "a@b.test"}, EmailSettings(), "no SMTP server"),
        ({"to": "a@b.test", "smarthost": "host:nothing"}, SERVER, "no SMTP server"),
        ({"to": "nobody"}, SERVER, "no recipient"),
        ({"to": "a@b.test"}, EmailSettings("h:25"), "no sender"),
    ],
)
def test_what_lacks_is_a_fault_in_words(settings: dict[str, str], email: EmailSettings, said: str) -> None:
    with pytest.raises(WorldFault, match=said):
        mail(replace(NOTICE, settings=settings), email)


def test_a_label_cannot_write_headers() -> None:
    evil = replace(NOTICE, group_labels=(("alertname", "x\r\nBcc: all@corp.test"),))
    message = message_from_bytes(mail(evil).message, policy=default)
    assert message["Bcc"] is None
    assert "Bcc: all@corp.test" in message["Subject"]


@pytest.mark.parametrize(
    ("code", "accepted", "permanent"),
    [(250, True, False), (421, False, False), (451, False, False), (535, False, True), (550, False, True)],
)
def test_an_answer_is_taken_refused_or_tried_again(code: int, accepted: bool, permanent: bool) -> None:  # noqa: FBT001 -- a table's columns
    outcome = RECEIVER.verdict(MailReply(code, "said"))
    assert (outcome.accepted, outcome.permanent, outcome.detail) == (accepted, permanent, f"{code} said")


def test_an_answer_of_another_protocol_is_our_own_fault() -> None:
    with pytest.raises(TypeError):
        RECEIVER.verdict(HttpReply(200, (), b""))
