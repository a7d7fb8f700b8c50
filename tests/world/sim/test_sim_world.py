from __future__ import annotations

import asyncio

import numpy as np
import pytest

from opsguide.core.ports import (
    Collector,
    Command,
    Finished,
    HttpReply,
    HttpRequest,
    Mail,
    MailReply,
    Samples,
    Target,
    WorldFault,
)
from opsguide.world.sim.loop import NEW_YEAR_2026, run
from opsguide.world.sim.world import SimWorld, reply


def _get(url: str, **limits: float) -> HttpRequest:
    return HttpRequest("GET", url, timeout_s=limits.get("timeout_s", 10.0), limit_bytes=int(limits.get("limit", 1000)))


def test_the_newest_script_that_fits_answers_and_requests_are_recorded() -> None:
    sim = SimWorld()
    sim.net.on("http://api/", reply(200, "old"))
    sim.net.on("http://api/health", lambda request: reply(503, request.method))

    async def ask() -> tuple[HttpReply, HttpReply]:
        await asyncio.sleep(5)
        return await sim.world.net.http(_get("http://api/health")), await sim.world.net.http(_get("http://api/x"))

    health, other = run(ask())
    assert (health.status, health.body, other.body) == (503, b"GET", b"old")
    assert [(at, r.url) for at, r in sim.net.requests] == [
        (NEW_YEAR_2026 + 5, "http://api/health"),
        (NEW_YEAR_2026 + 5, "http://api/x"),
    ]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://nobody/", "refused"),
        ("http://faulty/", "reset"),
        ("http://slow/", "timeout"),
        ("http://huge/", "too_large"),
    ],
)
def test_what_goes_wrong_is_a_fault_with_its_class(url: str, says: str) -> None:
    sim = SimWorld()
    sim.net.on("http://faulty/", WorldFault("reset", "cut"))
    sim.net.on("http://slow/", reply(), after_s=30.0)
    sim.net.on("http://huge/", reply(body=b"x" * 1001))
    with pytest.raises(WorldFault) as fault:
        run(sim.world.net.http(_get(url)))
    assert fault.value.says == says


def test_a_slow_answer_takes_virtual_time() -> None:
    sim = SimWorld()
    sim.net.on("http://slow/", reply(204), after_s=9.0)

    async def ask() -> float:
        await sim.world.net.http(_get("http://slow/"))
        return asyncio.get_running_loop().time()

    assert run(ask()) == 9.0


def test_commands_answer_by_pattern_and_unknown_ones_are_not_found() -> None:
    sim = SimWorld()
    sim.proc.on("./scripts/*.sh*", Finished(3, "no", 0.1))
    assert run(sim.world.proc.run(Command("./scripts/check.sh -v", "."))).code == 3
    assert run(sim.world.proc.run(Command("rm x", "."))).code == 127
    assert [c.text for _, c in sim.proc.commands] == ["./scripts/check.sh -v", "rm x"]


def test_mails_are_kept_and_answered() -> None:
    sim = SimWorld()
    mail = Mail("mx", 25, "a@x", ("b@x",), b"hi")
    assert run(sim.world.net.smtp(mail)).code == 250
    sim.net.on_smtp("mx:25", MailReply(550, "no"))
    assert run(sim.world.net.smtp(mail)).code == 550
    assert len(sim.net.mails) == 2


def test_tcp_answers_the_seconds_it_took() -> None:
    sim = SimWorld()
    sim.net.on_tcp("db:5432", 0.25)
    assert run(sim.world.net.tcp("db", 5432, 1.0)) == 0.25


def test_files_stand_at_their_path_and_in_their_folder() -> None:
    sim = SimWorld()
    sim.files.content["docs/API.md"] = b"# API"
    assert run(sim.world.files.exists("docs"))
    assert not run(sim.world.files.exists("doc"))
    assert run(sim.world.files.read("docs/API.md")) == b"# API"
    with pytest.raises(WorldFault, match="larger than 2"):
        run(sim.world.files.read("docs/API.md", 2))


def test_secrets_are_filled_masked_and_missed_by_name() -> None:
    sim = SimWorld()
    sim.secrets.values["KEY"] = "s3cret"
    assert sim.world.secrets.resolve("x ${KEY}", "pagerduty") == "x s3cret"
    assert sim.world.secrets.mask("x s3cret") == "x ***"
    assert sim.world.secrets.missing("${KEY} ${OTHER}") == ["OTHER"]
    with pytest.raises(WorldFault, match="OTHER"):
        sim.world.secrets.resolve("${OTHER}", "pagerduty")


def test_collectors_and_series_answer_what_was_scripted() -> None:
    sim = SimWorld()
    samples = Samples(["up"], np.array([1.0]))
    sim.collect.samples["node"] = samples
    assert run(sim.world.collect.collect(Collector("node", "host"), 1.0)) is samples
    run(sim.world.series.append(Target("t", ()), 1.0, samples))
    assert sim.series.last("up") == 1.0
    assert sim.series.last("up", "other") is None
