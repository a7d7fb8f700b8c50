"""The HTTP server: uvicorn on httptools, with limits on heads, slow senders and connections that it lacks by itself."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from opsguide.core.block import Place
from opsguide.core.mend import Mend, Unusable
from opsguide.web.problem import problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.types import ASGIApp

    from opsguide.core.settings import AuthSettings

HEAD_BYTES = 16 * 1024
HEAD_S = 10.0
CONNECTIONS = 512
_STOP_S = 2
_LONGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the certificate with its chain, and its key."""

    certificate: str
    key: str


def parse_listen(listen: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:8080", "[::1]:8080" or ":8080" (every address); raises Unusable."""
    host, colon, port = listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdigit() or int(port) > _LONGEST_PORT or (":" in bare and not host.startswith("[")):
        raise Unusable((_mend(f"{listen!r} is no address to listen on", "write --listen 127.0.0.1:8080"),))
    return bare or "0.0.0.0", int(port)  # noqa: S104 -- refused below without [auth] and TLS


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_open(listen: str, settings: AuthSettings) -> None:
    """Raises Unusable, with the lines to add, where others could reach us without sign-in or in the clear."""
    host, _ = parse_listen(listen)
    safe = settings.reading and settings.tls_certificate and settings.tls_key
    if is_loopback(host) or safe:
        return
    lines = '[auth]\nreading = true\ntls_certificate = "cert.pem"\ntls_key = "key.pem"'
    wrong = f"{listen} can be reached from other machines, which needs sign-in and TLS"
    raise Unusable((_mend(wrong, f"listen on 127.0.0.1, or add to opsguide.toml:\n{lines}"),))


def _mend(wrong: str, mend: str) -> Mend:
    return Mend(Place("--listen", 0, 0), wrong, mend, "settings/listen")


async def serve(
    app: ASGIApp, host: str, port: int, tls: Tls | None = None, ready: Callable[[int], None] | None = None
) -> None:
    """Serve until cancelled, then finish what is under way within 2 s. ready: told the port once it accepts.

    Raises Unusable where the address is taken, or would be open without TLS.
    """
    async with listening(app, host, port, tls) as bound:
        if ready is not None:
            ready(bound)
        await asyncio.get_running_loop().create_future()


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, host: str, port: int, tls: Tls | None = None) -> AsyncIterator[int]:
    """Serve while the block runs; gives the port (asked for as 0: a free one)."""
    if tls is None and not is_loopback(host):
        raise Unusable((_mend(f"{host} can be reached from other machines and TLS is not set", "listen on 127.0.0.1"),))
    listener = _bind(host, port)
    server = _Server(_config(app, tls))
    failed: Exception | None = None
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve([listener]))
        try:
            await server.up.wait()
            yield listener.getsockname()[1]
        except Exception as error:  # noqa: BLE001 -- raised again below, where no group wraps it
            failed = error
        finally:
            live = getattr(getattr(app, "state", None), "live", None)
            if live is not None:
                live.close()  # its streams never end by themselves
            server.should_exit = True
            await serving
    if failed is not None:
        raise failed


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unusable(
            (_mend(f"cannot listen on {host}:{port}: {error.strerror}", "choose another --listen"),)
        ) from None
    listener.setblocking(False)  # noqa: FBT003 -- the socket module's own signature
    return listener


def _config(app: ASGIApp, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        loop="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_STOP_S,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )


class _Server(uvicorn.Server):
    """A server inside a program that has signals of its own."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Bounded(HttpToolsProtocol):
    """Heads of at most 16 kB that arrive within 10 s, and at most 512 connections; uvicorn's has no limits."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._in_head = True
        self._head_bytes = 0
        self._fed_bytes = 0
        self._refused = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's own signature
        """Refuse what is too many; else give the first head its time."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not complete."""
        if self._refused:
            return
        if self._in_head and self._head_timer is None:
            self._wait_for_head()
        self._fed_bytes = len(data)
        super().data_received(data)
        # The parser holds an unfinished header back, so what it was fed is counted.
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > HEAD_BYTES:
            self._refuse(431, f"the head of a request may have {HEAD_BYTES} bytes")

    def on_headers_complete(self) -> None:
        """Refuse a head that is too large though it came in one piece."""
        self._in_head = False
        self._stop_waiting()
        if sum(len(name) + len(value) + 4 for name, value in self.headers) + len(self.url) > HEAD_BYTES:
            self._refuse(431, f"the head of a request may have {HEAD_BYTES} bytes")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Drop the body of what was refused."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The next byte begins a head again."""
        self._in_head = True
        self._head_bytes = -self._fed_bytes  # the rest of this chunk was the message that ends here
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told so as every other fault."""
        self._refuse(400, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing here upgrades; the request is answered as a plain one, and the log stays quiet about it."""

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._late)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _late(self) -> None:
        self._refuse(408, f"the head of the request did not arrive within {HEAD_S:.0f} s")

    def _refuse(self, status: int, detail: str) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        answer = problem(status, detail, headers={"connection": "close"})
        head = [f"HTTP/1.1 {status} Refused".encode(), *(b": ".join(pair) for pair in answer.raw_headers), b"", b""]
        self.transport.write(b"\r\n".join(head) + bytes(answer.body))
        self.transport.close()
