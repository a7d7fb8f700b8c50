from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from tests.web.fakes import HOST, ORIGIN, stage

from opsguide.core.settings import AuthSettings
from opsguide.web.guard import BODY_BYTES, allowed_hosts

if TYPE_CHECKING:
    from tests.web.fakes import Reply

PATHS = ["/", "/api/claims", "/api/live", "/-/healthy", "/static/page.css", "/sign-in", "/nothing", "/metrics"]
TICK = "/api/claims/task-shop-read-the-log/tick"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:9", "127.0.0.1:8080.evil", ""]
)
def test_a_foreign_host_is_refused_on_every_path(path: str, host: str) -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get(path, host=host)

    reply = asyncio.run(scene())
    assert reply.status == 421
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", [HOST, "localhost:8080", "LOCALHOST:8080", "[::1]:8080"])
def test_our_own_names_are_served(host: str) -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get("/-/ready", host=host)

    assert asyncio.run(scene()).status == 200


def test_no_host_at_all_is_refused() -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get("/", host=None)

    assert asyncio.run(scene()).status == 421


def test_further_hosts_are_those_of_the_settings() -> None:
    async def scene() -> list[int]:
        call = (await stage(settings=AuthSettings(hosts=("ops.example", "alias.example:443")))).call
        hosts = ("ops.example", "ops.example:8080", "alias.example:443", "alias.example")
        return [(await call.get("/-/ready", host=host)).status for host in hosts]

    assert asyncio.run(scene()) == [200, 200, 200, 421]


def test_the_default_port_may_be_left_out() -> None:
    assert "localhost" in allowed_hosts("127.0.0.1", 443, "https")
    assert "localhost" not in allowed_hosts("127.0.0.1", 443, "http")
    assert "0.0.0.0:80" not in allowed_hosts("0.0.0.0", 80, "http")
    assert "ops.example:8443" in allowed_hosts("OPS.example", 8443, "https")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://127.0.0.1:9", "https://127.0.0.1:8080", "http://localhost:8080"],
)
def test_a_foreign_origin_changes_nothing(origin: str) -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in()
        fields = {"csrf": csrf, "claim": "task-shop-read-the-log"}
        assert (await on.call.post(TICK, {}, origin=origin)).status == 403
        assert (await on.call.form("/tick", fields, origin=origin)).status == 403
        link = on.auth.link("Eve")
        assert (await on.call.form("/sign-in", {"link": link}, origin=origin)).status == 403
        assert on.auth.link_name(link) == "Eve"
        assert on.running.acts == []

    asyncio.run(scene())


def test_a_missing_origin_is_allowed_with_a_bearer_token_alone() -> None:
    async def scene() -> None:
        on = await stage()
        token = await on.auth.make_token("Ada", "ci")
        assert (await on.call.post(TICK, {}, origin=None)).status == 403
        await on.call.sign_in()
        assert (await on.call.post(TICK, {}, origin=None)).status == 403
        assert on.running.acts == []
        assert (await on.call.post(TICK, {}, origin=None, authorization=f"Bearer {token}")).status == 200

    asyncio.run(scene())


def test_a_body_that_is_too_large_is_refused_said_or_unsaid() -> None:
    async def scene() -> None:
        on = await stage()
        await on.call.sign_in()
        big = {"note": "x" * BODY_BYTES}
        assert (await on.call.post(TICK, big, content_length=str(BODY_BYTES + 50))).status == 413
        assert (await on.call.post(TICK, big)).status == 413
        assert (await on.call.post(TICK, {}, content_length="-1")).status == 413
        assert on.running.acts == []

    asyncio.run(scene())


def test_a_fault_of_ours_is_a_problem_with_an_id_and_no_word_of_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get("/api/claims/explode")

    with caplog.at_level(logging.ERROR, "opsguide.web"):
        reply = asyncio.run(scene())
    assert reply.status == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "secret detail" not in reply.text
    assert "Traceback" not in reply.text
    assert reply.json()["id"] in caplog.text
    assert "secret detail of ours" in caplog.text


@pytest.mark.parametrize("path", ["/", "/api/claims", "/nothing", "/static/page.js", "/api/claims/explode"])
def test_every_answer_carries_the_headers(path: str) -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get(path)

    headers = asyncio.run(scene()).headers
    policy = dict(each.partition(" ")[::2] for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["style-src"] == policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    # same-origin, not no-referrer: see web/guard.py.
    assert headers["referrer-policy"] == "same-origin"


def test_pages_are_not_kept_and_versioned_files_are() -> None:
    async def scene() -> list[str]:
        call = (await stage()).call
        return [
            (await call.get(path)).headers["cache-control"]
            for path in ("/", "/static/page.css?v=1", "/static/page.css")
        ]

    assert asyncio.run(scene()) == ["no-store", "public, max-age=31536000, immutable", "no-store"]


def test_our_own_origin_is_served() -> None:
    async def scene() -> int:
        on = await stage()
        await on.call.sign_in()
        return (await on.call.post(TICK, {}, origin=ORIGIN)).status

    assert asyncio.run(scene()) == 200
