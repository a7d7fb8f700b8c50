"""Where the shop keeps its products, customers and orders: PostgreSQL, or SQLite where that is not installed."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = """
create table if not exists products (id integer primary key, name text not null, stock integer not null,
  low integer not null);
create table if not exists customers (id integer primary key, email text not null unique);
create table if not exists orders (id integer primary key, product integer not null, quantity integer not null,
  customer integer not null);
"""
FRUITS = (("apricots", 120, 20), ("figs", 80, 15), ("dates", 200, 30), ("raisins", 12, 25), ("prunes", 60, 10))


class Shelf(Protocol):
    """A database with as much of SQL as the shop needs; `?` marks a parameter."""

    async def ask(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Rows of a query."""
        ...

    async def do(self, sql: str, *values: object) -> None:
        """Run a statement."""
        ...

    async def connections(self) -> int:
        """Connections in use now."""
        ...


class PostgreSQL:
    """A small pool; every call takes a connection and fails within 2 s when the server is gone."""

    def __init__(self, pool: Any) -> None:
        """Take the pool."""
        self.pool = pool

    @classmethod
    async def open(cls, address: str) -> PostgreSQL:
        """Connect and make the tables."""
        import asyncpg  # noqa: PLC0415 -- an extra, needed only where PostgreSQL is

        pool = await asyncpg.create_pool(address, min_size=1, max_size=10, timeout=2, command_timeout=5)
        async with pool.acquire() as connection:
            await connection.execute(TABLES)
        return cls(pool)

    async def ask(self, sql: str, *values: object) -> Sequence[Sequence[Any]]:
        """Rows of a query."""
        async with self.pool.acquire(timeout=2) as connection:
            rows: Sequence[Sequence[Any]] = await connection.fetch(_numbered(sql), *values)
            return rows

    async def do(self, sql: str, *values: object) -> None:
        """Run a statement."""
        async with self.pool.acquire(timeout=2) as connection:
            await connection.execute(_numbered(sql), *values)

    async def connections(self) -> int:
        """Connections of the pool that are not idle."""
        return int(self.pool.get_size() - self.pool.get_idle_size())


class SQLite:
    """The same on a file, for machines without PostgreSQL."""

    def __init__(self, path: str) -> None:
        """Open the file and make the tables."""
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.database.executescript(TABLES)
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

    async def connections(self) -> int:
        """Statements under way."""
        return self.busy


def _numbered(sql: str) -> str:
    """`?` as asyncpg wants it: $1, $2, ..."""
    head, *rest = sql.split("?")
    return head + "".join(f"${i}{part}" for i, part in enumerate(rest, start=1))


async def stock(shelf: Shelf) -> None:
    """Put the first goods on an empty shelf."""
    if (await shelf.ask("select count(*) from products"))[0][0] == 0:
        for number, (name, amount, low) in enumerate(FRUITS, start=1):
            await shelf.do("insert into products (id, name, stock, low) values (?, ?, ?, ?)", number, name, amount, low)
