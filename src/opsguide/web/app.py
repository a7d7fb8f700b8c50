"""Builds the web application of one running opsguide."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from opsguide.core.ports import Conflict, StoreFault
from opsguide.web import api, charts, claimpage, graph, journal, nowpage, own, pages, prometheus, render, signin, tasks
from opsguide.web.guard import Guard, allowed_hosts
from opsguide.web.live import Live
from opsguide.web.problem import answer_http, answer_store
from opsguide.web.server import parse_listen, refuse_open
from opsguide.web.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from opsguide.core.settings import AuthSettings
    from opsguide.kernel.view import Running
    from opsguide.web.auth import Auth

ENDPOINTS = (
    *own.ENDPOINTS,
    *render.ENDPOINTS,
    *signin.ENDPOINTS,
    *api.ENDPOINTS,
    *prometheus.ENDPOINTS,
    *pages.ENDPOINTS,
    *claimpage.ENDPOINTS,
    *charts.ENDPOINTS,
    *nowpage.ENDPOINTS,
    *tasks.ENDPOINTS,
    *journal.ENDPOINTS,
    *graph.ENDPOINTS,
)


def build(running: Running, auth: Auth, *, listen: str, settings: AuthSettings) -> Starlette:
    """The application, for the server in web/server.py.

    listen: the real HOST:PORT, no port 0, for the Host and Origin checks compare with it. Raises Unusable where others
    could reach it without sign-in or in the clear. Its lifespan loads sessions and starts the live hub.
    """
    refuse_open(listen, settings)
    host, port = parse_listen(listen)
    secure = bool(settings.tls_certificate)
    hosts = allowed_hosts(host, port, "https" if secure else "http", settings.hosts)
    app = Starlette(
        routes=[Route(each.path, each.__call__, methods=[each.method]) for each in ENDPOINTS],
        middleware=[
            Middleware(Guard, hosts=hosts, reading_posts=(prometheus.PREFIX,)),
            # A page shrinks to a tenth. What a stranger could guess by its length (BREACH) is not in it: the session's
            # cookie is SameSite=Strict, so a page that another site asks for carries no word of the session.
            Middleware(GZipMiddleware, minimum_size=2048, compresslevel=1),
        ],
        exception_handlers={HTTPException: answer_http, StoreFault: answer_store, Conflict: answer_store},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.live = live = Live(running)
    app.state.site = Site(
        running=running,
        auth=auth,
        live=live,
        templates=render.environment(),
        # Cookies know no ports: two of us on one host must not sign each other out.
        cookie=f"opsguide_{port}",
        secure=secure,
        reading=settings.reading,
    )
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    await app.state.site.auth.open()
    async with asyncio.TaskGroup() as group:
        hub = group.create_task(app.state.live.run())
        yield
        hub.cancel()
