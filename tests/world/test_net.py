from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest
from tests.servers import certificate, free_port, http_server, raw_server

from opsguide.core.ports import HttpReply, HttpRequest, WorldFault
from opsguide.world.net import RealNet
from opsguide.world.sim.loop import run as run_virtual

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


async def _once(request: HttpRequest, net: RealNet | None = None) -> HttpReply:
    net = net or RealNet()
    try:
        return await net.http(request)
    finally:
        await net.close()


def _get(url: str, **named: object) -> HttpRequest:
    return HttpRequest("GET", url, **named)  # type: ignore[arg-type]


def _says(request: HttpRequest, net: RealNet | None = None) -> WorldFault:
    with pytest.raises(WorldFault) as fault:
        asyncio.run(_once(request, net))
    return fault.value


def _saying(data: bytes, linger_s: float = 0.0) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(data)
        if linger_s:
            connection.settimeout(linger_s)
            connection.recv(1)  # returns when the client goes away

    return talk


def test_an_answer_has_status_headers_body_and_phases() -> None:
    with http_server({"/health": (200, "ok"), "/broken": (503, "no")}) as site:
        reply = asyncio.run(_once(_get(f"{site.url}/health", headers=(("X-One", "1"),))))
        assert (reply.status, reply.body, reply.tls_not_after) == (200, b"ok", None)
        assert ("content-length", "2") in reply.headers
        assert set(reply.phases) >= {"connect", "first_byte", "total"}
        assert all(seconds >= 0 for seconds in reply.phases.values())
        assert reply.phases["total"] >= reply.phases["connect"] + reply.phases["first_byte"]
        assert site.asked[0][2]["X-One"] == "1"
        assert asyncio.run(_once(_get(f"{site.url}/broken"))).status == 503


def test_a_name_is_resolved_in_a_phase_of_its_own() -> None:
    with http_server({"/": (200, "")}) as site:
        assert "dns" in asyncio.run(_once(_get(f"http://localhost:{site.port}/"))).phases


def test_post_sends_its_body_and_head_reads_none() -> None:
    with http_server({"/": (200, "long body")}) as site:
        assert asyncio.run(_once(HttpRequest("POST", f"{site.url}/", body=b"{}"))).status == 200
        assert asyncio.run(_once(HttpRequest("HEAD", f"{site.url}/", limit_bytes=1))).body == b""
        assert [method for method, _, _ in site.asked] == ["POST", "HEAD"]


def test_redirects_are_followed_five_times_and_no_further() -> None:
    hops = {f"/{i}": (302, f"/{i + 1}") for i in range(10)}
    with http_server({**hops, "/5": (200, "here"), "/a": (302, "/b"), "/b": (302, "/a")}) as site:
        assert asyncio.run(_once(_get(f"{site.url}/1"))).body == b"here"
        assert asyncio.run(_once(_get(f"{site.url}/1", follow=False))).status == 302
        assert "5 redirects" in _says(_get(f"{site.url}/a")).detail


def test_nobody_listening_is_refused() -> None:
    fault = _says(_get(f"http://127.0.0.1:{free_port()}/"))
    assert fault.says == "refused"
    assert "refused" in fault.detail


def test_a_name_that_does_not_resolve_is_dns() -> None:
    assert _says(_get("http://nothing.invalid/", timeout_s=60.0)).says == "dns"


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[::1", "ftp://127.0.0.1/", "http://127.0.0.1:99999/"])
def test_what_is_no_url_is_nonsense(url: str) -> None:
    assert _says(_get(url)).says in {"nonsense", "dns"}


def test_a_silent_target_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert _says(_get(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.2)).says == "timeout"
        assert time.monotonic() - began < 5


def test_a_target_that_drips_times_out() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(200):
            connection.sendall(f"X-{number}: 1\r\n".encode())
            time.sleep(0.02)

    with raw_server(drip) as port:
        assert _says(_get(f"http://127.0.0.1:{port}/", timeout_s=0.3)).says == "timeout"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x00\xff\xfe garbage \r\n\r\n", "nonsense"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "nonsense"),
        (b"HTTP/1.1 abc\r\n\r\n", "nonsense"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "nonsense"),
        (b"", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "nonsense"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "reset"),
    ],
)
def test_a_target_that_talks_nonsense_is_a_fault_and_no_crash(data: bytes, says: str) -> None:
    with raw_server(_saying(data)) as port:
        assert _says(_get(f"http://127.0.0.1:{port}/", timeout_s=3.0)).says in {says, "nonsense", "reset"}


def test_a_hundred_megabytes_are_not_read() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1600):
            connection.sendall(b"x" * 65536)
            sent += 65536

    with raw_server(flood) as port:
        fault = _says(_get(f"http://127.0.0.1:{port}/", limit_bytes=1 << 20))
        assert fault.says == "too_large"
        assert f"http://127.0.0.1:{port}/ sends more than 1.05 MB" in fault.detail
        answer = asyncio.run(_once(_get(f"http://127.0.0.1:{port}/", limit_bytes=1 << 20, cut=True)))
        assert (answer.status, len(answer.body)) == (200, 1 << 20)
    assert sent < 100_000_000


def test_bytes_of_a_peer_that_talks_nonsense_are_not_quoted() -> None:
    with raw_server(_saying(b"canary-7f3a-\xfc\xff\r\n\r\n")) as port:
        detail = _says(_get(f"http://127.0.0.1:{port}/")).detail
    assert "talks nonsense: Bad status line" in detail
    assert "7f3a" not in detail


def test_a_stated_length_past_the_limit_is_not_read_at_all() -> None:
    with raw_server(_saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", 5.0)) as port:
        assert _says(_get(f"http://127.0.0.1:{port}/", limit_bytes=100)).says == "too_large"


def test_a_packed_body_is_unpacked_and_a_bomb_is_too_large() -> None:
    def packed(body: bytes) -> bytes:
        data = gzip.compress(body)
        return b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data) + data

    with raw_server(_saying(packed(b"hello"))) as port:
        assert asyncio.run(_once(_get(f"http://127.0.0.1:{port}/"))).body == b"hello"
    with raw_server(_saying(packed(b"0" * 50_000_000))) as port:
        assert _says(_get(f"http://127.0.0.1:{port}/", limit_bytes=1 << 20)).says == "too_large"


def _tls(folder: Path, not_after: dt.datetime) -> tuple[ssl.SSLContext, str]:
    pem = certificate(folder, not_after)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context, str(pem)


HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_tls_has_a_phase_and_the_end_of_the_certificate(tmp_path: Path) -> None:
    end = NOW + dt.timedelta(days=30)
    context, pem = _tls(tmp_path, end)
    with raw_server(_saying(HELLO), context) as port:
        reply = asyncio.run(_once(_get(f"https://127.0.0.1:{port}/", ca_file=pem)))
        assert reply.tls_not_after == end.timestamp()
        assert reply.phases["tls"] > 0
        beside = _get(f"https://127.0.0.1:{port}/", ca_file="certificate.pem")
        assert asyncio.run(_once(beside, RealNet(folder=tmp_path))).status == 200
        unverified = asyncio.run(_once(_get(f"https://127.0.0.1:{port}/", verify_tls=False)))
        assert unverified.tls_not_after == end.timestamp()


def test_on_uvloop_tls_is_timed_and_dated_too(tmp_path: Path) -> None:
    import uvloop

    end = NOW + dt.timedelta(days=30)
    context, pem = _tls(tmp_path, end)
    with (
        raw_server(_saying(HELLO), context) as port,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        reply = runner.run(_once(_get(f"https://127.0.0.1:{port}/", ca_file=pem)))
    assert reply.tls_not_after == end.timestamp()
    assert reply.phases["tls"] > 0


def test_a_certificate_that_is_not_trusted_still_tells_its_end(tmp_path: Path) -> None:
    end = NOW + dt.timedelta(days=30)
    context, _ = _tls(tmp_path, end)
    with raw_server(_saying(HELLO), context) as port:
        fault = _says(_get(f"https://127.0.0.1:{port}/"))
    assert (fault.says, fault.tls_not_after) == ("tls", end.timestamp())
    assert "self-signed" in fault.detail


def test_a_certificate_that_ended_says_so(tmp_path: Path) -> None:
    end = NOW - dt.timedelta(days=2)
    context, pem = _tls(tmp_path, end)
    with raw_server(_saying(HELLO), context) as port:
        fault = _says(_get(f"https://127.0.0.1:{port}/", ca_file=pem))
    assert (fault.says, fault.tls_not_after) == ("tls", end.timestamp())
    assert "expired" in fault.detail


def test_a_plain_server_under_https_is_a_tls_fault() -> None:
    with raw_server(_saying(HELLO)) as port:
        assert _says(_get(f"https://127.0.0.1:{port}/", timeout_s=5.0)).says in {"tls", "reset"}


def test_a_ca_file_that_is_missing_is_named() -> None:
    fault = _says(_get("https://127.0.0.1:1/", ca_file="/nowhere/ca.pem"))
    assert fault.says == "not_found"
    assert "/nowhere/ca.pem" in fault.detail


def test_no_secret_of_a_url_or_reply_stands_in_a_fault() -> None:
    net = RealNet(lambda text: text.replace("canary", "***"))
    url = f"http://canary:canary@127.0.0.1:{free_port()}/canary/x?key=canary#canary"
    assert "canary" not in _says(_get(url), net).detail
    with raw_server(_saying(b"canary nonsense canary\r\n\r\n")) as port:
        net = RealNet(lambda text: text.replace("canary", "***"))
        assert "canary" not in _says(_get(f"http://127.0.0.1:{port}/"), net).detail


def test_a_connect_takes_its_seconds_and_a_closed_port_is_refused() -> None:
    async def connects(port: int) -> float:
        return await RealNet().tcp("127.0.0.1", port, 5.0)

    with http_server() as site:
        assert 0 < asyncio.run(connects(site.port)) < 5
    with pytest.raises(WorldFault, match="refused"):
        asyncio.run(connects(free_port()))


def test_in_virtual_time_a_real_answer_does_not_time_out_falsely() -> None:
    with http_server({"/": (200, "ok")}) as site:

        async def hours() -> int:
            net, good = RealNet(), 0
            for _ in range(24):
                good += (await net.http(_get(f"{site.url}/"))).status == 200
                await asyncio.sleep(3600)
            await net.close()
            return good

        assert run_virtual(hours()) == 24
