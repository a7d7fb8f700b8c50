from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.kernel.house import House

from opsguide.core.nouns import Evidence
from opsguide.kernel.measured import measured
from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from pathlib import Path


def test_numbers_of_evidence_become_samples(tmp_path: Path) -> None:
    house = House(tmp_path, "toy api every=10")

    async def live() -> None:
        async with house.app() as app:
            await asyncio.sleep(30)
            key = 'opsguide_claim_value{name="status"}'
            assert house.sim.series.last(key, f"claim/{app.claims()[0].claim.id}") == 200.0

    run(live())


def test_subjects_are_labels_with_their_special_characters_escaped() -> None:
    seen = Evidence("c", 'a"b\\c\nd', 5.0, ok=True, says="ok", values=(("x_s", 1.5), ("y", 2.0)))
    ((target, at, samples),) = measured("probe", [seen, Evidence("c", "", 4.0, ok=True, says="ok")])
    assert (target.key, target.labels, at) == ("claim/c", (("claim", "c"), ("kind", "probe")), 5.0)
    assert list(samples.keys) == [
        'opsguide_claim_value{name="x_s",subject="a\\"b\\\\c\\nd"}',
        'opsguide_claim_value{name="y",subject="a\\"b\\\\c\\nd"}',
    ]
    assert samples.values.tolist() == [1.5, 2.0]
