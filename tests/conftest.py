"""Fixtures of the whole suite."""

from __future__ import annotations

from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parent.parent.parent / "shared" / "seeds"


@pytest.fixture
def seeds() -> Path:
    """The folder of the five seed guides; the test is skipped by name where it is not beside the checkout."""
    if not SEEDS.is_dir():
        pytest.skip("the seed guides are not beside this checkout")
    return SEEDS
