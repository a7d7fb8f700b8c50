"""The shop's API: health that tells the truth, products, orders, sign-in that can fail, and /metrics.

Started as a process of its own: `python -m opsguide.examples.dried_fruits.api PORT DATABASE REDIS`.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from opsguide.examples.dried_fruits.figures import Figures
from opsguide.examples.dried_fruits.shelf import PostgreSQL, Shelf, SQLite, stock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Shop:
    """The running service."""

    database: str
    cache_address: str
    figures: Figures = field(default_factory=Figures)
    shelf: Shelf | None = None
    cache: Any = None

    async def open(self) -> None:
        """Connect to what is there."""
        is_real = self.database.startswith("postgresql://")
        self.shelf = await PostgreSQL.open(self.database) if is_real else SQLite(self.database)
        await stock(self.shelf)
        if self.cache_address:
            import redis.asyncio  # noqa: PLC0415 -- only where Redis is

            self.cache = redis.asyncio.from_url(self.cache_address, socket_timeout=2, socket_connect_timeout=2)

    @property
    def goods(self) -> Shelf:
        """The shelf, once opened."""
        assert self.shelf is not None
        return self.shelf


def measured(shop: Shop, path: str, answer: Answer) -> Route:
    """A route whose requests are counted and timed; a fault of the database becomes a 503."""

    async def call(request: Request) -> Response:
        start = time.perf_counter()
        try:
            reply = await answer(request)
        except Exception as fault:  # noqa: BLE001 -- any fault of what lies below is a 503 of this service
            reply = JSONResponse({"error": type(fault).__name__}, status_code=503)
        shop.figures.request(request.method, path, reply.status_code, time.perf_counter() - start)
        return reply

    return Route(path, call, methods=["GET", "POST"])


def build(shop: Shop) -> Starlette:
    """The application."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    async def health_database(_: Request) -> Response:
        await shop.goods.ask("select 1")
        return JSONResponse({"status": "healthy", "database": "connected"})

    async def health_redis(_: Request) -> Response:
        if shop.cache is None:
            return JSONResponse({"status": "absent"}, status_code=503)
        await shop.cache.ping()
        return JSONResponse({"status": "healthy", "redis": "connected"})

    async def products(_: Request) -> Response:
        rows = await shop.goods.ask("select id, name, stock from products order by id")
        return JSONResponse([{"id": r[0], "name": r[1], "stock": r[2]} for r in rows])

    async def orders(request: Request) -> Response:
        if request.method == "GET":
            rows = await shop.goods.ask("select count(*) from orders")
            return JSONResponse({"orders": rows[0][0]})
        asked = await request.json()
        product, quantity = int(asked["product"]), int(asked["quantity"])
        rows = await shop.goods.ask("select stock from products where id = ?", product)
        if not rows or rows[0][0] < quantity:
            return JSONResponse({"error": "not in stock"}, status_code=409)
        number = (await shop.goods.ask("select coalesce(max(id), 0) + 1 from orders"))[0][0]
        insert = "insert into orders (id, product, quantity, customer) values (?, ?, ?, ?)"
        await shop.goods.do(insert, number, product, quantity, 1)
        # A delivery comes when half of the goods are sold, so that the shop can run for days.
        await shop.goods.do("update products set stock = stock - ? where id = ?", quantity, product)
        await shop.goods.do("update products set stock = stock + 100 where id = ? and stock < 100", product)
        shop.figures.events["orders_total"] += 1
        return JSONResponse({"order": number}, status_code=201)

    async def login(request: Request) -> Response:
        asked = await request.json()
        if asked.get("password") != "open sesame":
            shop.figures.events["login_failures_total"] += 1
            return JSONResponse({"error": "authentication failed"}, status_code=401)
        return JSONResponse({"token": "shop"})

    async def metrics(_: Request) -> Response:
        try:
            low = await shop.goods.ask("select count(*) from products where stock < low")
            shop.figures.gauges["inventory_low_stock_alerts"] = float(low[0][0])
            shop.figures.gauges["database_connections_active"] = float(await shop.goods.connections())
        except Exception:  # noqa: BLE001 -- without the database these two have no value, and are not exposed
            shop.figures.gauges.clear()
        return PlainTextResponse(shop.figures.text(), media_type="text/plain; version=0.0.4")

    counted = {
        "/health": health,
        "/api/v1/health/database": health_database,
        "/api/v1/health/redis": health_redis,
        "/api/v1/products": products,
        "/api/v1/orders": orders,
        "/api/v1/auth/login": login,
    }
    routes = [measured(shop, path, answer) for path, answer in counted.items()]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await shop.open()
        yield

    return Starlette(routes=[*routes, Route("/metrics", metrics)], lifespan=lifespan)


def main() -> None:
    """Serve until stopped."""
    port, database, cache = sys.argv[1:4]
    app = build(Shop(database, cache))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
