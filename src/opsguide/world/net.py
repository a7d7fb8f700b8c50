"""The network: HTTP with its phases, TCP connects, mail. Everything is bounded in time, size and hops."""

from __future__ import annotations

import asyncio
import re
import socket
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from opsguide import __version__
from opsguide.core.ports import HttpReply, WorldFault
from opsguide.core.units import said
from opsguide.world.mail import send_mail
from opsguide.world.sim.loop import real_io
from opsguide.world.tls import Exchange, client_context, exchange, peer_not_after, shown_not_after

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import SimpleNamespace

    from opsguide.core.ports import HttpRequest, Mail, MailReply

MAX_REDIRECTS = 5
CHUNK_BYTES = 1 << 16
SECOND_LOOK_S = 3.0
"""How long the certificate of a peer that failed verification is looked for."""


class RealNet:
    """The network of this machine. Every exchange takes a fresh connection, as a probe must: no pool, no DNS cache.

    mask, mask_bytes: applied to every sentence of a fault and to what a peer sends, so that a secret in a URL, header
    or body is not repeated: what comes in is clean, wherever it goes then. folder: where relative CA files lie.
    """

    def __init__(
        self,
        mask: Callable[[str], str] = str,
        folder: Path = Path(),
        mask_bytes: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._mask = mask
        self._mask_bytes = mask_bytes
        self._folder = folder
        self._session: aiohttp.ClientSession | None = None
        self._contexts: dict[tuple[bool, str], ssl.SSLContext] = {}

    async def http(self, request: HttpRequest) -> HttpReply:
        """The whole answer within the limits; redirects are followed at most 5 times."""
        with real_io():
            try:
                async with asyncio.timeout(request.timeout_s):
                    return await self._http(request)
            except WorldFault as fault:
                raise WorldFault(fault.says, self._mask(fault.detail), fault.tls_not_after) from None
            except Exception as error:  # noqa: BLE001 -- whatever a peer provokes in a client library is the world's fault
                raise await self._fault(error, request) from None

    async def tcp(self, host: str, port: int, timeout_s: float) -> float:
        """Seconds until the connection stood."""
        with real_io():
            began = time.monotonic()
            try:
                async with asyncio.timeout(timeout_s):
                    _, writer = await asyncio.open_connection(host, port)
            except (OSError, TimeoutError, ValueError, OverflowError) as error:
                raise _fault_of(error, f"{host}:{port}", timeout_s) from None
            took_s = time.monotonic() - began
            writer.transport.abort()
            return took_s

    async def smtp(self, mail: Mail) -> MailReply:
        """The server's answer to one message."""
        with real_io():
            try:
                return await send_mail(mail, self._mask)
            except (OSError, TimeoutError, ValueError) as error:
                raise _fault_of(error, f"{mail.host}:{mail.port}", mail.timeout_s) from None

    async def close(self) -> None:
        """Close the session; the next exchange opens another."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _http(self, request: HttpRequest) -> HttpReply:
        noted, phases = Exchange(), _Phases()
        exchange.set(noted)
        session = self._open()
        async with session.request(
            request.method,
            request.url,
            headers=_headers(request),
            data=request.body or None,
            allow_redirects=request.follow,
            max_redirects=MAX_REDIRECTS,
            ssl=self._context(verify=request.verify_tls, ca_file=request.ca_file),
            trace_request_ctx=phases,
        ) as answer:
            body = self._mask_bytes(await _bounded(answer, request))
            headers = tuple((name.lower(), self._mask(value)) for name, value in answer.headers.items())
            return HttpReply(answer.status, headers, body, phases.durations(noted), noted.not_after)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(force_close=True, use_dns_cache=False, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[_tracing()],
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
        return self._session

    def _context(self, *, verify: bool, ca_file: str) -> ssl.SSLContext:
        key = (verify, ca_file)
        if key not in self._contexts:
            try:
                self._contexts[key] = client_context(
                    verify=verify, ca_file=str(self._folder / ca_file) if ca_file else ""
                )
            except OSError as error:
                raise WorldFault("not_found", f"no usable CA file at {ca_file}: {error.strerror or error}") from None
        return self._contexts[key]

    async def _fault(self, error: Exception, request: HttpRequest) -> WorldFault:
        fault = _fault_of(error, _place(request.url), request.timeout_s)
        not_after = None
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
            try:
                async with asyncio.timeout(min(request.timeout_s, SECOND_LOOK_S)):
                    not_after = await shown_not_after(error.host, int(error.port or 0))
            except (TimeoutError, OSError, ValueError):
                not_after = None
        return WorldFault(fault.says, self._mask(fault.detail), not_after)


class _Connector(aiohttp.TCPConnector):
    """Notes the certificate of every connection it makes; afterwards aiohttp may already have let the connection go."""

    async def connect(self, *args: Any, **named: Any) -> Any:
        connection = await super().connect(*args, **named)
        noted = exchange.get()
        if noted is not None and connection.transport is not None:
            noted.not_after = peer_not_after(connection.transport.get_extra_info("ssl_object"))
        return connection


class _Phases:
    """When each phase began and ended, on the monotonic clock."""

    __slots__ = ("at", "began")

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.at: dict[str, float] = {}

    def note(self, name: str) -> None:
        self.at[name] = time.monotonic()

    def durations(self, noted: Exchange) -> dict[str, float]:
        """Seconds of dns, connect, tls, first_byte and total, of the last hop where there were redirects."""
        now, at = time.monotonic(), self.at
        found: dict[str, float] = {}
        if "dns" in at:
            found["dns"] = at["dns"] - at["dns_start"]
        if "connected" in at:
            connect_at = max(at.get("dns", 0.0), at["connect_start"])
            tls_at = noted.handshake_at if noted.handshake_at > connect_at else at["connected"]
            found["connect"] = tls_at - connect_at
            if tls_at < at["connected"]:
                found["tls"] = at["connected"] - tls_at
        if "head" in at:
            found["first_byte"] = at["head"] - at.get("connected", self.began)
        found["total"] = now - self.began
        return found


def _tracing() -> aiohttp.TraceConfig:
    config: aiohttp.TraceConfig = aiohttp.TraceConfig()

    def noting(name: str) -> Any:
        async def note(_session: Any, context: SimpleNamespace, _params: Any) -> None:
            context.trace_request_ctx.note(name)

        return note

    config.on_dns_resolvehost_start.append(noting("dns_start"))
    config.on_dns_resolvehost_end.append(noting("dns"))
    config.on_connection_create_start.append(noting("connect_start"))
    config.on_connection_create_end.append(noting("connected"))
    config.on_request_end.append(noting("head"))
    config.on_request_redirect.append(noting("head"))
    return config


def _headers(request: HttpRequest) -> list[tuple[str, str]]:
    named = {name.lower() for name, _ in request.headers}
    own = (("User-Agent", f"opsguide/{__version__}"), ("Accept-Encoding", "identity"))
    return [*request.headers, *((name, value) for name, value in own if name.lower() not in named)]


async def _bounded(answer: aiohttp.ClientResponse, request: HttpRequest) -> bytes:
    """The body, unpacked; as soon as it is known to be larger than the limit it is a fault, or cut: read no further."""
    limit_bytes = request.limit_bytes
    wrong = f"{_place(request.url)} sends more than {said(limit_bytes, 'bytes')}, and is read no further"
    too_large = WorldFault("too_large", wrong)
    if answer.method != "HEAD" and (answer.content_length or 0) > limit_bytes and not request.cut:
        raise too_large
    packed = answer.headers.get("Content-Encoding", "").lower()
    unpack = zlib.decompressobj(wbits=47) if packed in {"gzip", "x-gzip", "deflate"} else None
    body = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
        # The unpacked size is limited too: 100 kB can unpack to 100 MB.
        body += unpack.decompress(chunk, limit_bytes + 1 - len(body)) if unpack else chunk
        if len(body) > limit_bytes:
            if request.cut:
                return bytes(body[:limit_bytes])
            raise too_large
    return bytes(body)


def _place(url: str) -> str:
    """The URL without user, query and fragment, which may hold secrets."""
    head, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{head}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0].partition('#')[0]}"


_CLASSES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (TimeoutError, "timeout"),
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "dns"),
    ((aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError), "tls"),
    (aiohttp.ClientConnectorError, "refused"),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError), "reset"),
    ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError), "reset"),
    (aiohttp.TooManyRedirects, "nonsense"),
    (OSError, "refused"),
)
_SENTENCES = {
    "dns": "the name of {where} does not resolve",
    "tls": "no trusted TLS with {where}: {why}",
    "refused": "{where} refused the connection: {why}",
    "reset": "{where} cut the connection: {why}",
    "nonsense": "{where} talks nonsense: {why}",
}


def _fault_of(error: BaseException, where: str, timeout_s: float) -> WorldFault:
    says = next((name for kinds, name in _CLASSES if isinstance(error, kinds)), "nonsense")
    if says == "timeout":
        return WorldFault(says, f"no whole answer from {where} within {timeout_s:g} s")
    return WorldFault(says, _SENTENCES[says].format(where=where, why=_why(error)))


def _why(error: BaseException) -> str:
    """The cause in one line of at most 200 characters."""
    if isinstance(error, aiohttp.TooManyRedirects):
        return f"more than {MAX_REDIRECTS} redirects"
    if isinstance(error, aiohttp.InvalidURL):
        return "that is no URL"
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    text = getattr(cause, "verify_message", "") or getattr(cause, "strerror", "") or getattr(cause, "message", "")
    # What a client library quotes of the peer's bytes stands after a colon; an escaped quotation is no help, and masks
    # no secret that it may hold.
    plain = _QUOTED.sub("", str(text or cause or type(cause).__name__))
    return " ".join(plain.split())[:200]


_QUOTED = re.compile(r":?\s*\bb(['\"]).*", re.DOTALL)
