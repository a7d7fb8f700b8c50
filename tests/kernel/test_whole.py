"""One alert followed through the whole house in virtual time: real kinds, real series, a simulated network."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from opsguide.core.ports import WorldFault
from opsguide.kernel.app import App, Parts
from opsguide.kernel.deliver import receivers
from opsguide.kernel.kinds import discover
from opsguide.store.series import SeriesStore
from opsguide.store.sqlite import SqliteState
from opsguide.world.sim.loop import SimClock, run
from opsguide.world.sim.world import SimWorld, reply

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = """# Demo service - Operations Guide

## Health checks

```bash
curl -f http://demo:8000/health
```

## Monitoring

```yaml
scrape_configs:
  - job_name: demo
    static_configs:
      - targets: ['demo:8000']
```

## Alerts

```yaml
- alert: DemoDegraded
  expr: demo_working == 0
  for: 2m
  labels:
    severity: critical
  annotations:
    summary: "demo is degraded on {{ $labels.instance }}"
```

```yaml
route:
  receiver: hook
  group_by: ['alertname']
  group_wait: 10s
  group_interval: 1m
receivers:
  - name: hook
    webhook_configs:
      - url: http://hook/hook
```
"""


class Demo:
    """The service of the guide and the receiver of its pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sim = SimWorld(clock=SimClock())
        self.series = SeriesStore(None)
        self.sim.net.on("http://hook/", reply(200))
        self.works(1)
        self.write(GUIDE)
        (folder / "opsguide.toml").write_text('[notify]\ntrial = "0s"\n[collect]\nhost = false\n')

    def write(self, text: str) -> None:
        (self.folder / "guide.md").write_text(text)

    def works(self, value: int) -> None:
        self.sim.net.on("http://demo:8000/health", reply(200))
        exposed = f"# TYPE demo_working gauge\ndemo_working {value}\n"
        headers = (("content-type", "text/plain; version=0.0.4"),)
        self.sim.net.on("http://demo:8000/metrics", reply(200, exposed, headers))

    def lost(self) -> None:
        self.sim.net.on("http://demo:8000/", WorldFault("refused", "nobody listens"))

    def app(self) -> App:
        world = replace(self.sim.world, series=self.series)
        parts = Parts(
            state=SqliteState(self.folder / "state.db", inline=True),
            series=self.series,
            clock=self.sim.clock,
            world=lambda edition, trusted: world,
            kinds=discover(),
            receivers=receivers(),
            watch_s=None,
        )
        return App([str(self.folder / "guide.md")], parts)

    def told(self) -> list[tuple[str, str]]:
        """(status, alertname) of every page by its id, in order."""
        posts: dict[str, Any] = {}
        for _, request in self.sim.net.requests:
            if request.method == "POST":
                posts[dict(request.headers)["webhook-id"]] = json.loads(request.body)
        return [(post["status"], post["groupLabels"]["alertname"]) for post in posts.values()]


def _states(app: App) -> dict[str, str]:
    return {view.claim.kind: view.verdict.state.value for view in app.claims()}


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """The demo service with its guide."""
    return Demo(tmp_path)


def test_an_alert_pages_once_over_a_restart_and_resolves_once(demo: Demo) -> None:
    async def live() -> None:
        async with demo.app() as app:
            await asyncio.sleep(60)
            states = _states(app)
            assert (states["probe"], states["scrape"], states["alert"]) == ("holds", "holds", "holds")
            demo.works(0)
            await asyncio.sleep(60)
            assert _states(app)["alert"] == "waiting"
        async with demo.app() as app:
            await asyncio.sleep(90)
            assert _states(app)["alert"] == "broken"
            await asyncio.sleep(60)
        async with demo.app() as app:
            await asyncio.sleep(600)
            demo.works(1)
            await asyncio.sleep(300)
            assert _states(app)["alert"] == "holds"

    run(live())
    assert demo.told() == [("firing", "DemoDegraded"), ("resolved", "DemoDegraded")]


def test_a_lost_service_leaves_its_alert_unknown_and_pages_once(demo: Demo) -> None:
    async def live() -> None:
        async with demo.app() as app:
            await asyncio.sleep(60)
            demo.lost()
            await asyncio.sleep(900)
            states = _states(app)
            assert (states["probe"], states["scrape"], states["alert"]) == ("broken", "broken", "unknown")

    run(live())
    assert {name for _, name in demo.told()} == {"ClaimBroken"}
    assert ("resolved", "ClaimBroken") not in demo.told()


def test_a_firing_rule_that_is_removed_tells_its_receiver(demo: Demo) -> None:
    async def live() -> None:
        async with demo.app() as app:
            demo.works(0)
            await asyncio.sleep(300)
            assert _states(app)["alert"] == "broken"
            head, rest = GUIDE.split("## Alerts", 1)
            demo.write(head + "## Alerts" + rest[rest.index("```yaml\nroute") - 1 :])
            assert await app.reload()
            assert "alert" not in _states(app)
            await asyncio.sleep(300)

    run(live())
    assert demo.told() == [("firing", "DemoDegraded"), ("resolved", "DemoDegraded")]
    last = [r for _, r in demo.sim.net.requests if r.method == "POST"][-1]
    assert b"statement removed" in last.body


@pytest.mark.parametrize("broken", ["expr: [demo_working == 0", "expr: demo_working == = 0"])
def test_a_broken_edit_of_the_rule_keeps_it_live(demo: Demo, broken: str) -> None:
    async def live() -> None:
        async with demo.app() as app:
            await asyncio.sleep(60)
            demo.write(GUIDE.replace("expr: demo_working == 0", broken))
            assert not await app.reload()
            assert app.broken_edits
            demo.works(0)
            await asyncio.sleep(300)
            assert _states(app)["alert"] == "broken"

    run(live())
    assert demo.told() == [("firing", "DemoDegraded")]
