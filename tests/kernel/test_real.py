from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from opsguide.kernel.real import real_app

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.server
def test_an_app_starts_on_this_machine_and_comes_back(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("# A service\n\nIt does nothing yet.\n")

    async def live() -> str:
        async with real_app([str(guide)], tmp_path / "data") as app:
            assert app.health().ready
            return app.guides[0].title

    assert asyncio.run(live()) == asyncio.run(live()) == "A service"
    assert (tmp_path / "data" / "state.db").is_file()
