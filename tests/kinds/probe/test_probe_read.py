from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.reading import context, fence

from opsguide.core.mend import Mend
from opsguide.core.nouns import Claim
from opsguide.kinds.probe import KIND
from opsguide.kinds.probe.spec import ProbeSpec


def _claims(text: str, *headings: str, language: str = "bash", **bindings: str) -> list[Claim[ProbeSpec]]:
    names = {name.replace("_", "."): value for name, value in bindings.items()}
    found = KIND.read(fence(text, language), context(*headings, bindings=names))
    return [item for item in found if isinstance(item, Claim)]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("curl -f http://h/health", ProbeSpec("http://h/health", "GET", "/health")),
        ("curl -X GET http://h/health", ProbeSpec("http://h/health", "GET", "/health")),
        ("$ curl -si h:8080/actuator/health", ProbeSpec("http://h:8080/actuator/health", "GET", "/actuator/health")),
        ("curl -I https://h/-/ready", ProbeSpec("https://h/-/ready", "HEAD", "/-/ready")),
        ("curl -f http://h/health/live | jq .", ProbeSpec("http://h/health/live", "GET", "/health/live")),
        ("# expect 204\ncurl http://h/ping", ProbeSpec("http://h/ping", "GET", "/ping", 204)),
        ("curl http://h/ping  # should return 200 OK", ProbeSpec("http://h/ping", "GET", "/ping", 200)),
        ("# Health check\ncurl http://h/", ProbeSpec("http://h/", "GET", "/")),
        (
            'curl -kL -m 3 -H "X: $KEY" -u a:${PW} http://h/status',
            ProbeSpec(
                "http://h/status",
                "GET",
                "/status",
                headers=(("X", "${KEY}"),),
                user="a:${PW}",
                follow=True,
                insecure=True,
                limit_s=3.0,
            ),
        ),
        (
            "# Verify service dependencies\n./scripts/check-dependencies.sh",
            ProbeSpec(command="./scripts/check-dependencies.sh", every_s=60.0, limit_s=30.0),
        ),
        (
            "# Monitor response times\nbash ./scripts/latency-check.sh --fast",
            ProbeSpec(command="bash ./scripts/latency-check.sh --fast", every_s=60.0, limit_s=30.0),
        ),
    ],
)
def test_what_a_line_means(text: str, spec: ProbeSpec) -> None:
    assert [claim.spec for claim in _claims(text)] == [spec]


@pytest.mark.parametrize(
    "text",
    [
        "curl -X POST http://h/health",
        "curl -d x=1 http://h/status",
        "curl http://h/metrics",
        "curl http://h/actuator/prometheus",
        "curl http://h/api/users",
        "curl -O http://h/status-report.zip",
        "curl http://h/readme",
        "curl $(cat health)",
        "echo curl http://h/health",
        "# Check error rates\n./scripts/error-rate.sh --threshold=1%",
        "# Deploy and check\n./scripts/check-and-deploy.sh",
        "./scripts/check.sh && rm -rf /",
        "# Verify\nkubectl get pods",
        "",
    ],
)
def test_what_is_no_probe(text: str) -> None:
    assert _claims(text) == []


def test_another_language_is_not_read() -> None:
    assert _claims("curl -f http://h/health", language="python") == []


def test_a_claim_knows_its_place_its_title_and_what_it_lacks() -> None:
    text = "# API Health Check\ncurl -f \\\n  https://yourdomain.com/health\n"
    (claim,) = _claims(text)
    assert (claim.place.line, claim.place.end_line) == (12, 13)
    assert (claim.title, claim.subject) == ("API Health Check", "yourdomain.com/health")
    assert claim.needs == ("yourdomain.com",)
    assert claim.understood == "GET https://yourdomain.com/health answers below 400 within 10 s, looked at every 15 s"


def test_a_binding_fills_the_address_and_leaves_the_identity() -> None:
    (claim,) = _claims("curl -f https://yourdomain.com/health", yourdomain_com="127.0.0.1:8443")
    assert (claim.spec.url, claim.needs) == ("https://127.0.0.1:8443/health", ())
    assert claim.subject == "yourdomain.com/health"


def test_the_same_address_again_reads_the_same() -> None:
    one, again = _claims("# A\ncurl -f http://h/health\n# B\ncurl -fsS http://h/health")
    assert (one.subject, one.spec) == (again.subject, again.spec)
    assert one.place != again.place


def test_defaults_and_annotations_pace_it() -> None:
    found = KIND.read(
        fence("curl http://h/health"),
        context(defaults={"probe_interval": 1.0, "probe_timeout": 2.0}, annotation={"expect_status": "418"}),
    )
    (claim,) = (item for item in found if isinstance(item, Claim))
    assert (claim.spec.every_s, claim.spec.limit_s, claim.spec.expect_status) == (1.0, 2.0, 418)
    assert KIND.plan(claim).jobs[0].schedule.interval_s == 1.0  # type: ignore[union-attr]  # an interval, as read


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        ("-H 'Authorization: Bearer abc123'", 1),
        ("-u admin:hunter2", 1),
        ("-H 'Authorization: Bearer ${TOKEN}'", 0),
        ("-H 'Authorization: Bearer <token>'", 0),
        ("-H 'Accept: text/plain'", 0),
    ],
)
def test_a_plain_secret_is_pointed_out(header: str, faults: int) -> None:
    found = list(KIND.read(fence(f"curl {header} http://h/health"), context()))
    assert sum(isinstance(item, Mend) for item in found) == faults


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    list(KIND.read(fence(f"curl -f {text}\n{text}"), context("Health checks")))
