"""Where the shop keeps what it knows: PostgreSQL, or SQLite where that is not installed; made by migrations."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
FRUITS = (("apricots", 120, 20), ("figs", 80, 15), ("dates", 200, 30), ("raisins", 12, 25), ("prunes", 60, 10))
CALL_S = 2.0
"""How long a call waits for a connection, and a connection for the server."""


class Shelf(Protocol):
    """A database with as much of SQL as the shop needs; `?` marks a parameter."""

    async def ask(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Rows of a query."""
        ...

    async def do(self, sql: str, *values: object) -> None:
        """Run a statement."""
        ...

    async def script(self, sql: str) -> None:
        """Run several statements."""
        ...

    async def connections(self) -> int:
        """Connections in use now."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class PostgreSQL:
    """A small pool; every call takes a connection and fails within 2 s when the server is gone."""

    def __init__(self, pool: Any) -> None:
        """Take the pool."""
        self.pool = pool

    @classmethod
    async def open(cls, address: str, most: int = 10) -> PostgreSQL:
        """Connect. most: connections of the pool."""
        import asyncpg  # noqa: PLC0415 -- an extra, needed only where PostgreSQL is

        return cls(await asyncpg.create_pool(address, min_size=1, max_size=most, timeout=CALL_S, command_timeout=5))

    async def ask(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Rows of a query."""
        async with self.pool.acquire(timeout=CALL_S) as connection:
            rows: Sequence[Sequence[Any]] = await connection.fetch(_numbered(sql), *values)
            return rows

    async def do(self, sql: str, *values: object) -> None:
        """Run a statement."""
        async with self.pool.acquire(timeout=CALL_S) as connection:
            await connection.execute(_numbered(sql), *values)

    async def script(self, sql: str) -> None:
        """Run several statements."""
        async with self.pool.acquire(timeout=CALL_S) as connection:
            await connection.execute(sql)

    async def connections(self) -> int:
        """Connections of the pool that are not idle."""
        return int(self.pool.get_size() - self.pool.get_idle_size())

    async def close(self) -> None:
        """Close the pool."""
        await self.pool.close()


class SQLite:
    """The same on a file, for machines without PostgreSQL."""

    def __init__(self, path: str) -> None:
        """Open the file."""
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        self.busy = 0

    async def ask(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Rows of a query."""
        self.busy += 1
        try:
            return await asyncio.to_thread(lambda: self.database.execute(sql, values).fetchall())
        finally:
            self.busy -= 1

    async def do(self, sql: str, *values: object) -> None:
        """Run a statement."""
        await self.ask(sql, *values)

    async def script(self, sql: str) -> None:
        """Run several statements."""
        await asyncio.to_thread(self.database.executescript, sql)

    async def connections(self) -> int:
        """Statements under way."""
        return self.busy

    async def close(self) -> None:
        """Close the file."""
        self.database.close()


async def opened(address: str, most: int = 10) -> Shelf:
    """The shelf at a `postgresql://` address or in a file."""
    return await PostgreSQL.open(address, most) if address.startswith("postgresql://") else SQLite(address)


def _numbered(sql: str) -> str:
    """`?` as asyncpg wants it: $1, $2, ..."""
    head, *rest = sql.split("?")
    return head + "".join(f"${i}{part}" for i, part in enumerate(rest, start=1))


async def migrate(shelf: Shelf) -> list[str]:
    """Apply the migrations that were not yet applied, in order; returns their names."""
    await shelf.do(
        "create table if not exists schema_migrations (version integer primary key, name text not null,"
        " applied_at double precision not null)"
    )
    known = {row[0] for row in await shelf.ask("select version from schema_migrations")}
    done: list[str] = []
    for file in sorted(MIGRATIONS.glob("*.sql")):
        version = int(file.name.split("_")[0])
        if version not in known:
            await shelf.script(file.read_text(encoding="utf-8"))
            insert = "insert into schema_migrations (version, name, applied_at) values (?, ?, ?)"
            await shelf.do(insert, version, file.stem, time.time())
            done.append(file.stem)
    return done


async def stock(shelf: Shelf) -> None:
    """Put the first goods on an empty shelf."""
    if (await shelf.ask("select count(*) from products"))[0][0] == 0:
        for number, (name, amount, low) in enumerate(FRUITS, start=1):
            await shelf.do("insert into products (id, name, stock, low) values (?, ?, ?, ?)", number, name, amount, low)
