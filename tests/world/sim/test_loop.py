from __future__ import annotations

import asyncio
import socket
import time

import pytest

from opsguide.world.sim.loop import NEW_YEAR_2026, SimClock, real_io, run


async def _tick(every_s: float, count: int) -> list[float]:
    loop = asyncio.get_running_loop()
    seen = []
    for _ in range(count):
        await asyncio.sleep(every_s)
        seen.append(loop.time())
    return seen


def test_a_day_of_timers_passes_without_waiting() -> None:
    async def day() -> list[list[float]]:
        return await asyncio.gather(*(_tick(60.0, 1440) for _ in range(20)))

    began = time.monotonic()
    seen = run(day())
    assert [s[-1] for s in seen] == [86400.0] * 20
    assert seen[0][:3] == [60.0, 120.0, 180.0]
    assert time.monotonic() - began < 10.0  # a day passed; really waiting would never end


def test_the_clock_starts_where_it_is_told() -> None:
    async def later() -> float:
        await asyncio.sleep(2.5)
        return SimClock().now()

    assert run(later(), start=10.0) == NEW_YEAR_2026 + 12.5


def test_a_clock_given_its_loop_is_read_outside_of_it() -> None:
    async def end() -> SimClock:
        await asyncio.sleep(3.0)
        return SimClock(100.0, asyncio.get_running_loop())

    assert run(end()).now() == 103.0


async def _echo(delay_s: float) -> tuple[asyncio.Server, int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        with real_io():
            await asyncio.sleep(delay_s)
        writer.write(line)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def _ask(port: int) -> bytes:
    with real_io():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"hello\n")
            return await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()


def test_a_real_server_does_not_time_out_falsely() -> None:
    async def hours() -> list[float]:
        server, port = await _echo(0.01)
        loop = asyncio.get_running_loop()
        ticks = []
        async with server:
            for _ in range(24):
                began = loop.time()
                assert await asyncio.wait_for(_ask(port), 10.0) == b"hello\n"
                ticks.append(began)
                await asyncio.sleep(3600.0 - (loop.time() - began))
        return ticks

    began = time.monotonic()
    ticks = run(hours())
    assert ticks == pytest.approx([3600.0 * i for i in range(24)])
    assert time.monotonic() - began < 30.0


def test_a_real_server_that_hangs_times_out_in_real_time() -> None:
    async def hang(port: int) -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_ask(port), 0.05)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as never_accepts:
        assert 0.05 <= run(hang(never_accepts.getsockname()[1])) < 1.0
    assert time.monotonic() - began >= 0.04


def test_other_timers_stay_exact_while_real_work_is_in_flight() -> None:
    async def both() -> list[float]:
        server, port = await _echo(0.06)
        async with server:
            ticks, _ = await asyncio.gather(_tick(0.02, 3), _ask(port))
        return ticks

    assert run(both()) == pytest.approx([0.02, 0.04, 0.06], abs=1e-9)


def test_an_executor_is_counted_without_a_guard() -> None:
    async def threaded() -> float:
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.run_in_executor(None, time.sleep, 0.03), 5.0)
        assert loop.time() < 5.0
        await asyncio.sleep(100.0)
        return loop.time()

    began = time.monotonic()
    assert run(threaded()) >= 100.0
    assert time.monotonic() - began < 10.0


def test_a_guard_on_an_ordinary_loop_changes_nothing() -> None:
    async def plain() -> int:
        with real_io():
            return 1

    assert asyncio.run(plain()) == 1
