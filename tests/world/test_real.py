from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.servers import http_server

from opsguide.core.ports import Collector, HttpRequest
from opsguide.core.settings import parse_settings
from opsguide.world.real import close_world, real_world
from opsguide.world.sim.world import SimSeries, SimWorld

if TYPE_CHECKING:
    from pathlib import Path


def test_the_real_world_answers_through_every_port(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    settings = parse_settings('[secrets]\nK = { env = "K", for = "webhook" }\n', "opsguide.toml")

    async def ask(url: str) -> None:
        world = real_world(tmp_path, settings, SimSeries(), lambda _claim, text: text == "true", {"K": "canary"})
        try:
            assert (await world.net.http(HttpRequest("GET", url))).status == 200
            assert await world.files.read("a.txt") == b"a"
            assert world.secrets.resolve("${K}", "webhook") == "canary"
            assert world.secrets.trusted("c", "true")
            assert world.secrets.mask("canary") == "***"
            assert world.clock.now() > 1.7e9
            assert len((await world.collect.collect(Collector("node", "host"), 10.0)).keys) > 50
        finally:
            await close_world(world)

    with http_server({"/": (200, "")}) as site:
        asyncio.run(ask(f"{site.url}/"))


def test_closing_a_simulated_world_does_nothing() -> None:
    asyncio.run(close_world(SimWorld().world))


def test_naming_the_real_world_loads_nothing_heavy() -> None:
    heavy = "{'aiohttp', 'psutil', 'asyncpg', 'redis', 'pymysql'}"
    code = f"import sys, opsguide.world.real; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
