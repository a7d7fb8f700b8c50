from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.kernel.house import House

from opsguide.kernel.app import App, Parts
from opsguide.kernel.kinds import discover
from opsguide.kernel.view import Foreseen, WouldTell
from opsguide.store.sqlite import SqliteState
from opsguide.world.sim.loop import SimClock, run
from opsguide.world.sim.world import SimWorld, reply

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = """# Shop - Operations Guide

```bash
curl -f http://shop:8000/health
```

- CPU usage: < 70%

```yaml
- alert: Slow
  expr: latency > 2
  labels:
    severity: warning
- alert: Down
  expr: latency > 9
  labels:
    severity: critical
```

```yaml
route:
  receiver: team
  group_wait: 30s
  routes:
    - matchers: ['severity="critical"']
      receiver: pager
      group_wait: 10s
      continue: true
    - matchers: ['kind="probe"']
      receiver: team
    - matchers: ['severity="lost"']
      receiver: nobody
receivers:
  - name: team
    email_configs:
      - to: team@shop.example
  - name: pager
    webhook_configs:
      - url: http://pager/hook
```
"""


def foreseen(house: House, name: str) -> Foreseen | None:
    async def live() -> Foreseen | None:
        async with house.app() as app:
            await asyncio.sleep(5)
            claim = next((view.claim.id for view in app.claims() if view.claim.subject == name), name)
            found = app.would_tell(claim)
            assert app.would_tell(claim) == found
            return found

    found = run(live())
    assert house.sent == []
    return found


def test_what_is_foreseen_is_what_the_machine_would_send_and_nothing_is_sent(tmp_path: Path) -> None:
    found = foreseen(House(tmp_path, "toy api every=10"), "api")
    assert found == Foreseen((("alertname", "api"), ("severity", "critical")), (WouldTell("team", "toy", 1.0, "api"),))


def test_who_is_told_by_another_statement_or_by_none_is_said(tmp_path: Path) -> None:
    house = House(
        tmp_path,
        "toy api every=10 alarm=broken watched=up",
        "toy rule every=10 watches=up",
        "toy other every=10 alarm=broken",
        "toy quiet every=10 alarm=none",
        "toy <your-name> every=10",
        "toy faulty every=10 fails=react",
    )
    faulty = foreseen(house, "faulty")
    assert faulty is not None
    assert faulty.why_not.startswith("a fault of opsguide: reacting failed")
    assert foreseen(house, "api") == Foreseen(why_not="a rule of the guide watches this, and tells")
    assert foreseen(house, "other") == Foreseen(why_not="[notify] claims leaves out toy")
    assert foreseen(house, "quiet") == Foreseen(why_not="it is shown, and pages nobody")
    assert foreseen(house, "<your-name>") == Foreseen(why_not="it is not watched until <your-name> has a value")
    assert foreseen(house, "nobody-at-all") is None


def test_the_trial_of_what_was_inferred_is_named_with_its_end(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10 inferred=yes", settings='[notify]\ntrial = "24h"\n')
    found = foreseen(house, "api")
    assert found is not None
    assert found.trial_until - house.sim.clock.base >= 86400.0
    assert found.told


def test_real_alerts_go_through_the_guides_own_tree(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text(GUIDE)
    (tmp_path / "opsguide.toml").write_text(
        "[collect]\nhost = false\n[email]\nsmarthost = 'mail:25'\nfrom = 'o@shop.example'\n"
    )
    sim = SimWorld(clock=SimClock())
    sim.net.on("http://shop:8000/health", reply(200))
    parts = Parts(
        state=SqliteState(tmp_path / "state.db", inline=True),
        series=sim.series,
        clock=sim.clock,
        world=lambda edition, trusted: sim.world,
        kinds=discover(),
        watch_s=None,
    )

    async def live() -> dict[str, list[tuple[str, str, float]]]:
        async with App([str(tmp_path / "guide.md")], parts) as app:
            await asyncio.sleep(60)
            found = {view.claim.id: app.would_tell(view.claim.id) for view in app.claims()}
            return {
                claim: [(one.receiver, one.integration, one.after_s) for one in seen.told]
                for claim, seen in found.items()
                if seen is not None and seen.told
            }

    told = run(live())
    assert told["alert-slow"] == [("team", "email", 30.0)]
    assert told["alert-down"] == [("pager", "webhook", 10.0)]
    (probe,) = (found for claim, found in told.items() if claim.startswith("probe"))
    assert probe == [("pager", "webhook", 10.0), ("team", "email", 30.0)]
    assert not any(claim.startswith("threshold") for claim in told)
