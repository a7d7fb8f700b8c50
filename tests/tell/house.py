"""A house whose alerts leave through real sockets: simulated targets, a real network to loopback, virtual time."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opsguide.kernel.app import App, Parts
from opsguide.kernel.deliver import receivers
from opsguide.kernel.kinds import discover
from opsguide.store.series import SeriesStore
from opsguide.store.sqlite import SqliteState
from opsguide.world.net import RealNet
from opsguide.world.real import close_world
from opsguide.world.sim.loop import SimClock
from opsguide.world.sim.world import SimWorld, reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from opsguide.core.ports import HttpReply, HttpRequest, Mail, MailReply, World

GUIDE = """# Demo service - Operations Guide

```yaml
scrape_configs:
  - job_name: demo
    static_configs:
      - targets: ['demo:8000']
```

```yaml
- alert: DemoDegraded
  expr: demo_working == 0
  for: 30s
  labels:
    severity: critical
  annotations:
    summary: "demo is <!channel> & degraded"
```

```yaml
route:
  receiver: oncall
  group_by: ['alertname']
  group_wait: 10s
  group_interval: 1m
receivers:
  - name: oncall
"""
Answer = tuple[int, dict[str, str], str]


@dataclass(frozen=True, slots=True)
class Posted:
    """One request as the server saw it."""

    path: str
    id: str
    body: dict[str, Any]


@dataclass(slots=True)
class Vendor:
    """Plays Slack and PagerDuty: answers in order by path, the last one for ever."""

    port: int = 0
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)

    def at(self, path: str) -> list[Posted]:
        """What came to this path."""
        return [each for each in self.posted if each.path == path]

    def answer(self, path: str) -> Answer:
        """The next answer of a path."""
        left = self.answers.get(path) or [(404, {}, "no_service")]
        return left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def vendor(answers: Mapping[str, list[Answer]]) -> Iterator[Vendor]:
    """The server on loopback; answers: by path."""
    playing = Vendor(answers=dict(answers))

    class Playing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            playing.posted.append(Posted(self.path, self.headers["webhook-id"], body))
            status, headers, text = playing.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Playing) as server:
        playing.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield playing
        finally:
            server.shutdown()
            thread.join(10)


class _Both:
    """Loopback for real, every other host simulated."""

    def __init__(self, sim: SimWorld, mask: Any) -> None:
        self.sim = sim
        self.real = RealNet(mask)

    async def http(self, request: HttpRequest) -> HttpReply:
        net = self.real if "//127.0.0.1" in request.url else self.sim.net
        found: HttpReply = await net.http(request)
        return found

    async def smtp(self, mail: Mail) -> MailReply:
        return await self.real.smtp(mail)

    async def tcp(self, host: str, port: int, timeout_s: float) -> float:
        return await self.sim.net.tcp(host, port, timeout_s)

    async def close(self) -> None:
        await self.real.close()


class Demo:
    """A service that can be made to fail, and the receiver of its pages. receiver: YAML of its integrations."""

    def __init__(self, folder: Path, receiver: str, settings: str = "", **secrets: str) -> None:
        self.folder = folder
        self.sim = SimWorld(clock=SimClock())
        self.sim.secrets.values.update(secrets)
        self.series = SeriesStore(None)
        self.works(1)
        rows = "".join(f"    {line}\n" for line in receiver.splitlines())
        (folder / "guide.md").write_text(f"{GUIDE}{rows}```\n")
        usual = '[notify]\ntrial = "0s"\nclaims = []\n[collect]\nhost = false\n'
        (folder / "opsguide.toml").write_text(usual + settings)

    def works(self, value: int) -> None:
        """From now on the service says so."""
        exposed = f"# TYPE demo_working gauge\ndemo_working {value}\n"
        headers = (("content-type", "text/plain; version=0.0.4"),)
        self.sim.net.on("http://demo:8000/metrics", reply(200, exposed, headers))

    def app(self) -> App:
        """One life of the house."""

        def world(_edition: object, _trusted: object) -> World:
            net = _Both(self.sim, self.sim.secrets.mask)
            return replace(self.sim.world, series=self.series, net=net)

        parts = Parts(
            state=SqliteState(self.folder / "state.db", inline=True),
            series=self.series,
            clock=self.sim.clock,
            world=world,
            close_world=close_world,
            kinds=discover(),
            receivers=receivers(),
            watch_s=None,
            external_url="http://guide:8400",
        )
        return App([str(self.folder / "guide.md")], parts)


def receiver_state(app: App) -> tuple[str, str]:
    """Verdict of the receiver's line of the guide, and why."""
    found = next(view for view in app.claims() if view.claim.subject == "receiver oncall")
    return found.verdict.state.value, found.verdict.because
