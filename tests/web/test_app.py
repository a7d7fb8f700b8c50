from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import pytest
from tests.web.fakes import Clock, FakeRunning, stage

from opsguide.core.mend import Unusable
from opsguide.core.settings import AuthSettings
from opsguide.store.sqlite import SqliteState
from opsguide.web.app import ENDPOINTS, build
from opsguide.web.auth import Auth


def built(listen: str, settings: AuthSettings) -> bool:
    state = SqliteState(Path(":memory:"))
    return bool(build(FakeRunning([], state, []), Auth(state, Clock()), listen=listen, settings=settings).routes)


def test_beyond_loopback_it_is_not_built_without_sign_in_and_tls() -> None:
    with pytest.raises(Unusable) as refused:
        built("0.0.0.0:8080", AuthSettings(reading=True))
    assert "[auth]" in refused.value.mends[0].mend
    assert built("127.0.0.1:8080", AuthSettings())
    assert built("0.0.0.0:8443", AuthSettings(reading=True, tls_certificate="c.pem", tls_key="k.pem"))


def test_no_two_endpoints_are_the_same() -> None:
    names = [(each.method, each.path) for each in ENDPOINTS]
    assert len(set(names)) == len(names)


def test_a_page_is_sent_small_to_whoever_can_read_it_so() -> None:
    async def scene() -> tuple[bytes, bytes, str]:
        on = await stage()
        plain = await on.call.get("/")
        small = await on.call.get("/", accept_encoding="gzip")
        assert small.headers["content-encoding"] == "gzip"
        return plain.body, gzip.decompress(small.body), small.headers["content-security-policy"]

    plain, unpacked, policy = asyncio.run(scene())
    assert plain == unpacked
    assert "default-src 'none'" in policy
