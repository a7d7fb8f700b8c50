"""Redis under redis_exporter's names: memory, clients, keys, replication, persistence, streams, slow log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis.asyncio as client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as ConnectionFault,
)
from redis.exceptions import (
    TimeoutError as TimeoutFault,
)

from opsguide.core.ports import WorldFault
from opsguide.world.collect.sheet import Sheet, as_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.core.ports import Samples
    from opsguide.world.collect.sheet import Dsn

MAX_STREAMS = 50
SCAN_COUNT = 1000
MAX_SCANS = 20
"""Streams are looked for among the first 20,000 keys only: a collector must not weigh on the server."""

_GAUGES = {
    "uptime_in_seconds": "redis_uptime_in_seconds",
    "connected_clients": "redis_connected_clients",
    "blocked_clients": "redis_blocked_clients",
    "maxclients": "redis_max_clients",
    "used_memory": "redis_memory_used_bytes",
    "used_memory_rss": "redis_memory_used_rss_bytes",
    "used_memory_peak": "redis_memory_used_peak_bytes",
    "used_memory_dataset": "redis_memory_used_dataset_bytes",
    "maxmemory": "redis_memory_max_bytes",
    "mem_fragmentation_ratio": "redis_mem_fragmentation_ratio",
    "instantaneous_ops_per_sec": "redis_instantaneous_ops_per_sec",
    "loading": "redis_loading_dump_file",
    "rdb_changes_since_last_save": "redis_rdb_changes_since_last_save",
    "rdb_last_save_time": "redis_rdb_last_save_timestamp_seconds",
    "rdb_last_bgsave_status": "redis_rdb_last_bgsave_status",
    "rdb_last_bgsave_time_sec": "redis_rdb_last_bgsave_duration_sec",
    "aof_enabled": "redis_aof_enabled",
    "aof_last_write_status": "redis_aof_last_write_status",
    "aof_last_bgrewrite_status": "redis_aof_last_bgrewrite_status",
    "aof_current_size": "redis_aof_current_size_bytes",
    "connected_slaves": "redis_connected_slaves",
    "master_repl_offset": "redis_master_repl_offset",
    "cluster_enabled": "redis_cluster_enabled",
}
_COUNTERS = {
    "total_connections_received": "redis_connections_received_total",
    "total_commands_processed": "redis_commands_processed_total",
    "rejected_connections": "redis_rejected_connections_total",
    "expired_keys": "redis_expired_keys_total",
    "evicted_keys": "redis_evicted_keys_total",
    "keyspace_hits": "redis_keyspace_hits_total",
    "keyspace_misses": "redis_keyspace_misses_total",
    "total_net_input_bytes": "redis_net_input_bytes_total",
    "total_net_output_bytes": "redis_net_output_bytes_total",
    "total_error_replies": "redis_total_error_replies",
    "used_cpu_sys": "redis_cpu_sys_seconds_total",
    "used_cpu_user": "redis_cpu_user_seconds_total",
}


async def ask(dsn: Dsn, timeout_s: float) -> Samples:
    """One reading. Faults: refused, timeout, denied (password or rights), nonsense."""
    server = client.Redis(
        host=dsn.host,
        port=dsn.port or 6379,
        db=int(dsn.database) if dsn.database.isdigit() else 0,
        username=dsn.user or None,
        password=dsn.password or None,
        ssl=dsn.scheme == "rediss",
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),  # the next scrape is the retry
        client_name="opsguide",
    )
    try:
        return await _read(server)
    except AuthenticationError as error:
        raise WorldFault("denied", f"Redis at {dsn.host} refuses: {error}") from None
    except (TimeoutFault, TimeoutError):
        raise WorldFault("timeout", f"Redis at {dsn.host} did not answer within {timeout_s:g} s") from None
    except (ConnectionFault, OSError) as error:
        raise WorldFault("refused", f"Redis at {dsn.host} cannot be reached: {error}") from None
    except (RedisError, ValueError) as error:
        denied = str(error).startswith(("NOAUTH", "NOPERM", "WRONGPASS", "invalid username-password"))
        raise WorldFault("denied" if denied else "nonsense", f"Redis at {dsn.host}: {error}") from None
    finally:
        await server.aclose()


async def _read(server: client.Redis) -> Samples:
    sheet = Sheet()
    sheet.gauge("redis_up", 1.0)
    info: Mapping[str, Any] = await server.info("all")
    for field, name in _GAUGES.items():
        sheet.gauge(name, as_number(info[field]) if field in info else None)
    for field, name in _COUNTERS.items():
        sheet.counter(name, as_number(info[field]) if field in info else None)
    _identity(sheet, info)
    _keyspace(sheet, info)
    _replicas(sheet, info)
    _commands(sheet, info)
    try:
        sheet.gauge("redis_slowlog_length", await server.slowlog_len())
        await _streams(sheet, server)
    except ResponseError:
        # Rights that are missing for the extras leave the rest standing.
        sheet.gauge("redis_exporter_last_scrape_error", 1.0)
    return sheet.samples()


def _identity(sheet: Sheet, info: Mapping[str, Any]) -> None:
    shown = ("redis_version", "redis_mode", "role", "os", "maxmemory_policy")
    sheet.gauge("redis_instance_info", 1.0, **{name: str(info.get(name, "")) for name in shown})
    if info.get("role") == "slave":
        master = {"master_host": str(info.get("master_host", "")), "master_port": str(info.get("master_port", ""))}
        sheet.gauge("redis_master_link_up", as_number(info.get("master_link_status", "down")), **master)
        sheet.gauge("redis_master_last_io_seconds", as_number(info.get("master_last_io_seconds_ago")), **master)
        sheet.gauge("redis_slave_repl_offset", as_number(info.get("slave_repl_offset")), **master)


def _keyspace(sheet: Sheet, info: Mapping[str, Any]) -> None:
    for name, facts in info.items():
        if name.startswith("db") and name[2:].isdigit() and isinstance(facts, dict):
            sheet.gauge("redis_db_keys", as_number(facts.get("keys")), db=name)
            sheet.gauge("redis_db_keys_expiring", as_number(facts.get("expires")), db=name)
            ttl_ms = as_number(facts.get("avg_ttl"))
            sheet.gauge("redis_db_avg_ttl_seconds", ttl_ms / 1000 if ttl_ms else None, db=name)


def _replicas(sheet: Sheet, info: Mapping[str, Any]) -> None:
    for name, facts in info.items():
        if name.startswith("slave") and name[5:].isdigit() and isinstance(facts, dict):
            labels = {"slave_ip": str(facts.get("ip", "")), "slave_port": str(facts.get("port", ""))}
            sheet.gauge("redis_connected_slave_lag_seconds", as_number(facts.get("lag")), **labels)
            sheet.gauge("redis_connected_slave_offset_bytes", as_number(facts.get("offset")), **labels)


def _commands(sheet: Sheet, info: Mapping[str, Any]) -> None:
    for name, facts in info.items():
        if name.startswith("cmdstat_") and isinstance(facts, dict):
            command = name.removeprefix("cmdstat_")
            sheet.counter("redis_commands_total", as_number(facts.get("calls")), cmd=command)
            spent_us = as_number(facts.get("usec"))
            seconds = None if spent_us is None else spent_us / 1e6
            sheet.counter("redis_commands_duration_seconds_total", seconds, cmd=command)


async def _streams(sheet: Sheet, server: client.Redis) -> None:
    db = f"db{server.connection_pool.connection_kwargs.get('db', 0)}"
    for stream in await _stream_names(server):
        sheet.gauge("redis_stream_length", await server.xlen(stream), db=db, stream=stream)
        groups = await server.xinfo_groups(stream)
        sheet.gauge("redis_stream_groups", len(groups), db=db, stream=stream)
        for group in groups:
            labels = {"db": db, "stream": stream, "group": str(group["name"])}
            sheet.gauge("redis_stream_group_consumers", as_number(group.get("consumers")), **labels)
            sheet.gauge("redis_stream_group_messages_pending", as_number(group.get("pending")), **labels)
            sheet.gauge("redis_stream_group_lag", as_number(group.get("lag")), **labels)


async def _stream_names(server: client.Redis) -> list[str]:
    found: set[str] = set()
    cursor = 0
    for _ in range(MAX_SCANS):
        cursor, keys = await server.scan(cursor, count=SCAN_COUNT, _type="STREAM")
        found.update(str(key) for key in keys)
        if cursor == 0 or len(found) >= MAX_STREAMS:
            break
    return sorted(found)[:MAX_STREAMS]
