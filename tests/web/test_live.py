from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from tests.web.fakes import HOST, Stage, stage

from opsguide.core.nouns import State, Verdict
from opsguide.web import live
from opsguide.web.live import claim_event

SLOW = "alert-shop-slow"


class Stream:
    """An open stream: what was sent so far, and a way to hold the client's reading up."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = asyncio.Event()

    async def run(self) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/live",
            "query_string": b"",
            "headers": [(b"host", HOST.encode())],
            "scheme": "http",
            "root_path": "",
        }
        inbox = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            if inbox:
                return inbox.pop()
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            await self.reads.wait()
            self.sent.put_nowait(message)

        await self.on.call.app(scope, receive, send)

    async def part(self) -> bytes:
        message = await self.sent.get()
        return bytes(message.get("body", b""))


async def opened(on: Stage, group: asyncio.TaskGroup) -> Stream:
    stream = Stream(on)
    group.create_task(stream.run())
    await stream.sent.get()
    assert await stream.part() == b"retry: 2000\n\n"
    return stream


async def hub(on: Stage, group: asyncio.TaskGroup) -> asyncio.Task[None]:
    task = group.create_task(on.call.app.state.live.run())
    await on.running.heard.wait()
    return task


def test_a_change_is_sent_as_the_claim_stands() -> None:
    async def scene() -> None:
        on = await stage()
        async with asyncio.TaskGroup() as group:
            task, stream = await hub(on, group), await opened(on, group)
            on.running.change("claim", SLOW)
            event, _, data = (await stream.part()).decode().partition("\n")
            assert event == "event: claim"
            assert json.loads(data.removeprefix("data: ")) == {
                "id": SLOW,
                "state": "broken",
                "value": "2.31 s",
                "since": "2027-01-15T07:54:00Z",
                "at": "2027-01-15T07:59:56Z",
                "because": "above 2 s for 6 min",
            }
            on.running.change("reload")
            assert await stream.part() == b"event: reload\ndata: {}\n\n"
            stream.gone.set()
            task.cancel()
        assert on.call.app.state.live.clients == 0

    asyncio.run(scene())


def test_a_slow_client_gets_the_last_state_once() -> None:
    async def scene() -> None:
        on = await stage()
        async with asyncio.TaskGroup() as group:
            task, stream = await hub(on, group), await opened(on, group)
            stream.reads.clear()
            index = next(i for i, view in enumerate(on.running.views) if view.claim.id == SLOW)
            for value in range(1000):
                view = on.running.views[index]
                on.running.views[index] = replace(view, verdict=Verdict(State.BROKEN, "", str(value)))
                on.running.change("claim", SLOW)
                await asyncio.sleep(0)
            stream.reads.set()
            sent = (await stream.part()) + (await stream.part())
            assert sent.count(b"event: claim") <= 2
            assert b'"value":"999"' in sent
            stream.gone.set()
            task.cancel()

    asyncio.run(scene())


def test_a_quiet_stream_beats_and_a_stuck_client_is_let_go(monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    monkeypatch.setattr(live, "SLOW_S", 0.05)

    async def scene() -> None:
        on = await stage()
        stream = Stream(on)
        run = asyncio.ensure_future(stream.run())
        await stream.sent.get()
        await stream.part()
        assert await stream.part() == b": alive\n\n"
        stream.reads.clear()
        await asyncio.wait([run])
        assert on.call.app.state.live.clients == 0

    asyncio.run(scene())


def test_no_more_than_64_streams_are_open_and_closing_ends_them_all() -> None:
    async def scene() -> None:
        on = await stage()
        async with asyncio.TaskGroup() as group:
            streams = [await opened(on, group) for _ in range(live.CLIENTS)]
            assert (await on.call.get("/api/live")).status == 503
            on.call.app.state.live.close()
            for stream in streams:
                while (await stream.sent.get()).get("more_body"):
                    pass
        assert on.call.app.state.live.clients == 0

    asyncio.run(scene())


def test_what_nobody_hears_is_not_encoded_and_a_claim_that_is_gone_is_no_event() -> None:
    async def scene() -> None:
        on = await stage()
        async with asyncio.TaskGroup() as group:
            task = await hub(on, group)
            on.running.change("claim", "explode")
            await asyncio.sleep(0)
            stream = await opened(on, group)
            on.running.change("claim", "gone")
            on.running.change("notice")
            on.running.change("claim", SLOW)
            assert SLOW.encode() in await stream.part()
            stream.gone.set()
            task.cancel()

    asyncio.run(scene())


def test_an_event_is_one_line_whatever_is_in_it() -> None:
    async def scene() -> bytes:
        view = (await stage()).running.views[0]
        return claim_event(replace(view, verdict=Verdict(State.BROKEN, "a\n\nevent: reload\ndata: {}")))

    assert asyncio.run(scene()).count(b"\n") == 3
