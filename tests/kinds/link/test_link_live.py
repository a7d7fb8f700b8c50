from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.kinds.reading import batch
from tests.servers import http_server

from opsguide.core.block import Place
from opsguide.core.nouns import Claim, Evidence, Flip, State
from opsguide.core.ports import HttpReply, HttpRequest, WorldFault
from opsguide.core.settings import parse_settings
from opsguide.kinds.link import KIND
from opsguide.kinds.link.spec import LinkMemory, LinkSpec
from opsguide.world.real import close_world, real_world
from opsguide.world.sim.loop import run
from opsguide.world.sim.world import SimSeries, SimWorld, reply

if TYPE_CHECKING:
    from pathlib import Path

H, W, B, U = State.HOLDS, State.WAITING, State.BROKEN, State.UNKNOWN
URL = "http://h/page"


def _claim(spec: LinkSpec) -> Claim[LinkSpec]:
    return Claim("link", "t", "s", Place("g", 1, 1), spec, "u", id="link-s")


WEB, FILE = _claim(LinkSpec(URL, web=True)), _claim(LinkSpec("a.md#b", path="a.md", anchor="b"))


def _look(sim: SimWorld, claim: Claim[LinkSpec]) -> Evidence:
    (seen,) = run(KIND.run(batch(claim), sim.world))
    return seen


def _no_head(request: HttpRequest) -> HttpReply:
    return reply(405 if request.method == "HEAD" else 200)


def _cuts_head(request: HttpRequest) -> HttpReply | WorldFault:
    return WorldFault("reset", "cut") if request.method == "HEAD" else reply(404)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply(200), "ok"),
        (reply(401), "ok"),
        (reply(403), "ok"),
        (reply(404), "status_404"),
        (reply(500), "status_500"),
        (WorldFault("dns", "no"), "dns"),
        (reply(200, b"x" * (5 << 20)), "ok"),
    ],
)
def test_what_an_address_says(answer: HttpReply | WorldFault, says: str) -> None:
    sim = SimWorld()
    sim.net.on(URL, answer)
    assert _look(sim, WEB).says == says


def test_a_server_that_knows_no_head_is_asked_with_get() -> None:
    sim = SimWorld()
    sim.net.on(URL, _no_head)
    assert _look(sim, WEB).says == "ok"
    assert [request.method for _, request in sim.net.requests] == ["HEAD", "GET"]
    sim.net.on(URL, _cuts_head)
    assert _look(sim, WEB).says == "status_404"


@pytest.mark.parametrize(
    ("content", "says"), [({}, "not_found"), ({"a.md": b"# B"}, "ok"), ({"a.md": b"# C"}, "no_anchor")]
)
def test_what_a_file_says(content: dict[str, bytes], says: str) -> None:
    sim = SimWorld()
    sim.files.content = content
    assert _look(sim, FILE).says == says


@pytest.mark.parametrize(
    ("claim", "outcomes", "states"),
    [
        (WEB, ["ok", "status_500", "ok"], [H, W, H]),
        (WEB, ["status_404", "status_404"], [W, B]),
        (FILE, ["not_found", "ok", "not_found"], [B, H, B]),
        (FILE, ["denied"], [U]),
    ],
)
def test_an_address_breaks_after_two_failures_and_a_file_at_once(
    claim: Claim[LinkSpec], outcomes: list[str], states: list[State]
) -> None:
    memory, found = LinkMemory(), []
    for says in outcomes:
        judged = KIND.judge(claim, memory, Evidence("link-s", "", 1.0, ok=says == "ok", says=says), 1.0)
        memory = judged.memory
        assert msgspec.json.decode(msgspec.json.encode(memory), type=LinkMemory) == memory
        found.append(judged.verdict.state)
    assert found == states


def test_time_alone_says_what_is_known() -> None:
    def alone(claim: Claim[LinkSpec], memory: LinkMemory) -> State:
        return KIND.judge(claim, memory, None, 1.0).verdict.state

    assert [alone(WEB, LinkMemory()), alone(WEB, LinkMemory(0, held=True)), alone(WEB, LinkMemory(1))] == [U, H, W]
    assert [alone(WEB, LinkMemory(2)), alone(FILE, LinkMemory(1))] == [B, B]


def test_a_broken_link_is_a_warning() -> None:
    (effect,) = KIND.react(WEB, Flip("link-s", "", 1, 1.0, W, B, "why"))
    assert ("severity", "warning") in effect.event.labels  # type: ignore[union-attr]  # a signal with an alert


def test_the_planted_break_a_real_page_and_a_real_file_that_vanish(tmp_path: Path) -> None:
    async def life() -> list[str]:
        world = real_world(tmp_path, parse_settings("", "opsguide.toml"), SimSeries())
        (tmp_path / "a.md").write_text("## B\n")
        found = []
        with http_server({"/page": (200, "x")}) as site:
            page = _claim(LinkSpec(f"{site.url}/page", web=True))
            for _ in range(2):
                for claim in (page, FILE):
                    (seen,) = await KIND.run(batch(claim), world)
                    found.append(seen.says)
                site.answers = {}
                (tmp_path / "a.md").unlink(missing_ok=True)
        await close_world(world)
        return found

    assert asyncio.run(life()) == ["ok", "ok", "status_404", "not_found"]
