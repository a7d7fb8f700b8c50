"""Servers of the adapters' tests, one of each for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.servers import maria_server, postgres_server, redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def redis_dsn() -> Iterator[str]:
    """A Redis; tests put keys of their own names into it."""
    with redis_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A PostgreSQL with pg_stat_statements loaded."""
    with postgres_server("shared_preload_libraries=pg_stat_statements", "max_connections=37") as dsn:
        yield dsn


@pytest.fixture(scope="session")
def maria_dsn() -> Iterator[str]:
    """A MariaDB."""
    with maria_server() as dsn:
        yield dsn
