from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.reading import context, fence

from opsguide.core.mend import Mend
from opsguide.core.nouns import Claim
from opsguide.core.ports import Collector
from opsguide.kinds.scrape import KIND
from opsguide.kinds.scrape.spec import Auth, Point, Relabel, ScrapeSpec

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read(
    text: str, language: str = "yaml", bindings: Mapping[str, str] | None = None
) -> tuple[list[Claim[ScrapeSpec]], list[Mend]]:
    found = list(KIND.read(fence(text, language), context(bindings=bindings or {})))
    return [c for c in found if isinstance(c, Claim)], [m for m in found if isinstance(m, Mend)]


JOB = """
# prometheus.yml
scrape_configs:
  - job_name: '[service-name]'
    metrics_path: '/actuator/prometheus'
    static_configs:
      - targets: ['[service-name]:[port]']
    scrape_interval: 15s
    scrape_timeout: 10s
"""


def test_a_job_is_read_with_what_it_states_and_what_it_lacks() -> None:
    (claim,), mends = _read(JOB)
    spec = claim.spec
    assert mends == []
    assert (spec.path, spec.interval_s, spec.timeout_s) == ("/actuator/prometheus", 15.0, 10.0)
    assert (spec.job, spec.targets) == ("[service-name]", ("[service-name]:[port]",))
    assert claim.needs == ("[service-name]", "[port]")
    assert (claim.place.line, claim.place.end_line) == (13, 18)
    assert claim.subject == "[service-name]"


def test_bindings_make_it_a_target() -> None:
    (claim,), _ = _read(JOB, bindings={"[service-name]": "inventory", "[port]": "8080"})
    assert claim.needs == ()
    assert claim.subject == "[service-name]"
    assert claim.spec.points == (
        Point(
            "inventory:8080",
            "http://inventory:8080/actuator/prometheus",
            (("instance", "inventory:8080"), ("job", "inventory")),
        ),
    )
    assert claim.understood == ("job inventory reads http://inventory:8080/actuator/prometheus every 15 s within 10 s")


def test_what_is_not_stated_is_absent_and_the_defaults_hold() -> None:
    (claim,), _ = _read("- job_name: a\n  static_configs: [{targets: [h:1]}]")
    spec = claim.spec
    assert (spec.path, spec.interval_s, spec.timeout_s, spec.every_s, spec.limit_s) == (None, None, None, 15.0, 10.0)


def test_global_values_hold_for_every_job() -> None:
    text = "global:\n  scrape_interval: 30s\nscrape_configs:\n- job_name: a\n- job_name: b\n  scrape_interval: 1m\n"
    claims, _ = _read(text)
    assert [(c.spec.job, c.spec.interval_s, c.place.line) for c in claims] == [("a", 30.0, 14), ("b", 60.0, 15)]


def test_relabelling_decides_the_address_the_path_and_the_labels() -> None:
    text = """
scrape_configs:
- job_name: integration_engine
  metrics_path: /other
  params: {module: [http_2xx]}
  scheme: https
  static_configs:
  - targets: ['api:8080', 'db:9090', 'gone:1']
    labels: {env: prod}
  relabel_configs:
  - {source_labels: [__address__], target_label: __metrics_path__, replacement: /metrics}
  - {source_labels: [__address__], regex: gone.*, action: drop}
  - {source_labels: [__address__], regex: 'db:.*', target_label: instance, replacement: database}
"""
    (claim,), mends = _read(text)
    assert mends == []
    assert claim.spec.points == (
        Point(
            "api:8080",
            "https://api:8080/metrics?module=http_2xx",
            (("env", "prod"), ("instance", "api:8080"), ("job", "integration_engine")),
        ),
        Point(
            "database",
            "https://db:9090/metrics?module=http_2xx",
            (("env", "prod"), ("instance", "database"), ("job", "integration_engine")),
        ),
    )


def test_targets_of_one_instance_are_told_apart() -> None:
    text = """
- job_name: a
  static_configs: [{targets: [h:1, h:2]}]
  relabel_configs: [{target_label: instance, replacement: same}]
"""
    (claim,), _ = _read(text)
    assert [point.subject for point in claim.spec.points] == ["same", "http://h:2/metrics"]
    assert len(KIND.plan(claim).jobs) == 2


def test_a_service_monitor_needs_its_targets_by_name() -> None:
    text = """
# Prometheus metrics
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: service-monitor
spec:
  selector:
    matchLabels:
      app: service-name
  endpoints:
  - port: metrics
    interval: 15s
"""
    (claim,), mends = _read(text)
    assert mends == []
    assert (claim.spec.interval_s, claim.needs) == (15.0, ("service-monitor:targets",))
    assert (claim.place.line, claim.place.end_line) == (12, 22)
    (bound,), _ = _read(text, bindings={"service-monitor:targets": "127.0.0.1:1, 127.0.0.1:2"})
    assert bound.needs == ()
    assert [point.url for point in bound.spec.points] == ["http://127.0.0.1:1/metrics", "http://127.0.0.1:2/metrics"]


def test_a_job_that_discovers_its_targets_needs_them_by_name() -> None:
    text = "- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n"
    (claim,), mends = _read(text)
    assert (claim.needs, mends) == (("pods:targets",), [])
    (bound,), _ = _read(text, bindings={"pods:targets": "h:1"})
    assert bound.spec.targets == ("h:1",)


@pytest.mark.parametrize(
    ("line", "url", "path"),
    [
        ("curl -X GET http://service-name/metrics", "http://h/metrics", "/metrics"),
        (
            "curl service-name:8080/actuator/prometheus | head",
            "http://h:8080/actuator/prometheus",
            "/actuator/prometheus",
        ),
    ],
)
def test_a_curl_line_of_metrics_is_a_job_of_its_host(line: str, url: str, path: str) -> None:
    (claim,), _ = _read(line, "bash", {"service-name": "h"})
    assert (claim.spec.job, claim.spec.path, claim.spec.points[0].url) == ("h", path, url)
    (open_,), _ = _read(line, "bash")
    assert (open_.needs, open_.subject) == (("service-name",), claim.subject)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("curl http://h/health", "bash"),
        ("curl -X POST http://h/metrics", "bash"),
        ("curl http://h/api/metrics-report", "bash"),
        ("groups: [{name: a, rules: []}]", "yaml"),
        ("collect: everything", "yaml"),
        ("job_name = 'x'", "python"),
        ("", "yaml"),
    ],
)
def test_what_is_no_scrape(text: str, language: str) -> None:
    assert _read(text, language) == ([], [])


@pytest.mark.parametrize(
    ("text", "line", "wrong"),
    [
        ("- job_name: a\n  scrape_interval: soon", 12, "'soon' is no duration"),
        ("- job_name: a\n  scrape_intervall: 1s", 12, "knows no scrape_intervall"),
        ("scrape_configs:\n- static_configs: []", 12, "no job_name"),
        ("- job_name: a\n  static_configs: [{targets: ['http://h:1/x']}]", 12, "no host:port"),
        ("- job_name: a\n  relabel_configs:\n  - action: explode", 13, "no relabelling is called explode"),
        ("- job_name: a\n  relabel_configs:\n  - regex: '('", 13, "no regular expression"),
        ("- job_name: a\n  relabel_configs:\n  - action: hashmod", 13, "without a modulus"),
        ("- job_name: a\n  scrape_interval: 5s\n  scrape_timeout: 10s", 11, "may take 10 s and is due every 5 s"),
        ("- job_name: a\n  sample_limit: many", 12, "'many' is no number"),
        ("scrape_configs: {a: 1}", 11, "no list"),
        ("scrape_configs:\n- job_name: [a\n", 12, "no valid YAML"),
        ("- job_name: a\n  basic_auth: {username: u, password: hunter2}", 12, "plain text"),
        (
            "- job_name: a\n  static_configs: [{targets: [h:1]}]\n  relabel_configs: [{regex: x, action: keep}]",
            11,
            "drops every target",
        ),
    ],
)
def test_a_fault_stands_at_its_line(text: str, line: int, wrong: str) -> None:
    _, mends = _read(text)
    assert [(m.at.line, wrong in m.wrong) for m in mends] == [(line, True)], mends


@pytest.mark.parametrize(
    ("text", "auth"),
    [
        ("basic_auth: {username: u, password: '${PW}'}", Auth("Basic", "u", "${PW}")),
        ("authorization: {credentials: '${T}'}", Auth("Bearer", "", "${T}")),
        ("authorization: {type: Token, credentials_file: t.txt}", Auth("Token", "", "", "t.txt")),
        ("bearer_token: '${T}'", Auth("Bearer", "", "${T}")),
    ],
)
def test_secrets_are_references(text: str, auth: Auth) -> None:
    (claim,), mends = _read(f"- job_name: a\n  {text}")
    assert (claim.spec.auth, mends) == (auth, [])


def test_a_plain_password_goes_no_further() -> None:
    (claim,), _ = _read("- job_name: a\n  basic_auth: {username: u, password: hunter2}")
    assert "hunter2" not in repr(claim)


def test_the_rest_of_prometheus_keys() -> None:
    text = """
- job_name: a
  honor_labels: true
  sample_limit: 100
  tls_config: {insecure_skip_verify: true, ca_file: ca.pem}
  metric_relabel_configs: [{source_labels: [__name__], regex: go_.*, action: drop}]
"""
    (claim,), mends = _read(text)
    spec = claim.spec
    assert mends == []
    assert (spec.honor_labels, spec.sample_limit, spec.insecure, spec.ca_file) == (True, 100, True, "ca.pem")
    assert spec.metric_relabel == (Relabel("drop", ("__name__",), regex="go_.*"),)


def test_collectors_of_the_settings_are_jobs() -> None:
    text = """
collect:
- {name: node, kind: host, dsn: ''}
- {name: postgres, kind: postgresql, dsn: 'postgresql://u:${PW}@127.0.0.1:5432/app'}
"""
    (node, postgres), mends = _read(text)
    assert mends == []
    assert (node.spec.job, node.spec.targets, node.spec.collector) == (
        "node",
        ("localhost",),
        Collector("node", "host", ""),
    )
    assert (postgres.spec.job, postgres.spec.targets) == ("postgres", ("127.0.0.1:5432",))
    assert [job.name for job in KIND.plan(postgres).jobs] == ["127.0.0.1:5432"]


def test_a_collector_with_a_plain_password_is_refused_without_repeating_it() -> None:
    (claim,), (mend,) = _read("collect: [{name: db, kind: mysql, dsn: 'mysql://u:hunter2@h/x'}]")
    assert claim.needs
    assert "hunter2" not in repr(claim) + repr(mend)


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    for language in ("yaml", "bash"):
        _read(f"scrape_configs:\n- job_name: {text}", language)
        _read(f"curl http://{text}/metrics", language)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["targets", "labels", "x"]), inner),
    max_leaves=8,
)
_KEYS = ["job_name", "static_configs", "relabel_configs", "params", "basic_auth", "tls_config", "scrape_interval"]


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES))
def test_no_shape_crashes_it(job: dict[str, object]) -> None:
    import json

    _read(json.dumps({"scrape_configs": [job], "collect": [job], "global": job}))
    _read(json.dumps({"kind": "ServiceMonitor", "metadata": job, "spec": {"endpoints": [job]}}))
