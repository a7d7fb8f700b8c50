"""A child of test_kill: a house whose toys flip several times a second, until it is killed or its time is over.

argv: folder, port of the sink, seconds to live (0: for ever). At the end of a limited life nothing flips any more.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from tests.kernel.house import Receiver, toys

from opsguide.core.ports import HttpReply, HttpRequest
from opsguide.kernel.app import App, Parts
from opsguide.store.sqlite import SqliteState
from opsguide.world.clock import SystemClock
from opsguide.world.sim.world import SimNet, SimWorld

CLOCK = SystemClock()
TOYS = [f"toy t{n} every=0.02" for n in range(10)] + ["toy parts every=0.05", "toy slow every=0.1 for=2"]


class Net(SimNet):
    """Toys whose answer is decided by the time of day; notices really leave for the sink."""

    def __init__(self, port: int, *, quiet: bool) -> None:
        super().__init__(CLOCK)
        self.port = port
        self.quiet = quiet

    async def http(self, request: HttpRequest) -> HttpReply:
        """Flip each toy in its own rhythm."""
        name = request.url.rpartition("/")[2]
        if request.method == "POST":
            return await self._post(request)
        beat = int(CLOCK.now() * 3)
        if name == "slow":
            return HttpReply(500, (), b"")
        if name == "parts":
            words = " ".join(f"p{n}" for n in range(5) if (beat >> n) & 1)
            return HttpReply(200, (), (b"none" if self.quiet else words.encode()) or b"none")
        # Each in a phase of its own, so that hardly a moment passes without a flip being written.
        good = self.quiet or int(CLOCK.now() * 8 + int(name[1:]) * 0.7) % 2 > 0
        return HttpReply(200 if good else 500, (), b"")

    async def _post(self, request: HttpRequest) -> HttpReply:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
        head += f"Host: sink\r\nConnection: close\r\nContent-Length: {len(request.body)}\r\n\r\n"
        writer.write(b"POST /hook HTTP/1.1\r\n" + head.encode() + request.body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return HttpReply(int(answer.split(maxsplit=2)[1]), (), b"")


async def live(folder: Path, port: int, for_s: float) -> None:
    """Until the time is over."""
    lines = "".join(f"- {line}\n" for line in TOYS)
    (folder / "guide.md").write_text("# Toys\n\n" + lines)
    (folder / "opsguide.toml").write_text('[notify]\ntrial = "0s"\n')
    net = Net(port, quiet=for_s > 0)
    world = replace(SimWorld().world, clock=CLOCK, net=net)
    parts = Parts(
        state=SqliteState(folder / "state.db"),
        series=world.series,
        clock=CLOCK,
        world=lambda edition, trusted: world,
        kinds=toys(),
        receivers={"toy": Receiver()},
    )
    async with App([str(folder / "guide.md")], parts):
        print("lives", flush=True)  # noqa: T201 -- what the parent waits for
        await asyncio.sleep(for_s or 3600)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
