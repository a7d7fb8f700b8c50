from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import pytest
from tests.kinds.reading import batch
from tests.servers import http_server

from opsguide.core.block import Place
from opsguide.core.nouns import Claim, Evidence, State
from opsguide.core.ports import Finished, HttpReply, WorldFault
from opsguide.core.settings import parse_settings
from opsguide.kinds.probe import KIND
from opsguide.kinds.probe.spec import ProbeMemory, ProbeSpec
from opsguide.world.real import close_world, real_world
from opsguide.world.sim.loop import NEW_YEAR_2026, run
from opsguide.world.sim.world import SimSeries, SimWorld, reply

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://api/health"


def _claim(**spec: object) -> Claim[ProbeSpec]:
    named = {"url": URL, "method": "GET", "path": "/health"} if "command" not in spec else {}
    return Claim("probe", "t", "s", Place("g", 1, 1), ProbeSpec(**{**named, **spec}), "u", id="p")  # type: ignore[arg-type]


def _look(sim: SimWorld, claim: Claim[ProbeSpec]) -> Evidence:
    (seen,) = run(KIND.run(batch(claim), sim.world))
    return seen


@pytest.mark.parametrize(
    ("answer", "expect", "says"),
    [
        (reply(200), None, "ok"),
        (reply(302), None, "ok"),
        (reply(404), None, "status_404"),
        (reply(503), None, "status_503"),
        (reply(503), 503, "ok"),
        (reply(200), 204, "status_200"),
        (WorldFault("refused", "no"), None, "refused"),
        (WorldFault("timeout", "no"), None, "timeout"),
        (WorldFault("tls", "no"), None, "tls"),
        (WorldFault("too_large", "no"), None, "too_large"),
    ],
)
def test_what_an_answer_says(answer: HttpReply | WorldFault, expect: int | None, says: str) -> None:
    sim = SimWorld()
    sim.net.on(URL, answer)
    seen = _look(sim, _claim(expect_status=expect))
    assert (seen.says, seen.ok, seen.at) == (says, says == "ok", NEW_YEAR_2026)
    assert sim.series.last("probe_success") == float(says == "ok")


def test_the_measurement_is_kept_as_series() -> None:
    sim = SimWorld()
    phases = {"dns": 0.1, "connect": 0.2, "tls": 0.3, "first_byte": 0.4, "total": 1.0}
    sim.net.on(URL, HttpReply(200, (), b"ok", phases, NEW_YEAR_2026 + 86400.0))
    seen = _look(sim, _claim())
    ((target, at, _),) = sim.series.appended
    assert (target.labels, at) == ((("claim", "p"), ("instance", URL), ("job", "probe")), NEW_YEAR_2026)
    assert sim.series.last("probe_duration_seconds") == 1.0
    assert sim.series.last('probe_http_duration_seconds{phase="tls"}') == 0.3
    assert sim.series.last("probe_http_status_code") == 200
    assert sim.series.last("probe_ssl_earliest_cert_expiry") == NEW_YEAR_2026 + 86400.0
    assert seen.values == (("duration_seconds", 1.0), ("status", 200.0), ("certificate_left_seconds", 86400.0))


def test_a_certificate_that_fails_still_leaves_its_end() -> None:
    sim = SimWorld()
    sim.net.on(URL, WorldFault("tls", "expired", 5.0))
    assert _look(sim, _claim()).says == "tls"
    assert sim.series.last("probe_ssl_earliest_cert_expiry") == 5.0


def test_secrets_are_filled_for_the_request_alone() -> None:
    sim = SimWorld()
    sim.secrets.values["PW"] = "canary"
    sim.net.on(URL, lambda request: WorldFault("reset", f"it cut after {dict(request.headers)}"))
    seen = _look(sim, _claim(headers=(("X", "${PW}"),), user="me:${PW}"))
    ((_, request),) = sim.net.requests
    headers = dict(request.headers)
    assert headers["X"] == "canary"
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"me:canary"
    assert "canary" not in seen.because


def test_a_missing_secret_asks_nobody_and_is_unknown() -> None:
    sim = SimWorld()
    seen = _look(sim, _claim(user="me:${PW}"))
    assert (seen.says, sim.net.requests) == ("unasked", [])
    assert "PW" in seen.because


def test_a_script_runs_only_once_it_is_trusted() -> None:
    sim = SimWorld()
    claim = _claim(command="./check.sh $TOKEN $HOME")
    sim.proc.on("./check.sh*", Finished(0, "fine\n", 0.2))
    seen = _look(sim, claim)
    assert (seen.says, sim.proc.commands) == ("untrusted", [])
    assert "opsguide trust p" in seen.because
    assert KIND.judge(claim, ProbeMemory(), seen, 1.0).verdict.state is State.UNBOUND
    sim.secrets.trusts.add(("p", "./check.sh $TOKEN $HOME"))
    sim.secrets.values["TOKEN"] = "t"
    seen = _look(sim, claim)
    assert (seen.says, seen.because) == ("ok", "ended with 0 in 200 ms: fine")
    ((_, command),) = sim.proc.commands
    assert command.env == (("TOKEN", "t"),)
    assert sim.series.last("probe_success") == 1


@pytest.mark.parametrize(
    ("end", "says"), [(Finished(2, "x\nbad", 0.1), "exit_2"), (WorldFault("timeout", "killed"), "timeout")]
)
def test_a_script_that_ends_badly_fails(end: Finished | WorldFault, says: str) -> None:
    sim = SimWorld()
    sim.secrets.trusts.add(("p", "./check.sh"))
    sim.proc.on("./check.sh", end)
    seen = _look(sim, _claim(command="./check.sh"))
    assert (seen.says, seen.ok) == (says, False)
    assert sim.series.last("probe_success") == 0


def test_the_planted_break_a_real_service_that_begins_to_fail_is_broken(tmp_path: Path) -> None:
    async def life() -> list[State]:
        world = real_world(tmp_path, parse_settings("", "opsguide.toml"), SimSeries())
        with http_server({"/health": (200, "ok")}) as site:
            claim, memory, states = _claim(url=f"{site.url}/health"), ProbeMemory(), []
            for answers in ({"/health": (200, "")}, {"/health": (503, "")}, {}, {"/health": (200, "")}):
                site.answers = answers
                (seen,) = await KIND.run(batch(claim), world)
                judged = KIND.judge(claim, memory, seen, seen.at)
                memory = judged.memory
                states.append(judged.verdict.state)
        await close_world(world)
        return states

    assert asyncio.run(life()) == [State.HOLDS, State.WAITING, State.BROKEN, State.HOLDS]
