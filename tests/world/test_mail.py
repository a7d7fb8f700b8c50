from __future__ import annotations

import asyncio
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from tests.servers import free_port, raw_server

from opsguide.core.ports import Mail, MailReply, WorldFault
from opsguide.world.net import RealNet

if TYPE_CHECKING:
    from collections.abc import Iterator


class Inbox:
    """What an SMTP server took, and what it answers."""

    def __init__(self) -> None:
        self.answer = "250 taken"
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        if address.startswith("unknown"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return self.answer


@contextmanager
def _smtp(inbox: Inbox, **named: Any) -> Iterator[int]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **named)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _mail(port: int, *to: str, **named: Any) -> Mail:
    recipients = to or ("a@example.org",)
    return Mail("127.0.0.1", port, "me@example.org", recipients, b"Subject: x\r\n\r\nhi\r\n", **named)


def _send(mail: Mail, net: RealNet | None = None) -> MailReply:
    return asyncio.run((net or RealNet()).smtp(mail))


def test_a_message_arrives_and_the_answer_comes_back() -> None:
    inbox = Inbox()
    with _smtp(inbox) as port:
        assert _send(_mail(port)) == MailReply(250, "taken")
    assert inbox.mails == [(["a@example.org"], b"Subject: x\r\n\r\nhi\r\n")]


@pytest.mark.parametrize(
    ("to", "code", "arrived"),
    [(("unknown@x",), 550, 0), (("unknown@x", "b@x"), 250, 1)],
)
def test_a_refused_recipient_is_named(to: tuple[str, ...], code: int, arrived: int) -> None:
    inbox = Inbox()
    with _smtp(inbox) as port:
        reply = _send(_mail(port, *to))
    assert (reply.code, len(inbox.mails)) == (code, arrived)
    assert "unknown@x refused: 550" in reply.text


def test_a_server_that_will_not_now_is_a_reply_with_its_code() -> None:
    inbox = Inbox()
    inbox.answer = "451 later"
    with _smtp(inbox) as port:
        assert _send(_mail(port)) == MailReply(451, "later")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # on loopback there is no TLS
def test_a_password_is_used_and_a_wrong_one_refused_without_showing_it() -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"right", handled=False)

    with _smtp(Inbox(), authenticator=check, auth_require_tls=False, auth_required=True) as port:
        assert _send(_mail(port, username="u", password="right")).code == 250
        refused = _send(_mail(port, username="u", password="canary"))
        assert refused.code == 535
        assert "canary" not in refused.text


def test_starttls_that_is_asked_for_and_not_offered_is_a_fault() -> None:
    with _smtp(Inbox()) as port, pytest.raises(WorldFault) as fault:
        _send(_mail(port, starttls=True))
    assert fault.value.says == "denied"


def test_nobody_listening_is_refused() -> None:
    with pytest.raises(WorldFault) as fault:
        _send(_mail(free_port()))
    assert fault.value.says == "refused"


def test_a_server_that_hangs_is_cut_at_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(WorldFault) as fault:
            _send(_mail(silent.getsockname()[1], timeout_s=0.3))
        assert fault.value.says == "timeout"
        assert time.monotonic() - began < 5


def test_a_server_that_drips_is_cut_at_the_limit() -> None:
    def drip(connection: socket.socket) -> None:
        for _ in range(300):
            connection.sendall(b"220-still\r\n")
            time.sleep(0.02)

    with raw_server(drip) as port:
        began = time.monotonic()
        with pytest.raises(WorldFault):
            _send(_mail(port, timeout_s=0.3))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("text", [b"HTTP/1.1 200 OK\r\n\r\n", b"\xff\x00\r\n", b""])
def test_a_server_that_talks_nonsense_takes_nothing(text: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(text)) as port:
        assert _outcome(_mail(port, timeout_s=2.0)) in {"reset", "nonsense", "refusal"}


def _outcome(mail: Mail) -> str:
    try:
        return "accepted" if _send(mail).code // 100 == 2 else "refusal"
    except WorldFault as fault:
        return fault.says
