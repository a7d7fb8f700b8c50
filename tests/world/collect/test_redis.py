from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import redis
from tests.servers import redis_server

from opsguide.core.ports import Collector, WorldFault
from opsguide.world.collect import RealCollect
from opsguide.world.sim.world import SimSecrets

if TYPE_CHECKING:
    from opsguide.core.ports import Samples

pytestmark = pytest.mark.server


def _collect(dsn: str, secrets: SimSecrets | None = None) -> Samples:
    return asyncio.run(RealCollect(secrets or SimSecrets()).collect(Collector("redis", "redis", dsn), 5.0))


def _values(samples: Samples) -> dict[str, float]:
    return dict(zip(samples.keys, samples.values.tolist(), strict=True))


def test_a_redis_is_read_under_the_exporters_names(redis_dsn: str) -> None:
    with redis.Redis.from_url(redis_dsn) as server:
        server.set("a", "1", ex=100)
        server.set("b", "2")
        server.config_set("maxmemory", "64mb")
        for number in range(3):
            server.xadd("orders", {"n": str(number)})
        server.xgroup_create("orders", "billing", id="0", mkstream=True)
        server.xreadgroup("billing", "c1", {"orders": ">"}, count=2)
        samples = _collect(redis_dsn)
    found = _values(samples)
    assert found["redis_up"] == 1
    assert found["redis_connected_clients"] >= 1
    assert found["redis_memory_max_bytes"] == 64 << 20
    assert 0 < found["redis_memory_used_bytes"] < found["redis_memory_max_bytes"]
    assert found['redis_db_keys{db="db0"}'] == 3
    assert found['redis_db_keys_expiring{db="db0"}'] == 1
    assert found["redis_commands_processed_total"] > 0
    assert found["redis_evicted_keys_total"] == 0
    assert found["redis_rdb_last_save_timestamp_seconds"] > 1.6e9
    assert found["redis_connected_slaves"] == 0
    assert found["redis_slowlog_length"] >= 0
    assert found['redis_stream_length{db="db0",stream="orders"}'] == 3
    group = 'db="db0",group="billing",stream="orders"'
    assert found[f"redis_stream_group_messages_pending{{{group}}}"] == 2
    assert found[f"redis_stream_group_lag{{{group}}}"] == 1
    assert samples.kinds["redis_commands_processed_total"] == "counter"


def test_a_password_comes_by_reference_and_a_wrong_one_is_denied() -> None:
    with redis_server("--requirepass", "p@ss/word") as dsn:
        address = dsn.replace("redis://", "redis://:${REDIS_PASSWORD}@")
        assert _values(_collect(address, SimSecrets({"REDIS_PASSWORD": "p@ss/word"})))["redis_up"] == 1
        for attempt, secrets in ((dsn, SimSecrets()), (address, SimSecrets({"REDIS_PASSWORD": "canary"}))):
            with pytest.raises(WorldFault) as fault:
                _collect(attempt, secrets)
            assert fault.value.says == "denied"
            assert "canary" not in fault.value.detail


def test_a_replica_tells_of_its_master(redis_dsn: str) -> None:
    host, port = redis_dsn.removeprefix("redis://").removesuffix("/0").split(":")
    with redis_server("--replicaof", f"{host} {port}") as dsn:
        found = _values(_collect(dsn))
    assert any(key.startswith("redis_master_link_up{") for key in found)
