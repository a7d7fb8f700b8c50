"""The demo's webhook receiver and mail server take what opsguide's own senders send."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING

import pytest

from opsguide.examples.inbox import called, mailed
from opsguide.examples.system import Part, free_port, listens, module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[int, int]]:
    http, mail = free_port(), free_port()
    command = module("opsguide.examples.inbox", str(http), str(mail), str(tmp_path))
    part = Part("inbox", command, tmp_path / "log", partial(listens, mail))
    part.start()
    try:
        yield http, mail
    finally:
        part.stop()


@pytest.mark.server
def test_a_call_and_a_mail_are_kept_and_shown(inbox: tuple[int, int], tmp_path: Path) -> None:
    http, mail = inbox
    page = {"status": "firing", "alerts": [{"labels": {"alertname": "<b>Slow</b>"}}]}
    urllib.request.urlopen(f"http://127.0.0.1:{http}/hook", json.dumps(page).encode(), timeout=5).close()
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = "[RESOLVED] Slow", "ops@shop.test", "team@shop.test"
    letter.set_content("over\n.\nand out\n")
    with smtplib.SMTP("127.0.0.1", mail, timeout=5) as post:
        post.send_message(letter)
    with urllib.request.urlopen(f"http://127.0.0.1:{http}/received.json", timeout=5) as answer:
        first, second = json.load(answer)
    assert (first["how"], first["to"], first["status"]) == ("webhook", "/hook", "firing")
    assert (second["how"], second["to"], second["status"]) == ("mail", "team@shop.test", "resolved")
    assert "over\n.\nand out" in second["text"]
    with urllib.request.urlopen(f"http://127.0.0.1:{http}/", timeout=5) as answer:
        shown = answer.read().decode()
    assert "&lt;b&gt;Slow" in shown
    assert "<b>Slow" not in shown
    assert len((tmp_path / "inbox.jsonl").read_text().splitlines()) == 2


def test_a_call_that_is_no_page_is_kept_as_it_is() -> None:
    assert called("/x", b"[1, 2", 1.0).text == "[1, 2"
    assert called("/x", b"[1]", 1.0).title == "[1]"


def test_a_mail_without_a_text_is_kept() -> None:
    assert mailed(("a@b",), b"Subject: x\r\n\r\n", 1.0).title == "x"
