"""The child of the kill -9 test: eight callers step their own subject without end and print what has returned."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from opsguide.core.ports import Changes, EvidenceRow, FlipRow, MachineRow, NoticeRow, VerdictRow
from opsguide.store.sqlite import SqliteState


def step(subject: str, number: int) -> Changes:
    """Everything that one flip writes."""
    at = float(number)
    return Changes(
        evidence=(EvidenceRow(at, "c", subject, f"{number}", ok=False, topic="", by="", body=b"{}" * 50),),
        verdicts=(VerdictRow("c", subject, number - 1, number, b"v" * 200, None),),
        flips=(FlipRow("c", subject, number, at, "holds", "broken", b"f" * 100),),
        machines=(MachineRow("m", subject, number - 1, b"s" * 200, None),),
        notices=(NoticeRow(f"{subject}/{number}", at, "team", "webhook", "m", subject, b"n" * 300),),
    )


async def commit_without_end(state: SqliteState, subject: str, number: int) -> None:
    """Go on behind `number`."""
    while True:
        number += 1
        await state.commit(step(subject, number))
        os.write(1, f"{subject} {number}\n".encode())


async def main(path: Path) -> None:
    """Until killed."""
    state = SqliteState(path)
    reached = {row.subject: row.sequence for row in (await state.open()).verdicts}
    subjects = [f"s{n}" for n in range(8)]
    await asyncio.gather(*(commit_without_end(state, subject, reached.get(subject, 0)) for subject in subjects))


asyncio.run(main(Path(sys.argv[1])))
