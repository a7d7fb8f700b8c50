"""One message to one SMTP server, by smtplib in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING

from opsguide.core.ports import MailReply, WorldFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsguide.core.ports import Mail

SMTPS_PORT = 465


async def send_mail(mail: Mail, mask: Callable[[str], str] = str) -> MailReply:
    """The server's last answer; a refusal is a reply with its code.

    Raises OSError, TimeoutError or WorldFault where there was no answer.
    """
    talk = _Talk(mail)
    try:
        async with asyncio.timeout(mail.timeout_s):
            reply = await asyncio.get_running_loop().run_in_executor(None, talk.run)
    finally:
        # Past the limit the thread still reads: a closed socket ends it.
        talk.cut()
    text = reply.text.replace(mail.password, "***") if mail.password else reply.text
    return MailReply(reply.code, mask(text))


class _Talk:
    """One conversation with a server, in a thread of its own."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.socket: socket.socket | None = None

    def run(self) -> MailReply:
        try:
            return self._run()
        except smtplib.SMTPResponseException as refusal:
            return MailReply(refusal.smtp_code, _text(refusal.smtp_error))
        except smtplib.SMTPServerDisconnected as error:
            raise WorldFault("reset", f"{self.mail.host}:{self.mail.port} cut the connection: {error}") from None
        except smtplib.SMTPNotSupportedError as error:
            raise WorldFault("denied", f"{self.mail.host}:{self.mail.port}: {error}") from None
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", "") or error.reason
            raise WorldFault("tls", f"no trusted TLS with {self.mail.host}:{self.mail.port}: {why}") from None

    def _run(self) -> MailReply:
        mail = self.mail
        with _Server(self) as server:
            server.connect(mail.host, mail.port)
            server.ehlo_or_helo_if_needed()
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
                self.socket = server.sock
                server.ehlo()
            if mail.username:
                server.login(mail.username, mail.password)
            return self._hand_over(server)

    def _hand_over(self, server: smtplib.SMTP) -> MailReply:
        code, text = server.mail(self.mail.sender)
        if code // 100 != 2:  # noqa: PLR2004 -- RFC 5321: 2xx is done
            return MailReply(code, _text(text))
        refused: list[str] = []
        for recipient in self.mail.recipients:
            code, text = server.rcpt(recipient)
            if code // 100 != 2:  # noqa: PLR2004 -- as above
                refused.append(f"{recipient} refused: {code} {_text(text)}")
        if len(refused) == len(self.mail.recipients):
            return MailReply(code, "; ".join(refused))
        code, text = server.data(self.mail.message)
        return MailReply(code, "; ".join([_text(text), *refused]))

    def cut(self) -> None:
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


class _Server(smtplib.SMTP):
    """Tells its conversation of the socket as soon as there is one: already the greeting may hang."""

    def __init__(self, talk: _Talk) -> None:
        super().__init__(timeout=talk.mail.timeout_s)
        self._talk = talk
        self._host = talk.mail.host  # starttls verifies this name; connect() alone does not set it

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((host, port), timeout)
        self._talk.socket = plain
        if port == SMTPS_PORT:
            self._talk.socket = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        return self._talk.socket


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:500]
