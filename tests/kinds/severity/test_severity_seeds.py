from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kinds.reading import seed_lines

from opsguide.kinds.severity import KIND

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {
    "inventory-service": [251, 252, 253, 254],
    "dried-fruits": [382, 383, 384, 385, 388, 389, 390, 391],
    "maintenance-api": [62, 68, 74, 80],
    "core-services": [],
    "integration-engine": [],
}


@pytest.mark.seeds
@pytest.mark.parametrize("guide", ROWS)
def test_the_seeds_lines_are_read_and_no_others(seeds: Path, guide: str) -> None:
    assert seed_lines(KIND, seeds / f"{guide}.md") == ROWS[guide]
