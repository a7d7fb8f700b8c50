"""A real webhook receiver and a real SMTP server on loopback, and a plain page that shows what arrived.

Started as a process of its own: `python -m opsguide.examples.inbox HTTP_PORT SMTP_PORT FOLDER`. Every message is a line
of `FOLDER/inbox.jsonl` before it is accepted. `POST` of anything to any path is taken; `GET /` is the page,
`GET /received.json` the same for programs.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import html
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

MOST = 10_000_000
"""Bytes of one message that are taken."""
SHOWN = 200
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Inbox of the demo</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}
pre{overflow:auto;background:#8881;padding:.75rem}h2{font-size:1rem;margin:2rem 0 .25rem}</style>
<h1>Inbox of the demo</h1><p>What a team would have received: webhook calls and mails that opsguide really sent to the
two servers of this page, on loopback. Newest first; the page looks again every 5 s.</p>
"""


@dataclass(frozen=True)
class Received:
    """One message. how: webhook or mail. status: firing or resolved, where a webhook says it. text: its body."""

    at: float
    how: str
    to: str
    title: str
    status: str
    text: str


@dataclass
class Inbox:
    """Everything that arrived, in order; on disk before it is acknowledged."""

    file: Path
    received: list[Received] = field(default_factory=list)

    def keep(self, one: Received) -> None:
        """Write it down."""
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(one)) + "\n")
        self.received.append(one)

    def page(self) -> str:
        """The newest messages as HTML."""
        parts = [PAGE, f"<p>{len(self.received)} received.</p>"]
        for one in self.received[: -SHOWN - 1 : -1]:
            when = time.strftime("%H:%M:%S", time.gmtime(one.at))
            head = f"{when} UTC · {one.how} to {one.to} · {one.title}"
            parts.append(f"<h2>{html.escape(head)}</h2><pre>{html.escape(one.text)}</pre>")
        return "\n".join(parts) + "</html>"


async def http(inbox: Inbox, reader: StreamReader, writer: StreamWriter) -> None:
    """One HTTP exchange, then the connection is closed."""
    with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        size = int(fields.get("content-length") or 0)
        if size > MOST:
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        body = await asyncio.wait_for(reader.readexactly(size), 30)
        status, kind, answer = _answered(inbox, method, path, body)
        length = f"Content-Length: {len(answer)}\r\nConnection: close"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode() + answer)
        await writer.drain()
    writer.close()


def _answered(inbox: Inbox, method: str, path: str, body: bytes) -> tuple[str, str, bytes]:
    if method == "POST":
        inbox.keep(called(path, body, time.time()))
        return "200 OK", "application/json", b"{}"
    if path == "/received.json":
        return "200 OK", "application/json", json.dumps([asdict(one) for one in inbox.received]).encode()
    if path == "/":
        return "200 OK", "text/html; charset=utf-8", inbox.page().encode()
    return "404 Not Found", "text/plain", b"nothing here\n"


def called(path: str, body: bytes, at: float) -> Received:
    """A webhook call: what it is about where it is Alertmanager's form, else its first words."""
    text = body.decode(errors="replace")
    title, status = text[:80], ""
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        told = json.loads(text)
        text = json.dumps(told, indent=2, ensure_ascii=False)
        status = str(told.get("status", ""))
        names = dict.fromkeys(str(one.get("labels", {}).get("alertname", "")) for one in told.get("alerts", []))
        title = f"[{status}] {', '.join(names)}" if names else title
    return Received(at, "webhook", path, title, status, text)


async def smtp(inbox: Inbox, reader: StreamReader, writer: StreamWriter) -> None:
    """One SMTP session (RFC 5321), without authentication or TLS."""

    async def say(line: str) -> None:
        writer.write(line.encode() + b"\r\n")
        await writer.drain()

    to: list[str] = []
    with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
        await say("220 demo ESMTP")
        while line := await asyncio.wait_for(reader.readline(), 60):
            verb, _, rest = line.decode(errors="replace").strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await say("250 demo")
                case "RCPT":
                    to.append(rest.partition(":")[2].strip("<> "))
                    await say("250 ok")
                case "DATA":
                    await say("354 go on")
                    inbox.keep(mailed(tuple(to), await _data(reader), time.time()))
                    to.clear()
                    await say("250 kept")
                case "MAIL" | "RSET" | "NOOP":
                    await say("250 ok")
                case "QUIT":
                    await say("221 bye")
                    break
                case _:
                    await say("502 not implemented")
    writer.close()


async def _data(reader: StreamReader) -> bytes:
    """The mail up to the lone dot, with doubled dots undone."""
    found = bytearray()
    while (line := await asyncio.wait_for(reader.readline(), 60)).rstrip(b"\r\n") != b".":
        if not line or len(found) > MOST:
            raise ValueError("the mail never ends")
        found += line[1:] if line.startswith(b"..") else line
    return bytes(found)


def mailed(to: tuple[str, ...], raw: bytes, at: float) -> Received:
    """A mail: its subject and its plain text."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    subject = str(message["subject"] or "")
    lowered = subject.lower()
    status = next((word for word in ("resolved", "firing") if word in lowered), "")
    content = body.get_content().replace("\r\n", "\n") if body else ""
    text = f"Subject: {subject}\nFrom: {message['from']}\nTo: {message['to']}\n\n{content}"
    return Received(at, "mail", ", ".join(to), subject, status, text)


async def serve(http_port: int, smtp_port: int, folder: Path) -> None:
    """Both servers, until cancelled."""
    inbox = Inbox(folder / "inbox.jsonl")
    web = await asyncio.start_server(lambda r, w: http(inbox, r, w), "127.0.0.1", http_port, limit=1 << 20)
    post = await asyncio.start_server(lambda r, w: smtp(inbox, r, w), "127.0.0.1", smtp_port, limit=1 << 20)
    async with web, post:
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
