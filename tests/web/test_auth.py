from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.web.fakes import Clock

from opsguide.core.ports import Changes
from opsguide.store.sqlite import SqliteState
from opsguide.web.auth import IDLE_S, LINK_S, LONGEST_S, Auth, Person, csrf_fits, new_token, valid_name


async def opened() -> tuple[Auth, Clock, SqliteState]:
    state = SqliteState(Path(":memory:"))
    await state.open()
    clock = Clock()
    auth = Auth(state, clock)
    await auth.open()
    return auth, clock, state


async def signed_in(auth: Auth, name: str = "Ada") -> str:
    secret = await auth.sign_in(auth.link(name), "")
    assert secret is not None
    return secret


def test_a_link_signs_one_person_in_once() -> None:
    async def scene() -> None:
        auth, _, _ = await opened()
        link = auth.link("Ada")
        assert auth.link_name(link) == "Ada"
        assert auth.link_name(link) == "Ada"
        secret = await auth.sign_in(link, "Eve")
        assert secret is not None
        assert (await auth.by_session(secret) or Person("")).name == "Ada"
        assert await auth.sign_in(link, "Eve") is None
        assert auth.link_name(link) is None

    asyncio.run(scene())


def test_of_two_who_use_a_link_at_once_one_is_let_in() -> None:
    async def scene() -> None:
        auth, _, _ = await opened()
        link = auth.link("Ada")
        both = await asyncio.gather(auth.sign_in(link, ""), auth.sign_in(link, ""))
        assert sum(secret is not None for secret in both) == 1

    asyncio.run(scene())


def test_a_link_ends_after_fifteen_minutes() -> None:
    async def scene() -> None:
        auth, clock, _ = await opened()
        link = auth.link("Ada")
        clock.at += LINK_S
        assert auth.link_name(link) is None
        assert await auth.sign_in(link, "") is None

    asyncio.run(scene())


def test_a_link_without_a_name_takes_a_proper_one() -> None:
    async def scene() -> None:
        auth, _, _ = await opened()
        link = auth.link()
        assert await auth.sign_in(link, "<b>") is None
        secret = await auth.sign_in(link, " Grace Hopper ")
        assert (await auth.by_session(secret or "") or Person("")).name == "Grace Hopper"

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["", " ", "a\nb", "<script>", 'a"b', "x" * 65, " Ada"])
def test_names_that_could_mislead_a_log_are_refused(name: str) -> None:
    assert not valid_name(name)


def test_a_session_that_is_used_lives_a_week_and_no_longer() -> None:
    async def scene() -> None:
        auth, clock, _ = await opened()
        secret = await signed_in(auth)
        for _ in range(13):
            clock.at += IDLE_S - 1
            assert await auth.by_session(secret) is not None
        clock.at += LONGEST_S - 13 * (IDLE_S - 1)
        assert await auth.by_session(secret) is None

    asyncio.run(scene())


def test_a_session_that_is_left_alone_ends_after_twelve_hours() -> None:
    async def scene() -> None:
        auth, clock, _ = await opened()
        secret = await signed_in(auth)
        clock.at += IDLE_S
        assert await auth.by_session(secret) is None

    asyncio.run(scene())


def test_sessions_and_tokens_outlive_a_restart_and_links_do_not() -> None:
    async def scene() -> None:
        auth, clock, state = await opened()
        session, token, link = await signed_in(auth), await auth.make_token("Ada", "ci"), auth.link("Eve")
        again = Auth(state, clock)
        await again.open()
        assert (await again.by_session(session) or Person("")).name == "Ada"
        assert await again.by_token(token) == Person("Ada")
        assert again.link_name(link) is None

    asyncio.run(scene())


def test_no_secret_is_stored() -> None:
    async def scene() -> None:
        auth, _, state = await opened()
        secrets = [await signed_in(auth), await auth.make_token("Ada", "ci")]
        rows = [*await state.records("sessions"), *await state.records("tokens")]
        stored = b"".join(row.key.encode() + (row.body or b"") for row in rows)
        assert len(rows) == 2
        assert not [secret for secret in secrets if secret.encode() in stored]

    asyncio.run(scene())


def test_signing_out_ends_the_session_and_old_ones_are_forgotten() -> None:
    async def scene() -> None:
        auth, clock, state = await opened()
        secret = await signed_in(auth)
        await auth.sign_out(secret)
        assert await auth.by_session(secret) is None
        await signed_in(auth)
        clock.at += LONGEST_S
        await signed_in(auth, "Grace")
        assert len(await state.records("sessions")) == 1

    asyncio.run(scene())


def test_a_token_made_beside_us_is_found() -> None:
    async def scene() -> None:
        auth, clock, state = await opened()
        secret, row = new_token("Ada", "ci", clock.now())
        assert await auth.by_token(secret) is None
        await state.commit(Changes(records=(row,)))
        clock.at += 3
        assert await auth.by_token(secret) == Person("Ada")

    asyncio.run(scene())


def test_a_person_withdraws_own_tokens_only() -> None:
    async def scene() -> None:
        auth, _, _ = await opened()
        token = await auth.make_token("Ada", "ci")
        ((key, stored),) = auth.tokens("Ada")
        assert stored.label == "ci"
        assert not await auth.drop_token("Eve", key)
        assert not await auth.drop_token("Ada", "zz")
        assert await auth.drop_token("Ada", key)
        assert await auth.by_token(token) is None

    asyncio.run(scene())


def test_the_word_of_one_sessions_forms_fits_no_other() -> None:
    async def scene() -> None:
        auth, _, _ = await opened()
        ada, eve = [await auth.by_session(await signed_in(auth, name)) for name in ("Ada", "Eve")]
        assert ada is not None
        assert eve is not None
        assert csrf_fits(ada, ada.csrf)
        assert not csrf_fits(ada, eve.csrf)
        assert not csrf_fits(ada, "")
        assert not csrf_fits(Person("token"), "")

    asyncio.run(scene())
