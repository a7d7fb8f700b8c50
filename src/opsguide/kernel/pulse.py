"""Whether the house is alive, and who is told so: health, counters, heartbeat, watchdog, the hourly digest."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from opsguide.core.nouns import Evidence, State
from opsguide.core.ports import HttpRequest, WorldFault
from opsguide.kernel.inputs import Noted
from opsguide.kernel.view import Health
from opsguide.kernel.views import find, view, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsguide.core.ports import Clock, World
    from opsguide.kernel.deliver import Deliver
    from opsguide.kernel.run import Runner
    from opsguide.kernel.turns import Turns
    from opsguide.kernel.view import ClaimView

log = logging.getLogger("opsguide.kernel")
STUCK_AFTER_S = 60.0
OUTBOX_STUCK_AFTER_S = 300.0
DIGEST_EVERY_S = 3600.0
HEARTBEAT_EVERY_S = 60.0


class Pulse:
    """Reads the others; changes nothing but the log's digest rows."""

    def __init__(self, turns: Turns, runner: Runner, outbox: Deliver, clock: Clock) -> None:
        self._turns = turns
        self._runner = runner
        self._outbox = outbox
        self._clock = clock

    def health(self) -> Health:
        """Whether evaluation, outbox and disk move."""
        turns, now = self._turns, self._clock.now()
        still = turns.waits and turns.stuck_since is None and now - turns.turned_at > STUCK_AFTER_S
        stuck = {
            "evaluation": still or self._runner.late_s > STUCK_AFTER_S,
            "outbox": self._outbox.oldest_s > OUTBOX_STUCK_AFTER_S,
            "disk": turns.stuck_since is not None,
        }
        return Health(ready=True, stuck=tuple(n for n, is_so in stuck.items() if is_so), counters=self._counters())

    def _counters(self) -> dict[str, float]:
        """Our own metrics, by their name in the exposition."""
        found: dict[str, float] = {f"opsguide_{name}_total": n for name, n in self._turns.counts.items()}
        found |= {f'opsguide_evaluations_total{{kind="{kind}"}}': n for kind, n in self._runner.runs.items()}
        found |= {f'opsguide_deliveries_total{{outcome="{o}"}}': n for o, n in self._outbox.counts.items()}
        states = Counter(shown.verdict.state for shown in views(self._turns))
        found |= {f'opsguide_claims{{state="{state}"}}': states[state] for state in State}
        return found | {
            "opsguide_overruns_total": self._runner.counts["overruns"],
            "opsguide_run_faults_total": self._runner.counts["faults"],
            "opsguide_rule_lag_seconds": self._runner.lag_s,
            "opsguide_outbox_pending": len(self._turns.ledger.notices),
            "opsguide_outbox_oldest_seconds": self._outbox.oldest_s,
        }

    async def digests(self) -> None:
        """Once an hour, for each claim that was looked at: how often, and what it last showed."""
        while True:
            await asyncio.sleep(DIGEST_EVERY_S)
            seen, self._runner.seen = self._runner.seen, Counter()
            for claim, count in sorted(seen.items()):
                found = find(self._turns, claim)
                if found is not None:
                    self._turns.submit(Noted(_digest(view(self._turns, found), count, self._clock.now())))

    async def heartbeats(self, world_of: Callable[[str], World]) -> None:
        """Tell the outside watch that all moves; silence is the alarm."""
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY_S)
            urls = {e.settings.watch_url: e.guide.key for e in self._turns.live.editions if e.settings.watch_url}
            if urls and not self.health().stuck:
                for url, guide in urls.items():
                    await self._heartbeat(url, world_of(guide))

    async def _heartbeat(self, url: str, world: World) -> None:
        try:
            await world.net.http(HttpRequest("GET", world.secrets.resolve(url, "watch"), cut=True))
            self._turns.counts["heartbeats"] += 1
        except WorldFault as fault:
            self._turns.counts["heartbeats_missed"] += 1
            log.warning("the heartbeat did not arrive: %s", world.secrets.mask(fault.detail))

    async def dogs(self, notify: Callable[[str], bool], every_s: float | None) -> None:
        """Feed systemd's watchdog while turns turn. A full disk is no reason to be started again."""
        while every_s is not None:
            if "evaluation" not in self.health().stuck:
                notify("WATCHDOG=1")
            await asyncio.sleep(every_s)


def _digest(shown: ClaimView, count: int, at: float) -> Evidence:
    whole = next((k for k in shown.subjects if not k.subject), None)
    return Evidence(
        claim=shown.claim.id,
        subject="",
        at=at,
        ok=shown.verdict.state is State.HOLDS,
        says=shown.verdict.state,
        because=shown.verdict.because,
        values=(("evidence_count", float(count)), *(whole.values if whole is not None else ())),
        topic="digest",
    )
