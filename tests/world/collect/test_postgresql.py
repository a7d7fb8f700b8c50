from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from opsguide.core.ports import Collector, WorldFault
from opsguide.world.collect import RealCollect
from opsguide.world.collect.postgresql import _unit
from opsguide.world.sim.world import SimSecrets

if TYPE_CHECKING:
    from opsguide.core.ports import Samples

pytestmark = pytest.mark.server


async def _collect(dsn: str) -> Samples:
    return await RealCollect(SimSecrets()).collect(Collector("postgres", "postgresql", dsn), 10.0)


def _values(samples: Samples) -> dict[str, float]:
    return dict(zip(samples.keys, samples.values.tolist(), strict=True))


def test_a_postgresql_is_read_under_the_exporters_names(postgres_dsn: str) -> None:
    async def read() -> Samples:
        other = await asyncpg.connect(postgres_dsn)
        try:
            await other.execute("CREATE TABLE IF NOT EXISTS fruit (id int); INSERT INTO fruit VALUES (1), (2)")
            await other.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            return await _collect(postgres_dsn)
        finally:
            await other.close()

    samples = asyncio.run(read())
    found = _values(samples)
    assert found["pg_up"] == 1
    assert found["pg_exporter_last_scrape_error"] == 0
    assert found["pg_settings_max_connections"] == 37
    assert found["pg_settings_shared_buffers_bytes"] == 128 << 20
    assert found["pg_settings_deadlock_timeout_seconds"] == 1
    assert found['pg_database_size_bytes{datname="postgres"}'] > 1_000_000
    assert found['pg_stat_activity_count{datname="postgres",state="idle"}'] == 1
    assert any(k.startswith("pg_stat_database_xact_commit{") for k in found)
    assert any(k.startswith("pg_stat_statements_calls_total{") for k in found)
    assert any(k.startswith("pg_locks_count{") for k in found)
    assert any('relname="fruit"' in k for k in found)
    assert found["pg_replication_lag_seconds"] == 0
    assert found["pg_replication_is_replica"] == 0
    assert samples.kinds["pg_stat_database_xact_commit"] == "counter"


def test_a_database_that_does_not_exist_is_a_fault(postgres_dsn: str) -> None:
    with pytest.raises(WorldFault) as fault:
        asyncio.run(_collect(postgres_dsn.removesuffix("postgres") + "nothing"))
    assert fault.value.says == "not_found"
    assert "nothing" in fault.value.detail


def test_an_account_that_may_not_enter_is_denied(postgres_dsn: str) -> None:
    with pytest.raises(WorldFault) as fault:
        asyncio.run(_collect(postgres_dsn.replace("postgres@", "nobody:canary@")))
    assert fault.value.says == "denied"
    assert "canary" not in fault.value.detail


@pytest.mark.parametrize(
    ("text", "unit"),
    [("8kB", (8192.0, "_bytes")), ("ms", (0.001, "_seconds")), ("min", (60.0, "_seconds")), ("", (1.0, ""))],
)
def test_units_of_settings_become_bytes_and_seconds(text: str, unit: tuple[float, str]) -> None:
    assert _unit(text) == unit
