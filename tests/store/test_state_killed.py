"""Kill -9 at random moments; OPSGUIDE_KILLS sets how many (20 unless told)."""

from __future__ import annotations

import asyncio
import os
import random
from typing import TYPE_CHECKING

from tests.store.statefiles import committing

from opsguide.store.sqlite import SqliteState

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("OPSGUIDE_KILLS", "20"))


def test_kill_9_at_random_moments_loses_nothing_that_returned(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    dice = random.Random(os.urandom(8))
    returned: dict[str, int] = {}

    async def check() -> None:
        state = SqliteState(path, inline=True)
        snapshot = await state.open()
        total, wrong = await state.verify()
        assert wrong == ""
        logged = await state.evidence(limit=total + 1)
        sequences = {row.subject: row.sequence for row in snapshot.verdicts}
        assert {row.key: row.sequence for row in snapshot.machines} == sequences
        # A step is there whole or not at all: one row, one flip and one notice for every sequence.
        steps = {(subject, number) for subject, last in sequences.items() for number in range(1, last + 1)}
        assert {(row.subject, int(row.says)) for row in logged} == steps
        assert {(row.subject, row.sequence) for row in await state.flips(limit=total + 1)} == steps
        notices = await state.notices(limit=total + 1)
        assert {row.id for row in notices} == {f"{subject}/{number}" for subject, number in steps}
        assert len(logged) == len(notices) == len(steps)
        assert all(sequences[subject] >= number for subject, number in returned.items())
        await state.close()

    for _ in range(KILLS):
        with committing(path) as child:
            lines = [child.line() for _ in range(dice.randrange(60))]
            lines += child.kill()
        returned |= {subject: int(number) for subject, number in (line.split() for line in lines)}
        asyncio.run(check())
    assert sum(returned.values()) > KILLS
