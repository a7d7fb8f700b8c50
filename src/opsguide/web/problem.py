"""Every error leaves as RFC 9457 problem+json; a browser that asked for a page gets the same sentence as a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from markupsafe import escape
from starlette.exceptions import HTTPException
from starlette.responses import Response

from opsguide.core.ports import Conflict, StoreFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
_MACHINES = ("/api", "/-/", "/metrics", "/static")
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>{title}</title><link rel="stylesheet" href="/static/page.css"><main class="plain"><h1>{title}</h1>'
    '<p>{detail}</p><p><a href="/">to the guide</a></p></main></html>'
)


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457. type stays about:blank, whose title is the status's own phrase; id names a line of our log."""

    status: int
    title: str
    detail: str = ""
    type: str = "about:blank"
    instance: str = ""
    id: str = ""


def problem(
    status: int, detail: str, scope: Scope | None = None, *, headers: Mapping[str, str] | None = None, log_id: str = ""
) -> Response:
    """The answer for an error; as a page where `scope` is a browser's navigation, else problem+json."""
    title = HTTPStatus(status).phrase
    if scope is not None and _wants_page(scope):
        page = _PAGE.format(title=escape(title), detail=escape(detail))
        return Response(page, status, headers, "text/html")
    path = "" if scope is None else str(scope.get("path", ""))
    body = msgspec.json.encode(Problem(status, title, detail, instance=path, id=log_id))
    return Response(body, status, headers, MEDIA_TYPE)


async def answer_http(request: Request, error: Exception) -> Response:
    """A Starlette handler for HTTPException (404, 405 and our own refusals)."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else _sentence(error.status_code, request)
    return problem(error.status_code, detail, request.scope, headers=error.headers)


async def answer_store(request: Request, error: Exception) -> Response:
    """A Starlette handler for a store that could not write: nothing was changed, and the caller may try again."""
    assert isinstance(error, StoreFault | Conflict)
    return problem(503, f"nothing was changed: {error}", request.scope, headers={"retry-after": "5"})


def _sentence(status: int, request: Request) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"nothing stands at {request.url.path}"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.url.path} does not take {request.method}"
    return HTTPStatus(status).description


def _wants_page(scope: Scope) -> bool:
    if str(scope.get("path", "")).startswith(_MACHINES):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope.get("headers", ()))
