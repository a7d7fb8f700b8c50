from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pymysql
import pytest

from opsguide.core.ports import Collector, WorldFault
from opsguide.world.collect import RealCollect
from opsguide.world.collect.sheet import dsn_parts
from opsguide.world.sim.world import SimSecrets

if TYPE_CHECKING:
    from opsguide.core.ports import Samples

pytestmark = pytest.mark.server


def _collect(dsn: str, secrets: SimSecrets | None = None) -> Samples:
    return asyncio.run(RealCollect(secrets or SimSecrets()).collect(Collector("maria", "mysql", dsn), 10.0))


def _values(samples: Samples) -> dict[str, float]:
    return dict(zip(samples.keys, samples.values.tolist(), strict=True))


def test_a_mariadb_is_read_under_the_exporters_names(maria_dsn: str) -> None:
    parts = dsn_parts(maria_dsn, str)
    with pymysql.connect(host=parts.host, port=parts.port, user=parts.user, password=parts.password) as server:
        cursor = server.cursor()
        cursor.execute("CREATE DATABASE IF NOT EXISTS shop")
        cursor.execute("CREATE TABLE IF NOT EXISTS shop.fruit (id INT PRIMARY KEY)")
        server.commit()
    samples = _collect(maria_dsn)
    found = _values(samples)
    assert found["mysql_up"] == 1
    assert found["mysql_global_status_threads_connected"] >= 1
    assert found["mysql_global_status_slow_queries"] == 0
    assert found["mysql_global_variables_max_connections"] > 0
    assert found['mysql_global_status_commands_total{command="select"}'] >= 0
    assert found['mysql_info_schema_table_size{component="data_length",schema="shop",table="fruit"}'] > 0
    assert any(key.startswith("mysql_version_info{") for key in found)
    assert "mysql_exporter_last_scrape_error" not in found


def test_a_wrong_password_is_denied_and_not_shown(maria_dsn: str) -> None:
    with pytest.raises(WorldFault) as fault:
        _collect(maria_dsn.replace(":secret@", ":${PW}@"), SimSecrets({"PW": "canary"}))
    assert fault.value.says == "denied"
    assert "canary" not in fault.value.detail
