"""Mail from the outbox to a real SMTP server, in the clear and by STARTTLS, in virtual time."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.servers import certificate, free_port
from tests.tell.house import Demo, receiver_state

from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

pytestmark = pytest.mark.server

RECEIVER = """email_configs:
  - to: 'team@corp.test'
    send_resolved: true
"""


class Inbox:
    """What the server took, with its session's TLS; answers in order, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers) or ["250 taken"]
        self.mails: list[EmailMessage] = []
        self.tls: list[bool] = []
        self.tried = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        self.tried += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("2"):
            self.mails.append(message_from_bytes(envelope.content, policy=default))
            self.tls.append(session.ssl is not None)
        return answer


@contextmanager
def smtp(inbox: Inbox, **named: Any) -> Iterator[int]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **named)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def settings(port: int, more: str = "") -> str:
    return f'[email]\nsmarthost = "127.0.0.1:{port}"\nfrom = "guide@corp.test"\n{more}'


def fire(house: Demo, for_s: float = 90.0) -> list[tuple[str, str]]:
    """Let the alert fire; (state, reply) of every notice, and at last the receiver's verdict."""
    found: list[tuple[str, str]] = []

    async def live() -> None:
        async with house.app() as app:
            house.works(0)
            await asyncio.sleep(for_s)
            found.extend((notice.state, notice.reply) for notice in await app.notices())
            found.append(receiver_state(app))

    run(live())
    return found


def test_a_page_and_its_end_arrive_in_one_thread(tmp_path: Path) -> None:
    inbox = Inbox()
    with smtp(inbox) as port:
        house = Demo(tmp_path, RECEIVER, settings(port))

        async def live() -> None:
            async with house.app() as app:
                await asyncio.sleep(30)
                house.works(0)
                await asyncio.sleep(120)
                house.works(1)
                await asyncio.sleep(180)
                assert receiver_state(app)[0] == "holds"
                assert [n.reply for n in await app.notices()] == ["250 taken"] * 2

        run(live())
    page, end = inbox.mails
    assert page["Subject"] == "[FIRING:1] DemoDegraded (demo:8000 demo critical)"
    assert end["Subject"].startswith("[RESOLVED] DemoDegraded")
    assert (page["To"], page["From"]) == ("team@corp.test", "guide@corp.test")
    assert page["References"] == end["References"]
    assert page["Message-ID"] != end["Message-ID"]
    assert "summary: demo is <!channel> & degraded" in page.get_content()
    assert "http://guide:8400/g/guide/#alert-demodegraded" in page.get_content()
    assert inbox.tls == [False, False]


def test_a_server_that_puts_off_gets_the_same_mail_again(tmp_path: Path) -> None:
    inbox = Inbox("451 later", "421 closing", "250 taken")
    with smtp(inbox) as port:
        assert fire(Demo(tmp_path, RECEIVER, settings(port)))[0] == ("accepted", "250 taken")
    assert (inbox.tried, len(inbox.mails)) == (3, 1)


def test_a_refused_mail_is_not_repeated_and_breaks_the_receivers_line(tmp_path: Path) -> None:
    inbox = Inbox("550 no such person")
    with smtp(inbox) as port:
        said = fire(Demo(tmp_path, RECEIVER, settings(port)), 65.0)
    assert said == [("refused", "550 no such person"), ("broken", "email refused: 550 no such person")]
    assert inbox.tried == 1


@pytest.fixture
def secured(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for loopback, and the server's side of it."""
    path = certificate(tmp_path, dt.datetime.now(dt.UTC) + dt.timedelta(days=30))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def guarded(password: bytes, context: ssl.SSLContext) -> dict[str, Any]:
    """A server that takes mail only over TLS and from whom knows the password."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == password, handled=False)

    return {"tls_context": context, "require_starttls": True, "authenticator": check, "auth_required": True}


STARTTLS = 'starttls = true\nusername = "guide"\npassword = "${SMTP_PASSWORD}"\n'


def test_by_starttls_the_password_is_filled_in_at_the_last_moment(
    tmp_path: Path, secured: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, context = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    inbox = Inbox()
    with smtp(inbox, **guarded(b"canary", context)) as port:
        said = fire(Demo(tmp_path, RECEIVER, settings(port, STARTTLS), SMTP_PASSWORD="canary"))
    assert said[0] == ("accepted", "250 taken")
    assert inbox.tls == [True]


def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(
    tmp_path: Path, secured: tuple[Path, ssl.SSLContext]
) -> None:
    inbox = Inbox()
    with smtp(inbox, **guarded(b"canary", secured[1])) as port:
        said = fire(Demo(tmp_path, RECEIVER, settings(port, STARTTLS), SMTP_PASSWORD="canary"), 65.0)
    assert said[0][0] == "pending"
    assert said[0][1].startswith("tls: no trusted TLS with 127.0.0.1")
    assert said[1][0] == "waiting"
    assert inbox.tried == 0


def test_a_receiver_with_a_server_of_its_own_insists_on_tls_unless_told_otherwise(tmp_path: Path) -> None:
    inbox = Inbox()
    with smtp(inbox) as port:
        own = RECEIVER + f"    smarthost: '127.0.0.1:{port}'\n    from: 'me@corp.test'\n"
        said = fire(Demo(tmp_path, own), 65.0)
        assert said[0][0] == "pending"
        assert said[0][1].startswith("denied: ")
        assert inbox.mails == []
        (tmp_path / "plain").mkdir()
        assert fire(Demo(tmp_path / "plain", own + "    require_tls: false\n"))[0] == ("accepted", "250 taken")
    assert [mail["From"] for mail in inbox.mails] == ["me@corp.test"]
