from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kinds.reading import seed_lines

from opsguide.kinds.service import KIND

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {
    "inventory-service": [1],
    "dried-fruits": [3],
    "maintenance-api": [3],
    "core-services": [4],
    "integration-engine": [],
}


@pytest.mark.seeds
@pytest.mark.parametrize("guide", ROWS)
def test_the_seeds_lines_are_read_and_no_others(seeds: Path, guide: str) -> None:
    assert seed_lines(KIND, seeds / f"{guide}.md") == ROWS[guide]
