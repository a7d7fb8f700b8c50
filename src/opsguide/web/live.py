"""Server-sent events: what changes while somebody looks.

One task reads the kernel's changes and encodes each once; every client has a set of what it has not been sent yet.
Of a claim that changes ten times while a client is slow it gets the last state alone, so a client holds at most one
entry for each claim, and nothing grows with time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from opsguide.web.moment import iso
from opsguide.web.problem import problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from opsguide.kernel.view import ClaimView, Running

HEARTBEAT_S = 15.0
CLIENTS = 64
SLOW_S = 30.0
_RELOAD = "reload"
_AGAIN = b"event: reload\ndata: {}\n\n"
_BEAT = b": alive\n\n"


class Live:
    """The hub. `run` must be running while clients are served; `close` ends every stream."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._clients: set[_Client] = set()
        self._closed = False

    async def run(self) -> None:
        """Pass on every change until cancelled."""
        async for change in self._running.changes():
            if self._clients:
                self._pass_on(change.kind, change.claim)

    def close(self) -> None:
        """End all streams; they do not end by themselves."""
        self._closed = True
        for client in self._clients:
            client.woken.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream until its client goes, or takes longer than 30 s to read a part."""
        if len(self._clients) >= CLIENTS:
            full = problem(503, f"{CLIENTS} live streams are open already", scope, headers={"retry-after": "30"})
            await full(scope, receive, send)
            return
        client = _Client()
        self._clients.add(client)
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write(client, send))
                reader = group.create_task(_gone(receive, writer))
                writer.add_done_callback(lambda _: reader.cancel())
        finally:
            self._clients.discard(client)

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return len(self._clients)

    def _pass_on(self, kind: str, claim_id: str) -> None:
        view = self._running.claim(claim_id) if kind == "claim" else None
        if view is not None:
            key, event = view.claim.id, claim_event(view)
        elif kind in {"reload", "finding"}:
            key, event = _RELOAD, _AGAIN
        else:
            return
        for client in self._clients:
            client.pending[key] = event
            client.woken.set()

    async def _write(self, client: _Client, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        part: bytes = b"retry: 2000\n\n"
        while not self._closed:
            async with asyncio.timeout(SLOW_S):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            part = await client.next()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Client:
    def __init__(self) -> None:
        self.pending: dict[str, bytes] = {}
        self.woken = asyncio.Event()

    async def next(self) -> bytes:
        """What has not been sent, in order of its first change; a comment when nothing came for a while."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self.woken.wait()
        except TimeoutError:
            return _BEAT
        self.woken.clear()
        found, self.pending = self.pending, {}
        return b"".join(found.values()) or _BEAT


def claim_event(view: ClaimView) -> bytes:
    """Event `claim`: {id, state, value, since, at, because}, times in ISO 8601."""
    verdict = view.verdict
    data = {
        "id": view.claim.id,
        "state": verdict.state.value,
        "value": verdict.value,
        "since": iso(view.since),
        "at": iso(view.at),
        "because": verdict.because,
    }
    return b"event: claim\ndata: " + msgspec.json.encode(data) + b"\n\n"


async def _gone(receive: Receive, writer: asyncio.Task[None]) -> None:
    message = await receive()
    while message["type"] != "http.disconnect":
        message = await receive()
    writer.cancel()
