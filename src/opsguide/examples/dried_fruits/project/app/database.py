"""The shop's database for a person at a prompt: `tables()`, `rows(SQL)`, `do(SQL)`, `create_all()`, `migrate()`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, TypeVar

from opsguide.examples.dried_fruits import shelf

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

T = TypeVar("T")


def using(act: Callable[[shelf.Shelf], Awaitable[T]]) -> T:
    """What `act` gives with a connection of its own to the shop's database."""

    async def used() -> T:
        goods = await shelf.opened(os.environ["SHOP_DATABASE"], 1)
        try:
            return await act(goods)
        finally:
            await goods.close()

    return asyncio.run(used())


def rows(sql: str, *values: object) -> Sequence[Sequence[Any]]:
    """The rows of a query."""
    return using(lambda goods: goods.ask(sql, *values))


def do(sql: str, *values: object) -> None:
    """Run a statement."""
    using(lambda goods: goods.do(sql, *values))


def tables() -> list[str]:
    """The names of the tables."""
    if os.environ["SHOP_DATABASE"].startswith("postgresql://"):
        found = rows("select table_name from information_schema.tables where table_schema = 'public' order by 1")
    else:
        found = rows("select name from sqlite_master where type = 'table' order by 1")
    return [str(row[0]) for row in found]


def migrate() -> None:
    """Apply the migrations that were not applied yet, and say which."""
    done = using(shelf.migrate)
    print("\n".join(f"applied {name}" for name in done) or "nothing to apply")


def create_all() -> None:
    """Make the tables that are missing. It changes no table that exists: that is what migrations are for."""
    migrate()
