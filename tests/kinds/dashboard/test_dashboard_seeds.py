from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.kinds.reading import seed_lines

from opsguide.kinds.dashboard import KIND

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {
    "inventory-service": [],
    "dried-fruits": [47, 48, 49, 50],
    "maintenance-api": [],
    "core-services": [],
    "integration-engine": [49, 54, 59],
}


@pytest.mark.seeds
@pytest.mark.parametrize("guide", ROWS)
def test_the_seeds_lines_are_read_and_no_others(seeds: Path, guide: str) -> None:
    assert seed_lines(KIND, seeds / f"{guide}.md") == ROWS[guide]
