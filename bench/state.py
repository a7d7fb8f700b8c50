"""Commits per second and their latency: the state store beside one sqlite3 transaction for each step, in one run.

The peer writes the same rows into the same tables with the same pragmas, hash chain included, one transaction a step,
in the caller's thread. `busy loop` keeps the event loop computing in pieces of 2 ms without a pause, as a burst of
judging does. What a group saves is syncs, so the ratio grows with their price.
Run: python bench/state.py [seconds a case] [folder].
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from opsguide.core.ports import Changes, EvidenceRow, FlipRow, MachineRow, NoticeRow, VerdictRow
from opsguide.store.dbfile import connect, migrate, migrations
from opsguide.store.sqlite import SqliteState
from opsguide.store.steps import StepWriter


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    name: str
    commits_per_s: float
    latencies_s: list[float]

    def __str__(self) -> str:
        ordered = sorted(self.latencies_s)
        p50, p99 = (ordered[int(len(ordered) * q)] * 1000 for q in (0.5, 0.99))
        worst = ordered[-1] * 1000
        return f"{self.name:42} {self.commits_per_s:9.0f} {p50:9.2f} {p99:9.2f} {worst:9.2f}"


def step(caller: int, number: int) -> Changes:
    """One evidence, verdict, flip, machine and notice, of the sizes an alert has."""
    subject, at = f"instance={caller}", 1767225600.0 + number
    return Changes(
        evidence=(
            EvidenceRow(at, "alert/g/HighLatency", subject, "firing", ok=False, topic="", by="", body=b"e" * 250),
        ),
        verdicts=(VerdictRow("alert/g/HighLatency", subject, number - 1, number, b"v" * 400, at + 60),),
        flips=(FlipRow("alert/g/HighLatency", subject, number, at, "holds", "broken", b"f" * 300),),
        machines=(MachineRow("routing", subject, number - 1, b"s" * 600, at + 30),),
        notices=(NoticeRow(f"{subject}/{number}", at, "team", "webhook", "routing", subject, b"n" * 1200),),
    )


def naive(path: Path, seconds: float) -> Case:
    """One transaction a step, no thread."""
    db = connect(str(path))
    migrate(db, path, migrations())
    writer, latencies, began = StepWriter(db, path), list[float](), perf_counter()
    while perf_counter() - began < seconds:
        asked = perf_counter()
        outcome = writer.write([step(0, len(latencies) + 1)])[0]
        assert isinstance(outcome, int), outcome
        latencies.append(perf_counter() - asked)
    took = perf_counter() - began
    db.close()
    return Case("sqlite3, one transaction a step", len(latencies) / took, latencies)


async def grouped(path: Path, seconds: float, callers: int, *, busy: bool) -> Case:
    """`callers` that commit one after the other, all at once."""
    state = SqliteState(path)
    await state.open()
    latencies, began = list[float](), perf_counter()

    async def one(caller: int) -> None:
        number = 0
        while perf_counter() - began < seconds:
            number += 1
            asked = perf_counter()
            await state.commit(step(caller, number))
            latencies.append(perf_counter() - asked)

    async def judge() -> None:
        while perf_counter() - began < seconds:
            until = perf_counter() + 0.002
            while perf_counter() < until:
                sum(range(100))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for caller in range(callers):
            group.create_task(one(caller))
        if busy:
            group.create_task(judge())
    took = perf_counter() - began
    count, wrong = await state.verify()
    assert (count, wrong) == (len(latencies), ""), wrong
    await state.close()
    return Case(f"SqliteState, {callers} callers{', busy loop' * busy}", len(latencies) / took, latencies)


async def walked(path: Path) -> str:
    """How fast `verify` walks what was written."""
    state = SqliteState(path)
    await state.open()
    began = perf_counter()
    count, _ = await state.verify()
    took = perf_counter() - began
    await state.close()
    return f"verify: {count} rows in {took:.2f} s, {count / took:,.0f} rows/s"


def main(seconds: float, folder: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        print(f"{'':42} {'commits/s':>9} {'p50 ms':>9} {'p99 ms':>9} {'worst ms':>9}")
        peer = naive(place / "naive.db", seconds)
        print(peer)
        for callers, busy in ((1, False), (100, False), (1, True), (100, True)):
            path = place / f"{callers}{busy}.db"
            case = asyncio.run(grouped(path, seconds, callers, busy=busy))
            print(f"{case}   {case.commits_per_s / peer.commits_per_s:.2f} x the peer")
        print(asyncio.run(walked(place / "100False.db")))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0, sys.argv[2] if len(sys.argv) > 2 else None)
