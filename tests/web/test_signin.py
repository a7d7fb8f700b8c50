from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.web.fakes import ORIGIN, stage

if TYPE_CHECKING:
    from tests.web.fakes import Reply


def test_looking_at_the_link_does_not_use_it_up() -> None:
    async def scene() -> None:
        on = await stage()
        link = on.auth.link("Ada")
        for _ in range(3):
            page = await on.call.get(f"/sign-in?link={link}")
            assert page.status == 200
            assert "Ada" in page.text
            assert "set-cookie" not in page.headers
        assert (await on.call.form("/sign-in", {"link": link})).status == 303

    asyncio.run(scene())


def test_the_cookie_is_kept_from_scripts_and_other_sites() -> None:
    async def scene() -> Reply:
        on = await stage()
        return await on.call.form("/sign-in", {"link": on.auth.link("Ada")})

    reply = asyncio.run(scene())
    assert reply.headers["location"] == "/"
    cookie = reply.headers["set-cookie"].lower()
    assert cookie.startswith("opsguide_8080=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie


def test_a_used_link_is_gone_and_signs_nobody_in() -> None:
    async def scene() -> None:
        on = await stage()
        link = on.auth.link("Ada")
        await on.call.form("/sign-in", {"link": link})
        again = await on.call.form("/sign-in", {"link": link})
        assert again.status == 410
        assert "set-cookie" not in again.headers
        assert (await on.call.get(f"/sign-in?link={link}")).status == 410
        assert (await on.call.form("/sign-in", {})).status == 410

    asyncio.run(scene())


def test_a_link_without_a_name_asks_for_one() -> None:
    async def scene() -> None:
        on = await stage()
        link = on.auth.link()
        assert 'name="name"' in (await on.call.get(f"/sign-in?link={link}")).text
        assert (await on.call.form("/sign-in", {"link": link, "name": "<b>"})).status == 400
        assert (await on.call.form("/sign-in", {"link": link, "name": "Grace"})).status == 303

    asyncio.run(scene())


def test_signing_out_ends_the_session() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in()
        assert "max-age=0" in (await on.call.form("/sign-out", {"csrf": csrf})).headers["set-cookie"].lower()
        assert (await on.call.form("/tokens", {"csrf": csrf})).status == 401

    asyncio.run(scene())


def test_a_token_is_shown_once_and_can_be_withdrawn() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in()
        page = await on.call.form("/tokens", {"csrf": csrf, "label": "ci <b>"})
        secret = page.text.partition("<code>ogt_")[2].partition("</code>")[0]
        assert len(secret) >= 40
        assert "ci &lt;b&gt;" in page.text
        assert secret not in (await on.call.get("/tokens")).text
        ((key, _),) = on.auth.tokens("Ada")
        assert (await on.call.form("/tokens/drop", {"csrf": csrf, "key": key})).status == 303
        assert (await on.call.form("/tokens/drop", {"csrf": csrf, "key": key})).status == 404

    asyncio.run(scene())


def test_an_invitation_signs_its_person_in() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in()
        assert (await on.call.form("/tokens/invite", {"csrf": csrf, "name": "<b>"})).status == 400
        page = await on.call.form("/tokens/invite", {"csrf": csrf, "name": "Eve"})
        link = page.text.partition(f"{ORIGIN}/sign-in?link=")[2].partition("</code>")[0]
        assert on.auth.link_name(link) == "Eve"

    asyncio.run(scene())


@pytest.mark.parametrize("path", ["/tokens", "/sign-in"])
def test_without_a_session_the_pages_say_how_to_get_one(path: str) -> None:
    async def scene() -> str:
        return (await (await stage()).call.get(path)).text

    assert "opsguide run" in asyncio.run(scene())
