"""What every request passes first: whose host, whose origin, how large, and which headers go out.

A plain ASGI middleware: Starlette's function middleware buffers, and server-sent events must not be buffered.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from opsguide.web.problem import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 64 * 1024
BODY_S = 10.0
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_SAFE = frozenset({"GET", "HEAD"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    ("content-security-policy", _CSP),
    ("x-content-type-options", "nosniff"),
    # Not no-referrer: under it browsers send `Origin: null` with our own forms, which the origin check must refuse.
    # same-origin tells other sites as little.
    ("referrer-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
)
_log = logging.getLogger("opsguide.web")


def allowed_hosts(host: str, port: int, scheme: str, more: Sequence[str] = ()) -> frozenset[str]:
    """The values of `Host` that mean this server. A name of `more` without a port means both the port and none.

    A foreign one is another site's name that resolves to us (DNS rebinding), so every path refuses it.
    """
    names = {*LOOPBACK, f"[{host}]" if ":" in host else host.lower()} - {"0.0.0.0", "[::]"}  # noqa: S104 -- not bound
    found = {f"{name}:{port}" for name in names}
    if port == _DEFAULT_PORTS[scheme]:
        found |= names
    for name in (name.lower() for name in more):
        found |= {name} if name.rpartition(":")[2].isdigit() else {name, f"{name}:{port}"}
    return frozenset(found)


class Guard:
    """Refuses foreign hosts and origins, limits bodies, sets the headers, and makes our own faults 500s with an id."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], reading_posts: tuple[str, ...] = ()) -> None:
        """reading_posts: path prefixes whose POST only reads, so that a missing Origin is no danger there."""
        self._app = app
        self._hosts = hosts
        self._reading_posts = reading_posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within the rules."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await problem(*refusal, scope)(scope, exchange.receive, exchange.send)
            return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            log_id = secrets.token_hex(6)
            _log.exception("request %s %s failed, id %s", scope["method"], scope["path"], log_id)
            if exchange.started:
                raise
            sentence = f"opsguide failed at this request; its log has the reason under id {log_id}"
            await problem(500, sentence, scope, log_id=log_id)(scope, exchange.receive, exchange.send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 421, "this server does not answer under that host name; add it to [auth] hosts in opsguide.toml"
        if scope["method"] in _SAFE:
            return None
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES:
            return 413, f"a body may have {BODY_BYTES} bytes"
        return self._foreign(scope, headers, hosts[0].lower())

    def _foreign(self, scope: Scope, headers: Headers, host: str) -> tuple[int, str] | None:
        origins = headers.getlist("origin")
        if origins:
            own = f"{scope['scheme']}://{host}"
            return None if origins == [own] else (403, "a page of another origin may not ask for this")
        if headers.get("authorization", "").startswith("Bearer "):
            return None
        if scope["path"].startswith(self._reading_posts or "\0"):
            return None
        return 403, "the Origin header is missing; only calls with a bearer token may leave it out"


class _Exchange:
    """One request's two ends: the body limited in size and time, the answer with our headers."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._left_bytes = BODY_BYTES
        self._more = True
        self.started = False

    async def receive(self) -> Message:
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_S):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"the body did not arrive within {BODY_S:.0f} s") from None
        self._more = message.get("more_body", False)
        self._left_bytes -= len(message.get("body", b""))
        if self._left_bytes < 0:
            raise HTTPException(413, f"a body may have {BODY_BYTES} bytes")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            for name, value in HEADERS:
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await self._send(message)
