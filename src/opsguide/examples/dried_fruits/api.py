"""The shop's API: health that tells the truth, products, customers, orders, sign-in, uploads, and /metrics.

Started as a process of its own: `python -m opsguide.examples.dried_fruits.api PORT DATABASE REDIS FOLDER`. FOLDER is
the project's, where `app/uploads` lies and `app/switches.json` tells which faults the demo put in.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from opsguide.examples.dried_fruits import people
from opsguide.examples.dried_fruits.figures import Figures
from opsguide.examples.dried_fruits.quota import Quota
from opsguide.examples.dried_fruits.shelf import Shelf, migrate, opened, stock
from opsguide.examples.dried_fruits.switches import Switches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    Answer = Callable[[Request], Awaitable[Response]]

GONE = 5
"""Of so many requests one fails where the demo put errors in."""
SLOW_S = 2.2


@dataclass
class Shop:
    """The running service."""

    database: str
    cache_address: str
    folder: Path
    figures: Figures = field(default_factory=Figures)
    shelf: Shelf | None = None
    cache: Any = None
    requests: int = 0

    def __post_init__(self) -> None:
        """Look at the project's folder."""
        self.switches = Switches(self.folder / "app" / "switches.json")
        self.quota = Quota(self.folder / "app" / "uploads")

    async def open(self) -> None:
        """Connect to what is there."""
        self.shelf = await opened(self.database, int(os.environ.get("DB_POOL_SIZE", "10")))
        for name in await migrate(self.shelf):
            log("info", "migrated", migration=name)
        await stock(self.shelf)
        await people.enrol(self.shelf)
        if self.cache_address:
            import redis.asyncio  # noqa: PLC0415 -- only where Redis is

            self.cache = redis.asyncio.from_url(self.cache_address, socket_timeout=2, socket_connect_timeout=2)

    @property
    def goods(self) -> Shelf:
        """The shelf, once opened."""
        assert self.shelf is not None
        return self.shelf


def log(level: str, message: str, **more: object) -> None:
    """One structured line on standard output, as every log of the shop."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(json.dumps({"at": at, "level": level, "message": message, **more}), flush=True)


def measured(shop: Shop, path: str, answer: Answer) -> Route:
    """A route whose requests are counted and timed; a fault of the database becomes a 503."""

    async def call(request: Request) -> Response:
        start = time.perf_counter()
        try:
            reply = await _spoiled(shop, path) or await answer(request)
        except Exception as fault:  # noqa: BLE001 -- any fault of what lies below is a 503 of this service
            log("error", "request failed", path=path, error=type(fault).__name__)
            reply = JSONResponse({"error": type(fault).__name__}, status_code=503)
        shop.figures.request(request.method, path, reply.status_code, time.perf_counter() - start)
        return reply

    return Route(path, call, methods=["GET", "POST"])


async def _spoiled(shop: Shop, path: str) -> Response | None:
    """What the demo's faults `slow` and `errors` do to a request; health addresses are spared, as so often in life."""
    if "health" in path:
        return None
    shop.requests += 1
    if shop.switches.on("slow"):
        await asyncio.sleep(SLOW_S)
    if shop.switches.on("errors") and shop.requests % GONE == 0:
        log("error", "request failed", path=path, error="internal error")
        return JSONResponse({"error": "internal error"}, status_code=500)
    return None


def _version(folder: Path) -> str:
    """The version that is deployed, as it stood when this process started."""
    with contextlib.suppress(OSError):
        return (folder / "VERSION").read_text().strip()
    return "unknown"


def looks(shop: Shop) -> dict[str, Answer]:
    """What is only read."""
    version = _version(shop.folder)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "healthy", "version": version})

    async def health_database(_: Request) -> Response:
        await shop.goods.ask("select 1")
        return JSONResponse({"status": "healthy", "database": "connected"})

    async def health_redis(_: Request) -> Response:
        if shop.cache is None:
            return JSONResponse({"status": "absent"}, status_code=503)
        await shop.cache.ping()
        return JSONResponse({"status": "healthy", "redis": "connected"})

    async def products(_: Request) -> Response:
        rows = await shop.goods.ask("select id, name, stock, low from products order by id")
        return JSONResponse([{"id": r[0], "name": r[1], "stock": r[2], "low": r[2] < r[3]} for r in rows])

    async def customers(_: Request) -> Response:
        rows = await shop.goods.ask("select id, name from customers order by id")
        return JSONResponse([{"id": r[0], "name": r[1]} for r in rows])

    return {
        "/health": health,
        "/api/v1/health/database": health_database,
        "/api/v1/health/redis": health_redis,
        "/api/v1/products": products,
        "/api/v1/customers": customers,
    }


def acts(shop: Shop) -> dict[str, Answer]:
    """What changes something."""

    async def orders(request: Request) -> Response:
        if request.method == "GET":
            rows = await shop.goods.ask("select count(*) from orders")
            return JSONResponse({"orders": rows[0][0]})
        asked = await request.json()
        product, quantity, customer = int(asked["product"]), int(asked["quantity"]), int(asked.get("customer", 1))
        rows = await shop.goods.ask("select stock from products where id = ?", product)
        if not rows or rows[0][0] < quantity:
            return JSONResponse({"error": "not in stock"}, status_code=409)
        number = time.time_ns() // 1000
        insert = "insert into orders (id, product, quantity, customer, at) values (?, ?, ?, ?, ?)"
        await shop.goods.do(insert, number, product, quantity, customer, time.time())
        # A delivery comes when half of the goods are sold, so that the shop can run for days.
        await shop.goods.do("update products set stock = stock - ? where id = ?", quantity, product)
        await shop.goods.do("update products set stock = stock + 100 where id = ? and stock < 100", product)
        shop.figures.events["orders_total"] += 1
        return JSONResponse({"order": number}, status_code=201)

    async def login(request: Request) -> Response:
        asked = await request.json()
        email = str(asked.get("email", ""))
        why = await people.sign_in(shop.goods, email, str(asked.get("password", "")), time.time())
        if why:
            shop.figures.events["login_failures_total"] += 1
            log("warning", "authentication failed", user=email, reason=why)
            return JSONResponse({"error": "authentication failed"}, status_code=401)
        shop.figures.events["logins_total"] += 1
        return JSONResponse({"signed_in": email})

    async def upload(request: Request) -> Response:
        name, body = request.headers.get("x-name", "upload"), await request.body()
        kept = await asyncio.to_thread(shop.quota.keep, name, body)
        if not kept:
            log("error", "upload refused", reason="no space left in the uploads folder")
            return JSONResponse({"error": "no space left"}, status_code=507)
        return JSONResponse({"kept": kept}, status_code=201)

    return {"/api/v1/orders": orders, "/api/v1/auth/login": login, "/api/v1/uploads": upload}


async def exposed(shop: Shop) -> Response:
    """The service's own figures, with those of the uploads folder as a file system of its own."""
    try:
        low = await shop.goods.ask("select count(*) from products where stock < low")
        shop.figures.gauges["inventory_low_stock_alerts"] = float(low[0][0])
        known = await shop.goods.ask("select count(*) from customers")
        shop.figures.gauges["customers_registered"] = float(known[0][0])
        shop.figures.gauges["database_connections_active"] = float(await shop.goods.connections())
    except Exception:  # noqa: BLE001 -- without the database these two have no value, and are not exposed
        shop.figures.gauges.clear()
    text = shop.figures.text() + shop.quota.text()
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


async def exported(shop: Shop) -> Response:
    """A small exporter of the database: 503 where it does not answer, so that its job is down with it."""
    try:
        orders = (await shop.goods.ask("select count(*) from orders"))[0][0]
    except Exception:  # noqa: BLE001 -- as above
        return PlainTextResponse("the database does not answer\n", status_code=503)
    text = f"# TYPE pg_up gauge\npg_up 1\n# TYPE shop_orders_rows gauge\nshop_orders_rows {orders}\n"
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def build(shop: Shop) -> Starlette:
    """The application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await shop.open()
        log("info", "started")
        yield
        await shop.goods.close()

    async def metrics(_: Request) -> Response:
        return await exposed(shop)

    async def database(_: Request) -> Response:
        return await exported(shop)

    routes = [measured(shop, path, answer) for path, answer in {**looks(shop), **acts(shop)}.items()]
    figures = [Route("/metrics", metrics), Route("/metrics/database", database)]
    return Starlette(routes=[*routes, *figures], lifespan=lifespan)


def main() -> None:
    """Serve until stopped."""
    port, database, cache, folder = sys.argv[1:5]
    app = build(Shop(database, cache, Path(folder)))
    uvicorn.run(
        app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False, timeout_graceful_shutdown=3
    )


if __name__ == "__main__":
    main()
