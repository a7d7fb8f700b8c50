"""MySQL and MariaDB under mysqld_exporter's names: status, variables, table sizes, replication."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.cursors import DictCursor

from opsguide.core.ports import WorldFault
from opsguide.world.collect.sheet import Sheet, as_number, metric_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.ports import Samples
    from opsguide.world.collect.sheet import Dsn

_DENIED = frozenset({1044, 1045, 1130, 1142, 1227, 1698})
_UNREACHED = frozenset({2002, 2003, 2005})
# Status variables that the exporter folds into one metric with a label.
_FOLDED = {
    "com_": ("mysql_global_status_commands_total", "command"),
    "handler_": ("mysql_global_status_handlers_total", "handler"),
    "connection_errors_": ("mysql_global_status_connection_errors_total", "error"),
    "innodb_buffer_pool_pages_": ("mysql_global_status_buffer_pool_pages", "state"),
    "innodb_rows_": ("mysql_global_status_innodb_row_ops_total", "operation"),
    "performance_schema_": ("mysql_global_status_performance_schema_lost_total", "instrumentation"),
}
_TABLES = """
    SELECT table_schema AS s, table_name AS t, table_rows AS n, data_length AS data_length,
           index_length AS index_length, data_free AS data_free
    FROM information_schema.tables
    WHERE table_schema NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys') AND table_type = 'BASE TABLE'
    ORDER BY data_length + index_length DESC LIMIT 500
"""


async def ask(dsn: Dsn, timeout_s: float) -> Samples:
    """One reading. Faults: refused, timeout, denied, nonsense."""
    return await asyncio.to_thread(_ask, dsn, timeout_s)


def _ask(dsn: Dsn, timeout_s: float) -> Samples:
    whole_s = max(1, round(timeout_s))
    try:
        with (
            pymysql.connect(
                host=dsn.host,
                port=dsn.port or 3306,
                user=dsn.user,
                password=dsn.password,
                database=dsn.database or None,
                connect_timeout=whole_s,
                read_timeout=whole_s,
                write_timeout=whole_s,
                cursorclass=DictCursor,
                autocommit=True,
                program_name="opsguide",
            ) as server,
            server.cursor() as cursor,
        ):
            return _read(cursor)
    except TimeoutError:
        raise WorldFault("timeout", f"MySQL at {dsn.host} did not answer within {timeout_s:g} s") from None
    except (pymysql.MySQLError, OSError, RuntimeError, ValueError) as error:
        raise _fault(error, dsn, timeout_s) from None


def _fault(error: Exception, dsn: Dsn, timeout_s: float) -> WorldFault:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1] if len(error.args) > 1 else error)
    if number in _DENIED:
        return WorldFault("denied", f"MySQL at {dsn.host} refuses: {text}")
    if "timed out" in text:
        return WorldFault("timeout", f"MySQL at {dsn.host} did not answer within {timeout_s:g} s")
    says = "refused" if number in _UNREACHED or isinstance(error, OSError) else "nonsense"
    return WorldFault(says, f"MySQL at {dsn.host}: {text}")


def _read(cursor: DictCursor) -> Samples:
    sheet = Sheet()
    sheet.gauge("mysql_up", 1.0)
    for row in _rows(cursor, "SHOW GLOBAL STATUS"):
        _status(sheet, str(row["Variable_name"]).lower(), as_number(row["Value"]))
    variables = {str(r["Variable_name"]).lower(): r["Value"] for r in _rows(cursor, "SHOW GLOBAL VARIABLES")}
    for name, value in variables.items():
        sheet.gauge(f"mysql_global_variables_{metric_name(name)}", as_number(value))
    comment = str(variables.get("version_comment", ""))
    sheet.gauge("mysql_version_info", 1.0, version=str(variables.get("version", "")), version_comment=comment)
    try:
        _tables(sheet, _rows(cursor, _TABLES))
        _replication(sheet, _rows(cursor, "SHOW SLAVE STATUS"))
    except pymysql.MySQLError:
        # MySQL 8.4 knows SHOW REPLICA STATUS only; rights may be missing. The rest stands.
        sheet.gauge("mysql_exporter_last_scrape_error", 1.0)
    return sheet.samples()


def _rows(cursor: DictCursor, query: str) -> Sequence[Mapping[str, Any]]:
    cursor.execute(query)
    return cursor.fetchall()


def _status(sheet: Sheet, name: str, value: float | None) -> None:
    for prefix, (metric, label) in _FOLDED.items():
        if name.startswith(prefix):
            sheet.counter(metric, value, **{label: name.removeprefix(prefix)})
            return
    sheet.gauge(f"mysql_global_status_{metric_name(name)}", value)


def _tables(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        labels = {"schema": str(row["s"]), "table": str(row["t"])}
        sheet.gauge("mysql_info_schema_table_rows", as_number(row["n"]), **labels)
        for part in ("data_length", "index_length", "data_free"):
            sheet.gauge("mysql_info_schema_table_size", as_number(row[part]), component=part, **labels)


def _replication(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        channel = str(row.get("Connection_name") or row.get("Channel_Name") or "")
        labels = {"master_host": str(row.get("Master_Host", "")), "channel_name": channel}
        for field in ("Seconds_Behind_Master", "Slave_IO_Running", "Slave_SQL_Running", "Last_Errno"):
            sheet.gauge(f"mysql_slave_status_{field.lower()}", as_number(row.get(field)), **labels)
