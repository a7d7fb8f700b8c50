"""The evidence log alone gives every flip again."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernel.house import House, toys

from opsguide.core.nouns import Evidence
from opsguide.kernel.inputs import Seen
from opsguide.store.sqlite import SqliteState
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import reply

if TYPE_CHECKING:
    from opsguide.kernel.app import App

LINES = "toy a every=7 for=20", "toy b every=11 serves=beat", "toy c wants=beat", "toy d every=5 for=12"
Flipped = tuple[str, str, float, str, str]
events = st.tuples(
    st.floats(0.1, 40.0),
    st.sampled_from(["a 200", "a 500", "a 503", "b 200", "b 500", "d none", "d x", "d x y", "d y"]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(events, max_size=40))
def test_replaying_the_log_gives_the_same_flips_as_live(happened: list[tuple[float, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        evidence, flips, end = run(_live(House(Path(folder), *LINES), happened))
        assert run(_replayed(House(Path(folder), *LINES), evidence, end)) == flips


def test_a_long_life_is_replayed_too(tmp_path: Path) -> None:
    happened = [(9.0 + n % 7, ("a", "b")[n % 2] + (" 200" if n * n % 5 < 3 else " 500")) for n in range(200)]
    evidence, flips, end = run(_live(House(tmp_path, *LINES), happened))
    assert len(flips) > 100
    assert run(_replayed(House(tmp_path, *LINES), evidence, end)) == flips


async def _live(house: House, happened: list[tuple[float, str]]) -> tuple[list[Evidence], list[Flipped], float]:
    async with house.app(state=SqliteState(Path(":memory:"))) as app:
        for after_s, what in happened:
            name, _, answer = what.partition(" ")
            number = reply(int(answer)) if answer.isdigit() else reply(200, answer)
            house.sim.net.on(f"http://toy/{name}", number)
            await asyncio.sleep(after_s)
        rows = await app.evidence("", limit=100_000)
        seen = [_evidence(msgspec.json.decode(row.body)) for row in reversed(rows) if row.topic != "digest"]
        return seen, await _flips(app), house.sim.clock.now()


async def _replayed(house: House, evidence: list[Evidence], end: float) -> list[Flipped]:
    """The log is the only witness of this life: its runs see nothing."""
    kind = toys()[0]
    names = ("name", "spec", "memory", "machine", "read", "plan", "judge", "react")
    silent = SimpleNamespace(run=_nothing_seen, **{name: getattr(kind, name) for name in names})
    async with house.app(kinds=[silent], state=SqliteState(Path(":memory:"))) as app:
        for seen in evidence:
            await asyncio.sleep(max(0.0, seen.at - house.sim.clock.now()))
            await app._turns.submit(Seen((seen,)))
        await asyncio.sleep(max(0.0, end - house.sim.clock.now()))
        return await _flips(app)


async def _nothing_seen(_batch: object, _world: object) -> list[Evidence]:
    return []


def _evidence(body: dict[str, Any]) -> Evidence:
    labels = tuple((name, value) for name, value in body["labels"])
    roll = None if body["roll"] is None else tuple(body["roll"])
    plain = {name: body[name] for name in ("claim", "subject", "at", "ok", "says", "because", "topic", "scope")}
    return Evidence(**plain, labels=labels, roll=roll)


async def _flips(app: App) -> list[Flipped]:
    flips = await app.flips("", limit=100_000)
    return sorted((f.claim, f.subject, round(f.at, 6), f.before, f.after) for f in flips)
