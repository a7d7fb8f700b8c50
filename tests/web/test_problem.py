from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.web.fakes import stage

if TYPE_CHECKING:
    from tests.web.fakes import Reply


def asked(method: str, path: str, **headers: str) -> Reply:
    async def scene() -> Reply:
        return await (await stage()).call.call(method, path, b"", **headers)

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/api/nope", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/static/nope.css", 404),
        ("GET", "/g/nope/", 404),
        ("GET", "/c/nope", 404),
        ("POST", "/api/claims", 405),
        ("DELETE", "/", 405),
        ("GET", "/c/explode", 500),
    ],
)
def test_every_error_is_a_problem(method: str, path: str, status: int) -> None:
    reply = asked(method, path, origin="http://127.0.0.1:8080")
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert (reply.json()["status"], bool(reply.json()["title"])) == (status, True)
    assert reply.json()["detail"]


def test_a_wrong_method_says_which_ones_are_right() -> None:
    assert "GET" in asked("DELETE", "/api/flips", origin="http://127.0.0.1:8080").headers["allow"]


def test_a_browser_gets_the_sentence_as_a_page_and_escaped() -> None:
    reply = asked("GET", "/c/<script>alert(1)</script>", accept="text/html,*/*")
    assert (reply.status, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<script" not in reply.text
    assert "&lt;script&gt;" in reply.text


def test_the_api_speaks_json_to_browsers_too() -> None:
    assert asked("GET", "/api/nope", accept="text/html").headers["content-type"] == "application/problem+json"
