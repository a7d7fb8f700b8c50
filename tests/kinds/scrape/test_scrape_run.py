from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.kinds.reading import batch, context, fence
from tests.servers import http_server

from opsguide.core.nouns import Claim, Evidence, State
from opsguide.core.ports import HttpReply, Samples, WorldFault
from opsguide.core.settings import parse_settings
from opsguide.kinds.scrape import KIND
from opsguide.kinds.scrape.spec import ScrapeMemory, ScrapeSpec
from opsguide.world.real import close_world, real_world
from opsguide.world.sim.loop import NEW_YEAR_2026, run
from opsguide.world.sim.world import SimSeries, SimWorld, reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

URL = "http://h:1/metrics"
TEXT = '# TYPE jobs_total counter\njobs_total 3\nqueue{name="a"} 2\n'


def _claim(text: str = "static_configs: [{targets: [h:1]}]", more: str = "") -> Claim[ScrapeSpec]:
    (claim,) = KIND.read(fence(f"- job_name: a\n  {text}\n{more}", "yaml"), context())
    assert isinstance(claim, Claim)
    return claim


def _scrape(sim: SimWorld, claim: Claim[ScrapeSpec], subject: str = "h:1") -> Sequence[Evidence]:
    return run(KIND.run(batch(claim, subject), sim.world))


def test_samples_are_appended_beside_up() -> None:
    sim = SimWorld()
    sim.net.on(URL, reply(200, TEXT))
    listed, seen = _scrape(sim, _claim())
    assert (listed.subject, listed.roll) == ("", ("h:1",))
    assert (seen.subject, seen.says, seen.values[0]) == ("h:1", "ok", ("samples", 2.0))
    ((target, at, samples),) = sim.series.appended
    assert (target.labels, at) == ((("instance", "h:1"), ("job", "a")), NEW_YEAR_2026)
    assert dict(zip(samples.keys, samples.values.tolist(), strict=True)) == {
        "jobs_total": 3.0,
        'queue{name="a"}': 2.0,
        "up": 1.0,
        "scrape_duration_seconds": 0.0,
        "scrape_samples_scraped": 2.0,
        "scrape_samples_post_metric_relabeling": 2.0,
    }
    assert samples.kinds["jobs_total"] == "counter"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (WorldFault("refused", "no"), "refused"),
        (WorldFault("timeout", "no"), "timeout"),
        (reply(503), "status_503"),
        (reply(200, "<html>hello</html>"), "nonsense"),
        (reply(200, b"\xff\xfe"), "nonsense"),
        (reply(200, b"x" * ((16 << 20) + 1)), "too_large"),
    ],
)
def test_a_scrape_that_fails_leaves_only_up_0(answer: HttpReply | WorldFault, says: str) -> None:
    sim = SimWorld()
    sim.net.on(URL, answer)
    _, seen = _scrape(sim, _claim())
    assert (seen.says, seen.ok) == (says, False)
    ((_, _, samples),) = sim.series.appended
    assert (list(samples.keys), samples.values.tolist()) == (["up"], [0.0])


def test_lines_that_are_no_samples_are_named_and_the_rest_stands() -> None:
    sim = SimWorld()
    sim.net.on(URL, reply(200, TEXT + "this is nonsense\n"))
    _, seen = _scrape(sim, _claim())
    assert seen.says == "ok"
    assert "line 4" in seen.because
    assert sim.series.last("jobs_total") == 3.0


def test_an_empty_exposition_is_up() -> None:
    sim = SimWorld()
    sim.net.on(URL, reply(200, ""))
    assert _scrape(sim, _claim())[1].says == "ok"


def test_each_target_is_a_subject_and_the_first_lists_them() -> None:
    sim = SimWorld()
    sim.net.on(URL, reply(200, TEXT))
    claim = _claim("static_configs: [{targets: [h:1, h:2]}]")
    assert [job.name for job in KIND.plan(claim).jobs] == ["h:1", "h:2"]
    assert len({job.key for job in KIND.plan(claim).jobs}) == 2
    assert _scrape(sim, claim)[0].roll == ("h:1", "h:2")
    (second,) = _scrape(sim, claim, "h:2")
    assert (second.subject, second.says) == ("h:2", "refused")


def test_metric_relabelling_drops_renames_and_moves() -> None:
    more = """  metric_relabel_configs:
  - {source_labels: [__name__], regex: queue, action: drop}
  - {source_labels: [__name__], regex: (.*)_total, target_label: __name__, replacement: '${1}_count'}
"""
    sim = SimWorld()
    sim.net.on(URL, reply(200, TEXT))
    _scrape(sim, _claim(more=more))
    ((_, _, samples),) = sim.series.appended
    assert list(samples.keys)[:2] == ["jobs_count", "up"]
    assert sim.series.last("scrape_samples_scraped") == 2
    assert sim.series.last("scrape_samples_post_metric_relabeling") == 1


def test_honored_labels_belong_to_the_target_they_name() -> None:
    sim = SimWorld()
    sim.net.on(URL, reply(200, 'x{job="pushed",a="1"} 5\ny 6\n'))
    _scrape(sim, _claim(more="  honor_labels: true\n"))
    found = {target.labels: list(samples.keys) for target, _, samples in sim.series.appended}
    assert found[("instance", "h:1"), ("job", "pushed")] == ['x{a="1"}']
    assert found[("instance", "h:1"), ("job", "a")][:2] == ["y", "up"]


def test_more_samples_than_the_job_allows_is_a_fault() -> None:
    sim = SimWorld()
    sim.net.on(URL, reply(200, TEXT))
    _, seen = _scrape(sim, _claim(more="  sample_limit: 1\n"))
    assert seen.says == "too_large"
    assert sim.series.last("up") == 0


def test_a_password_is_sent_and_never_told() -> None:
    sim = SimWorld()
    sim.secrets.values["PW"] = "canary"
    sim.net.on(URL, lambda request: WorldFault("reset", f"cut after {request.headers}"))
    _, seen = _scrape(sim, _claim(more="  basic_auth: {username: u, password: '${PW}'}\n"))
    ((_, request),) = sim.net.requests
    sent = dict(request.headers)["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent) == b"u:canary"
    assert "canary" not in seen.because
    sim.files.content["t.txt"] = b"token\n"
    _scrape(sim, _claim(more="  authorization: {credentials_file: t.txt}\n"))
    assert dict(sim.net.requests[-1][1].headers)["Authorization"] == "Bearer token"


def test_a_missing_secret_is_a_failed_scrape_that_names_it() -> None:
    sim = SimWorld()
    _, seen = _scrape(sim, _claim(more="  bearer_token: '${T}'\n"))
    assert (seen.says, sim.net.requests) == ("not_found", [])
    assert "T has no value" in seen.because


def _collector() -> Claim[ScrapeSpec]:
    text = "collect:\n- {name: postgres, kind: postgresql, dsn: 'postgresql://u@h:5/x'}"
    (claim,) = KIND.read(fence(text, "yaml"), context())
    assert isinstance(claim, Claim)
    return claim


def test_a_collector_is_scraped_natively_and_its_loss_is_up_0() -> None:
    sim = SimWorld()
    sim.collect.samples["postgres"] = Samples(["pg_up"], np.array([1.0]), {"pg_up": "gauge"})
    _, seen = _scrape(sim, _collector(), "h:5")
    assert seen.says == "ok"
    assert (sim.series.last("pg_up"), sim.series.last("up")) == (1.0, 1.0)
    assert sim.series.appended[-1][0].labels == (("instance", "h:5"), ("job", "postgres"))
    sim.collect.samples["postgres"] = WorldFault("refused", "down")
    _, seen = _scrape(sim, _collector(), "h:5")
    assert seen.says == "refused"
    assert (sim.series.last("pg_up"), sim.series.last("up")) == (0.0, 0.0)


def test_the_planted_break_a_real_target_that_goes_away_is_broken(tmp_path: Path) -> None:
    async def life() -> list[tuple[State, float | None]]:
        series, seen_states = SimSeries(), []
        world = real_world(tmp_path, parse_settings("", "opsguide.toml"), series)
        memory = ScrapeMemory()

        async def again(claim: Claim[ScrapeSpec], subject: str) -> None:
            nonlocal memory
            seen = (await KIND.run(batch(claim, subject), world))[-1]
            judged = KIND.judge(claim, memory, seen, seen.at)
            memory = judged.memory
            seen_states.append((judged.verdict.state, series.last("up")))

        with http_server({"/metrics": (200, TEXT)}) as site:
            subject = f"127.0.0.1:{site.port}"
            claim = _claim(f"static_configs: [{{targets: ['{subject}']}}]")
            await again(claim, subject)
        await again(claim, subject)
        await again(claim, subject)
        await close_world(world)
        return seen_states

    assert asyncio.run(life()) == [(State.HOLDS, 1.0), (State.WAITING, 0.0), (State.BROKEN, 0.0)]
