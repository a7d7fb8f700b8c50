from __future__ import annotations

import asyncio
import datetime as dt
import json
import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from tests.servers import certificate
from tests.web.fakes import Stage, stage

from opsguide.core.mend import Unusable
from opsguide.core.settings import AuthSettings
from opsguide.web import guard, server
from opsguide.web.server import Tls, listening, parse_listen, refuse_open, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"host: 127.0.0.1:8080\r\n"


@asynccontextmanager
async def _up() -> AsyncIterator[tuple[Stage, int]]:
    on = await stage()
    async with listening(on.call.app, "127.0.0.1", 0) as port:
        yield on, port


def up() -> AbstractAsyncContextManager[tuple[Stage, int]]:
    return _up()


@asynccontextmanager
async def talking(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Talk]:
    """A connection that is closed at the end, whatever the server does meanwhile."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=tls, server_hostname="127.0.0.1" if tls else None
    )
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def spoken(port: int, *parts: bytes) -> bytes:
    """Everything the server says to these bytes until it hangs up."""
    async with talking(port) as (reader, writer):
        writer.writelines(parts)
        return await reader.read()


def ask(head: bytes = HEAD, line: bytes = b"GET /-/ready HTTP/1.1\r\n") -> bytes:
    return line + head + b"connection: close\r\n\r\n"


def problem_of(said: bytes) -> tuple[int, str]:
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    return int(head.split(b" ", 2)[1]), json.loads(body)["detail"]


def test_it_serves_on_a_free_port_and_stops() -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            said = await spoken(port, ask())
        with pytest.raises(ConnectionError):
            await spoken(port, ask())
        return said

    said = asyncio.run(scene())
    assert said.startswith(b"HTTP/1.1 200")
    assert said.endswith(b"ready\n")
    assert b"\r\nserver:" not in said


@pytest.mark.parametrize("header", [b"x: " + b"a" * 20_000 + b"\r\n", b"x: a\r\n" * 5_000])
def test_a_head_that_is_too_large_is_refused(header: bytes) -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            return await spoken(port, ask(HEAD + header))

    assert problem_of(asyncio.run(scene())) == (431, "the head of a request may have 16384 bytes")


def test_a_head_that_never_ends_is_refused_before_it_fills_memory() -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            async with talking(port) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\nx: ")
                while not reader.at_eof() and not writer.is_closing():
                    writer.write(b"a" * 1000)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.005):
                            return await reader.read()
            return b""

    assert problem_of(asyncio.run(scene()))[0] == 431


def test_a_long_address_is_refused_too() -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            return await spoken(port, ask(line=b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n"))

    assert problem_of(asyncio.run(scene()))[0] == 431


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"])
def test_a_client_that_sends_its_head_slowly_is_let_go(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_S", 0.05)

    async def scene() -> bytes:
        async with up() as (_, port):
            return await spoken(port, start) if start else await spoken(port)

    assert problem_of(asyncio.run(scene()))[0] == 408


def test_a_client_that_sends_its_body_slowly_is_let_go_and_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.05)

    async def scene() -> None:
        async with up() as (on, port):
            token = await on.auth.make_token("Ada", "ci")
            line = b"POST /api/claims/task-shop-read-the-log/tick HTTP/1.1\r\n"
            head = HEAD + f"authorization: Bearer {token}\r\ncontent-length: 20\r\n".encode()
            head += b"content-type: application/json\r\nconnection: close\r\n\r\n"
            said = await spoken(port, line + head + b'{"note"')
            assert problem_of(said)[0] == 408
            assert on.running.acts == []

    asyncio.run(scene())


def test_a_body_in_chunks_is_counted() -> None:
    async def scene() -> None:
        async with up() as (on, port):
            token = await on.auth.make_token("Ada", "ci")
            line = b"POST /api/claims/task-shop-read-the-log/tick HTTP/1.1\r\n"
            head = HEAD + f"authorization: Bearer {token}\r\ntransfer-encoding: chunked\r\n".encode()
            head += b"content-type: application/json\r\nconnection: close\r\n\r\n"
            chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
            said = await spoken(port, line + head + chunk * 5 + b"0\r\n\r\n")
            assert problem_of(said)[0] == 413
            assert on.running.acts == []

    asyncio.run(scene())


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x02\x00\x01\x00", b"HELLO\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_is_told_so(nonsense: bytes) -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            return await spoken(port, nonsense)

    assert problem_of(asyncio.run(scene()))[0] == 400


def test_many_requests_share_a_connection_and_large_bodies_do_not_count_as_heads() -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            form = b"query=up&pad=" + b"a" * 60_000
            line = b"POST /api/v1/query HTTP/1.1\r\n"
            head = HEAD + b"content-type: application/x-www-form-urlencoded\r\n"
            head += f"content-length: {len(form)}\r\n\r\n".encode()
            return await spoken(port, (line + head + form) * 3 + ask())

    assert asyncio.run(scene()).count(b"HTTP/1.1 200") == 4


def test_more_connections_than_the_limit_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 2)

    async def scene() -> None:
        async with up() as (_, port), talking(port) as one, talking(port) as two, talking(port) as three:
            for reader, writer in (one, two):
                writer.write(b"GET /-/ready HTTP/1.1\r\n" + HEAD + b"\r\n")
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            with suppress(ConnectionError):
                assert await three[0].read() == b""

    asyncio.run(scene())


def test_stopping_ends_the_live_streams_at_once() -> None:
    async def scene() -> bytes:
        async with up() as (_, port):
            open_stream = talking(port)
            reader, writer = await open_stream.__aenter__()
            writer.write(b"GET /api/live HTTP/1.1\r\n" + HEAD + b"\r\n")
            await reader.readuntil(b"retry: 2000")
        rest = await reader.read()
        await open_stream.__aexit__(None, None, None)
        return rest

    assert asyncio.run(scene()).endswith(b"0\r\n\r\n")


def test_serving_ends_when_it_is_cancelled() -> None:
    async def scene() -> int:
        on = await stage()
        ports: asyncio.Queue[int] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(serve(on.call.app, "127.0.0.1", 0, ready=ports.put_nowait))
            port = await ports.get()
            task.cancel()
        return port

    assert asyncio.run(scene()) > 0


def test_a_fault_in_the_block_comes_out_as_it_is() -> None:
    async def scene() -> None:
        async with up():
            raise KeyError("ours")

    with pytest.raises(KeyError):
        asyncio.run(scene())


def test_a_port_that_is_taken_is_told_with_its_mend() -> None:
    async def scene() -> str:
        async with up() as (on, port):
            with pytest.raises(Unusable) as refused:
                await serve(on.call.app, "127.0.0.1", port)
            return refused.value.mends[0].wrong

    assert "in use" in asyncio.run(scene())


@pytest.mark.parametrize(
    ("listen", "wanted"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:8080", ("::1", 8080)),
        (":8080", ("0.0.0.0", 8080)),
        ("a:1", ("a", 1)),
    ],
)
def test_an_address_is_a_host_and_a_port(listen: str, wanted: tuple[str, int]) -> None:
    assert parse_listen(listen) == wanted


@pytest.mark.parametrize("listen", ["8080", "", "a:b", "::1:8080", "a:65536", "a:-1"])
def test_what_is_no_address_is_told_so(listen: str) -> None:
    with pytest.raises(Unusable):
        parse_listen(listen)


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "192.168.1.5:80", "ops.example:80", "[::]:80", ":80"])
@pytest.mark.parametrize(
    "settings", [AuthSettings(), AuthSettings(reading=True), AuthSettings(tls_certificate="c", tls_key="k")]
)
def test_listening_beyond_loopback_needs_sign_in_and_tls_and_says_what_to_add(
    listen: str, settings: AuthSettings
) -> None:
    with pytest.raises(Unusable) as refused:
        refuse_open(listen, settings)
    for words in ("[auth]", "reading = true", "tls_certificate", "tls_key"):
        assert words in refused.value.mends[0].mend
    refuse_open(listen, AuthSettings(reading=True, tls_certificate="c", tls_key="k"))


@pytest.mark.parametrize("listen", ["127.0.0.1:80", "localhost:80", "[::1]:80", "127.0.0.9:80"])
def test_loopback_needs_nothing(listen: str) -> None:
    refuse_open(listen, AuthSettings())


def test_the_server_itself_refuses_the_open_without_tls() -> None:
    async def scene() -> None:
        on = await stage()
        with pytest.raises(Unusable):
            await serve(on.call.app, "0.0.0.0", 0)

    asyncio.run(scene())


def test_it_speaks_tls(tmp_path: Path) -> None:
    pem = certificate(tmp_path, dt.datetime.now(dt.UTC) + dt.timedelta(days=30))

    async def scene() -> bytes:
        on = await stage()
        async with listening(on.call.app, "127.0.0.1", 0, Tls(str(pem), str(pem))) as port:
            trusting = ssl.create_default_context(cafile=str(pem))
            async with talking(port, trusting) as (reader, writer):
                writer.write(ask())
                return await reader.read()

    assert asyncio.run(scene()).startswith(b"HTTP/1.1 200")
