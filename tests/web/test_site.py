from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.web.fakes import stage

from opsguide.core.settings import AuthSettings
from opsguide.web.app import ENDPOINTS
from opsguide.web.auth import IDLE_S

if TYPE_CHECKING:
    from tests.web.fakes import Reply

TICK = "/api/claims/task-shop-read-the-log/tick"
TRUST = "/api/claims/task-shop-read-the-log/trust"
FORMS = ["/tick", "/trust", "/sign-out", "/tokens", "/tokens/drop", "/tokens/invite"]


def test_every_post_that_is_no_query_and_no_sign_in_acts() -> None:
    posts = {each.path for each in ENDPOINTS if each.method == "POST" and not each.acts}
    assert {path for path in posts if not path.startswith("/api/v1/")} == {"/sign-in"}


@pytest.mark.parametrize("path", FORMS)
def test_without_a_session_a_form_changes_nothing(path: str) -> None:
    async def scene() -> None:
        on = await stage()
        assert (await on.call.form(path, {"claim": "task-shop-read-the-log", "csrf": ""})).status == 401
        assert on.running.acts == []

    asyncio.run(scene())


@pytest.mark.parametrize("path", [TICK, TRUST])
def test_without_a_session_a_call_changes_nothing(path: str) -> None:
    async def scene() -> Reply:
        on = await stage()
        reply = await on.call.post(path, {"until": "2027-01-16T00:00:00Z"} if path == TRUST else {})
        assert on.running.acts == []
        return reply

    reply = asyncio.run(scene())
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("word", ["", "0" * 64, None])
def test_a_form_with_a_forged_word_changes_nothing(path: str, word: str | None) -> None:
    async def scene() -> None:
        on = await stage()
        await on.call.sign_in()
        fields = {"claim": "task-shop-read-the-log", "days": "1"} | ({} if word is None else {"csrf": word})
        assert (await on.call.form(path, fields)).status == 403
        assert on.running.acts == []
        assert on.auth.tokens("Ada") == []
        assert (await on.call.get("/tokens")).text.count("Ada") > 1

    asyncio.run(scene())


def test_the_word_of_another_session_is_forged_too() -> None:
    async def scene() -> None:
        on = await stage()
        eves = await on.call.sign_in("Eve")
        await on.call.sign_in("Ada")
        assert (await on.call.form("/tick", {"claim": "task-shop-read-the-log", "csrf": eves})).status == 403
        assert on.running.acts == []

    asyncio.run(scene())


def test_an_expired_session_changes_nothing() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in()
        on.clock.at += IDLE_S
        assert (await on.call.post(TICK, {})).status == 401
        assert (await on.call.form("/tick", {"claim": "task-shop-read-the-log", "csrf": csrf})).status == 401
        assert on.running.acts == []

    asyncio.run(scene())


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_call_with_another_content_type_changes_nothing(media: str) -> None:
    async def scene() -> None:
        on = await stage()
        await on.call.sign_in()
        assert (await on.call.post(TICK, {}, content_type=media)).status == 415
        assert on.running.acts == []

    asyncio.run(scene())


def test_a_form_sent_as_json_changes_nothing() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in()
        reply = await on.call.post("/tick", {"csrf": csrf, "claim": "task-shop-read-the-log"})
        assert reply.status == 415
        assert on.running.acts == []

    asyncio.run(scene())


@pytest.mark.parametrize("body", [[], {"note": 3}, {"unknown": 1}, {"note": "x" * 2001}, "text"])
def test_a_body_that_does_not_fit_is_told_why(body: object) -> None:
    async def scene() -> Reply:
        on = await stage()
        await on.call.sign_in()
        reply = await on.call.post(TICK, body)
        assert on.running.acts == []
        return reply

    reply = asyncio.run(scene())
    assert reply.status == 400
    assert "does not fit" in reply.json()["detail"]


def test_a_token_acts_in_its_persons_name_and_a_wrong_one_is_nobody() -> None:
    async def scene() -> None:
        on = await stage()
        token = await on.auth.make_token("Grace", "ci")
        assert (await on.call.post(TICK, {"note": "n"}, authorization=f"Bearer {token}")).status == 200
        assert on.running.acts == [("tick", "task-shop-read-the-log", "Grace", "n")]
        await on.call.sign_in()
        for wrong in ("Bearer nope", "Basic QWRhOng=", f"Bearer {token}x", "Bearer "):
            assert (await on.call.post(TICK, {}, authorization=wrong)).status == 401
        assert len(on.running.acts) == 1

    asyncio.run(scene())


def test_a_token_cannot_send_forms() -> None:
    async def scene() -> None:
        on = await stage()
        token = await on.auth.make_token("Grace", "ci")
        assert (await on.call.form("/tokens", {"csrf": ""}, authorization=f"Bearer {token}")).status == 403

    asyncio.run(scene())


def test_reading_needs_a_sign_in_where_the_settings_say_so() -> None:
    async def scene() -> None:
        on = await stage(settings=AuthSettings(reading=True))
        for path in (
            "/",
            "/api/claims",
            "/metrics",
            "/c/alert-shop-slow",
            "/api/v1/query?query=up",
            "/api/live",
            "/journal",
        ):
            reply = await on.call.get(path)
            assert reply.status == 401
            assert "Response time" not in reply.text
        for path in ("/-/healthy", "/-/ready", "/sign-in", "/static/page.css"):
            assert (await on.call.get(path)).status == 200
        assert "Response time" not in (await on.call.get("/sign-in")).text
        await on.call.sign_in()
        assert (await on.call.get("/")).status == 200

    asyncio.run(scene())


def test_a_cookie_that_cannot_be_read_is_nobody() -> None:
    async def scene() -> int:
        return (await (await stage()).call.post(TICK, {}, cookie='a"=;;;=\x01')).status

    assert asyncio.run(scene()) == 401


@pytest.mark.parametrize("limit", ["x", "0", "-1", "1001", "nan", "1e99"])
def test_a_number_out_of_bounds_is_told_so(limit: str) -> None:
    async def scene() -> Reply:
        return await (await stage()).call.get(f"/api/flips?limit={limit}")

    reply = asyncio.run(scene())
    assert reply.status == 400
    assert "limit" in reply.json()["detail"]
