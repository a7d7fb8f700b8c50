"""PostgreSQL under postgres_exporter's names. Needs the extra `postgres` (asyncpg)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from opsguide.core.ports import WorldFault
from opsguide.world.collect.sheet import Sheet, as_number, metric_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opsguide.core.ports import Samples
    from opsguide.world.collect.sheet import Dsn

_UNITS = {"B": 1, "kB": 1024, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SECONDS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = re.compile(r"(\d*)([a-zA-Z]+)")

_ACTIVITY = """
    SELECT coalesce(datname, '') AS datname, coalesce(state, '') AS state, coalesce(wait_event_type, '') AS wait,
           count(*) AS n, coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float AS longest
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1, 2, 3
"""
_LONG = """
    SELECT count(*) AS n, coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float AS oldest
    FROM pg_stat_activity WHERE state <> 'idle' AND xact_start IS NOT NULL AND now() - xact_start > interval '1 minute'
"""
_DATABASES = """
    SELECT d.datname, pg_database_size(d.oid)::float AS size, s.*
    FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
    WHERE NOT d.datistemplate AND d.datallowconn AND has_database_privilege(d.oid, 'CONNECT')
"""
_LOCKS = """
    SELECT d.datname, l.mode, count(*) AS n FROM pg_locks l JOIN pg_database d ON d.oid = l.database GROUP BY 1, 2
"""
_LAG = """
    SELECT pg_is_in_recovery() AS replica, CASE
        WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END::float AS lag
"""
_REPLICAS = """
    SELECT coalesce(application_name, '') AS application_name, coalesce(client_addr::text, '') AS client_addr,
           coalesce(state, '') AS state, extract(epoch FROM replay_lag)::float AS lag,
           CASE WHEN pg_is_in_recovery() THEN NULL
                ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float END AS behind
    FROM pg_stat_replication
"""
_SETTINGS = """
    SELECT name, setting, coalesce(unit, '') AS unit FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real')
"""
_TABLES = """
    SELECT current_database() AS datname, schemaname, relname, n_live_tup, n_dead_tup, seq_scan, idx_scan,
           extract(epoch FROM last_vacuum)::float AS last_vacuum,
           extract(epoch FROM last_autovacuum)::float AS last_autovacuum,
           pg_total_relation_size(relid)::float AS size
    FROM pg_stat_user_tables ORDER BY pg_total_relation_size(relid) DESC LIMIT 200
"""
_STATEMENTS = """
    SELECT d.datname, r.rolname AS usename, s.queryid::text AS queryid, s.calls, s.total_exec_time::float AS ms, s.rows
    FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.userid
    ORDER BY s.total_exec_time DESC LIMIT 100
"""
_STARTED = "SELECT extract(epoch FROM pg_postmaster_start_time())::float AS at, version() AS version"
_STATISTICS = [
    "numbackends",
    "xact_commit",
    "xact_rollback",
    "blks_read",
    "blks_hit",
    "tup_returned",
    "tup_fetched",
    "tup_inserted",
    "tup_updated",
    "tup_deleted",
    "conflicts",
    "temp_files",
    "temp_bytes",
    "deadlocks",
    "blk_read_time",
    "blk_write_time",
]


async def ask(dsn: Dsn, timeout_s: float) -> Samples:
    """One reading. Faults: refused, timeout, denied, nonsense; `not_found` where the database or asyncpg is missing."""
    try:
        import asyncpg  # noqa: PLC0415 -- an extra
    except ImportError:
        raise WorldFault("not_found", "asyncpg is not installed; install opsguide[postgres]") from None
    try:
        server = await asyncpg.connect(
            host=dsn.host,
            port=dsn.port or 5432,
            user=dsn.user or "postgres",
            password=dsn.password or None,
            database=dsn.database or "postgres",
            ssl=dict(dsn.options).get("sslmode"),
            timeout=timeout_s,
            command_timeout=timeout_s,
            statement_cache_size=0,  # a pooler in between has no prepared statements
            server_settings={"application_name": "opsguide", "default_transaction_read_only": "on"},
        )
        try:
            return await _read(server, asyncpg.PostgresError)
        finally:
            await _close(server)
    except TimeoutError:
        raise WorldFault("timeout", f"PostgreSQL at {dsn.host} did not answer within {timeout_s:g} s") from None
    except asyncpg.InvalidCatalogNameError as error:
        raise WorldFault("not_found", f"PostgreSQL at {dsn.host}: {error}") from None
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise WorldFault("denied", f"PostgreSQL at {dsn.host} refuses: {error}") from None
    except OSError as error:
        raise WorldFault("refused", f"PostgreSQL at {dsn.host} cannot be reached: {error.strerror or error}") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
        raise WorldFault("nonsense", f"PostgreSQL at {dsn.host}: {error}") from None


async def _close(server: Any) -> None:
    try:
        await asyncio.wait_for(server.close(), 2.0)
    except (TimeoutError, OSError):
        server.terminate()


async def _read(server: Any, fault: type[Exception]) -> Samples:
    sheet = Sheet()
    sheet.gauge("pg_up", 1.0)
    failed = 0
    for query, note in _QUERIES:
        try:
            note(sheet, await server.fetch(query))
        except fault:
            # Rights or an older version: the other groups stand.
            failed += 1
    if await server.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'"):
        try:
            _statements(sheet, await server.fetch(_STATEMENTS))
        except fault:
            failed += 1
    sheet.gauge("pg_exporter_last_scrape_error", float(failed > 0))
    return sheet.samples()


def _activity(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    counts: dict[tuple[str, str], float] = {}
    longest: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (row["datname"], row["state"])
        counts[key] = counts.get(key, 0.0) + row["n"]
        longest[key] = max(longest.get(key, 0.0), row["longest"])
    for (datname, state), count in counts.items():
        sheet.gauge("pg_stat_activity_count", count, datname=datname, state=state)
        sheet.gauge("pg_stat_activity_max_tx_duration", longest[datname, state], datname=datname, state=state)


def _long(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        sheet.gauge("pg_long_running_transactions", row["n"])
        sheet.gauge("pg_long_running_transactions_oldest_seconds", row["oldest"])


def _databases(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        labels = {"datid": str(row["datid"]), "datname": row["datname"]}
        sheet.gauge("pg_database_size_bytes", row["size"], datname=row["datname"])
        for name in _STATISTICS:
            note = sheet.gauge if name == "numbackends" else sheet.counter
            note(f"pg_stat_database_{name}", as_number(row.get(name)), **labels)


def _locks(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        sheet.gauge("pg_locks_count", row["n"], datname=row["datname"], mode=row["mode"].lower())


def _lag(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        sheet.gauge("pg_replication_is_replica", float(row["replica"]))
        sheet.gauge("pg_replication_lag_seconds", row["lag"])


def _replicas(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        labels = {name: row[name] for name in ("application_name", "client_addr", "state")}
        sheet.gauge("pg_stat_replication_pg_wal_lsn_diff", row["behind"], **labels)
        sheet.gauge("pg_stat_replication_replay_lag_seconds", row["lag"], **labels)
    sheet.gauge("pg_stat_replication_count", len(rows))


def _settings(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        factor, suffix = _unit(row["unit"])
        value = as_number(row["setting"])
        # -1 and -2 mean "off" or "as another setting" and carry no unit.
        scaled = None if value is None else value * factor if value > 0 else value
        sheet.gauge(f"pg_settings_{metric_name(row['name'])}{suffix}", scaled)


def _unit(text: str) -> tuple[float, str]:
    found = _UNIT.fullmatch(text)
    if found is None:
        return 1.0, ""
    amount = float(found[1] or 1)
    if found[2] in _UNITS:
        return amount * _UNITS[found[2]], "_bytes"
    return (amount * _SECONDS[found[2]], "_seconds") if found[2] in _SECONDS else (1.0, "")


def _tables(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        labels = {name: row[name] for name in ("datname", "schemaname", "relname")}
        for name in ("n_live_tup", "n_dead_tup", "last_vacuum", "last_autovacuum"):
            sheet.gauge(f"pg_stat_user_tables_{name}", row[name], **labels)
        for name in ("seq_scan", "idx_scan"):
            sheet.counter(f"pg_stat_user_tables_{name}", row[name], **labels)
        sheet.gauge("pg_stat_user_tables_size_bytes", row["size"], **labels)


def _statements(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        labels = {"datname": row["datname"], "user": row["usename"], "queryid": row["queryid"] or ""}
        sheet.counter("pg_stat_statements_calls_total", row["calls"], **labels)
        sheet.counter("pg_stat_statements_seconds_total", row["ms"] / 1000, **labels)
        sheet.counter("pg_stat_statements_rows_total", row["rows"], **labels)


def _started(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        sheet.gauge("pg_postmaster_start_time_seconds", row["at"])
        sheet.gauge("pg_static", 1.0, version=row["version"])


_QUERIES: tuple[tuple[str, Callable[[Sheet, Sequence[Mapping[str, Any]]], None]], ...] = (
    (_ACTIVITY, _activity),
    (_LONG, _long),
    (_DATABASES, _databases),
    (_LOCKS, _locks),
    (_LAG, _lag),
    (_REPLICAS, _replicas),
    (_SETTINGS, _settings),
    (_TABLES, _tables),
    (_STARTED, _started),
)
