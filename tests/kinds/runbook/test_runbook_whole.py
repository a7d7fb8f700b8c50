"""An alert fires in a whole house, and its runbook's reading steps run: once a person trusted them, and not before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from tests.kernel.house import House

from opsguide.core.ports import Answer, Finished, Point
from opsguide.kinds.alert import KIND as ALERT
from opsguide.kinds.routing import KIND as ROUTING
from opsguide.kinds.runbook import KIND as RUNBOOK
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import SimSecrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opsguide.core.ports import World
    from opsguide.kernel.app import App

GUIDE = """# Shop

## Alerts

```yaml
- alert: HighCPUUsage
  expr: cpu > 0.8
  for: 1m
```

## Runbooks

### High CPU

```bash
# Look
uptime
top

# Restart
systemctl restart api
```
"""


class Trusting(SimSecrets):
    """The simulated secrets, with the trust that the app recorded."""

    trust: Callable[[str, str], bool]

    def trusted(self, claim: str, text: str) -> bool:
        return self.trust(claim, text)


def house(folder: Path) -> tuple[House, App]:
    found = House(folder)
    (folder / "guide.md").write_text(GUIDE)

    def world(edition: Any, trusted: Callable[[str, str], bool]) -> World:
        secrets = Trusting()
        secrets.trust = trusted
        return replace(found.sim.world, secrets=secrets)

    found.sim.files.programs |= {"uptime", "top", "systemctl"}
    found.sim.proc.on("*", Finished(0, "load average: 9.1\n", 0.1))
    return found, found.app(kinds=(ALERT, ROUTING, RUNBOOK), world=world)


def fire(house: House) -> None:
    house.sim.series.answers["cpu > 0.8"] = Answer(
        (Point((("instance", "a"),), 0.9), Point((("instance", "b"),), 0.95))
    )


async def kept(app: App) -> list[dict[str, Any]]:
    rows = await app.evidence("runbook-high-cpu", 100)
    return [msgspec.json.decode(row.body) for row in reversed(rows) if row.topic == "runbook.assessed"]


def test_a_firing_alert_runs_the_trusted_reading_steps_once(tmp_path: Path) -> None:
    home, app = house(tmp_path)

    async def live() -> list[dict[str, Any]]:
        async with app:
            await asyncio.sleep(30)
            assert await app.trust("runbook-high-cpu", "ada", 0.0) == ""
            await asyncio.sleep(10)
            home.sim.proc.commands.clear()  # whoever trusts it sees it run at once
            fire(home)
            await asyncio.sleep(50)
            assert home.sim.proc.commands == [], "the for clock still runs"
            await asyncio.sleep(200)
            return await kept(app)

    found = run(live())
    assert [command.text for _, command in home.sim.proc.commands] == ["uptime", "top -b -n 1"]
    assert [(one["says"], one["fact"]["output"]) for one in found[-2:]] == [
        ("line_17_exit_0", "load average: 9.1\n"),
        ("line_18_exit_0", "load average: 9.1\n"),
    ]


def test_without_trust_nothing_runs_and_the_evidence_says_how(tmp_path: Path) -> None:
    home, app = house(tmp_path)

    async def live() -> list[dict[str, Any]]:
        async with app:
            fire(home)
            await asyncio.sleep(300)
            (view,) = [one for one in app.claims() if one.claim.kind == "runbook"]
            assert view.verdict.state.value == "holds"
            return await kept(app)

    (found,) = run(live())
    assert home.sim.proc.commands == []
    assert found["says"] == "untrusted"
    assert "opsguide trust runbook-high-cpu --until" in found["because"]
