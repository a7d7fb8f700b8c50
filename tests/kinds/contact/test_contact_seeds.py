from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kinds.reading import seed_lines

from opsguide.kinds.contact import KIND

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {
    "inventory-service": [286, 287, 288, 289],
    "dried-fruits": [],
    "maintenance-api": [314],
    "core-services": [],
    "integration-engine": [310],
}


@pytest.mark.seeds
@pytest.mark.parametrize("guide", ROWS)
def test_the_seeds_lines_are_read_and_no_others(seeds: Path, guide: str) -> None:
    assert seed_lines(KIND, seeds / f"{guide}.md") == ROWS[guide]
