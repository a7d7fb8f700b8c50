from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.ports import Metric
from opsguide.engines.binding import Bound, Unbound, bind, canonical, metric_name, stems

if TYPE_CHECKING:
    from collections.abc import Mapping


def metric(name: str, kind: str = "gauge", *, stale: bool = False, **labels: tuple[str, ...]) -> Metric:
    return Metric(name, kind, 1, 0.0, labels, stale)


def catalogue(*metrics: Metric) -> dict[str, Metric]:
    return {found.name: found for found in metrics}


SHOP = catalogue(
    metric("up", job=("api", "postgres")),
    metric("node_cpu_seconds_total", "counter"),
    metric("node_memory_MemAvailable_bytes"),
    metric("node_memory_MemTotal_bytes"),
    metric("node_filesystem_avail_bytes", fstype=("ext4", "tmpfs")),
    metric("node_filesystem_size_bytes", fstype=("ext4", "tmpfs")),
    metric("node_network_receive_bytes_total", "counter"),
    metric("node_network_transmit_bytes_total", "counter"),
    metric("api_requests_total", "counter", status=("200", "500")),
    metric("api_request_duration_seconds_bucket", "histogram", le=("0.1",)),
    metric("api_request_duration_seconds_sum", "histogram"),
    metric("api_request_duration_seconds_count", "histogram"),
    metric("database_connections_active"),
    metric("inventory_low_stock_alerts"),
    metric("orders_total", "counter"),
    metric("registrations_total", "counter"),
    metric("login_failures_total", "counter"),
    metric("process_resident_memory_bytes"),
    metric("process_cpu_seconds_total", "counter"),
    metric("redis_stream_length", stream=("messages",)),
    metric("pg_up"),
    metric("pg_database_size_bytes"),
    metric("prometheus_http_requests_total", "counter", code=("200",)),
)
JVM = catalogue(
    metric("http_server_requests_seconds_count", "summary", status=("200",), outcome=("SUCCESS",)),
    metric("http_server_requests_seconds_sum", "summary"),
    metric("jvm_memory_used_bytes", area=("heap", "nonheap")),
    metric("jvm_memory_max_bytes", area=("heap",)),
    metric("process_cpu_usage"),
    metric("hikaricp_connections_active"),
    metric("hikaricp_connections_max"),
    metric("kafka_consumer_fetch_manager_records_lag_max"),
)
BY = "sum by (job, instance)"
FS = '{fstype!~"tmpfs"}'


def bound(quantity: str, known: Mapping[str, Metric], **asked: object) -> Bound:
    found = bind(quantity, catalogue=known, **asked)  # type: ignore[arg-type]  # a table's cells
    assert isinstance(found, Bound), found
    return found


SHOP_TABLE: list[tuple[str, dict[str, object], str, str]] = [
    (
        "CPU Usage",
        {"unit": "ratio"},
        'max(1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))',
        "ratio",
    ),
    ("Memory", {"unit": "ratio"}, "max(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", "ratio"),
    (
        "Disk Usage",
        {"unit": "ratio"},
        f"max(1 - node_filesystem_avail_bytes{FS} / node_filesystem_size_bytes{FS})",
        "ratio",
    ),
    (
        "free disk space",
        {"unit": "ratio"},
        f"min(node_filesystem_avail_bytes{FS} / node_filesystem_size_bytes{FS})",
        "ratio",
    ),
    (
        "Response Time",
        {"unit": "seconds", "quantile": 0.95},
        "histogram_quantile(0.95, sum by (le) (rate(api_request_duration_seconds_bucket[5m])))",
        "seconds",
    ),
    (
        "Response Time",
        {"unit": "seconds", "aggregate": "avg"},
        "sum(rate(api_request_duration_seconds_sum[5m])) / sum(rate(api_request_duration_seconds_count[5m]))",
        "seconds",
    ),
    (
        "Error Rate",
        {"unit": "ratio", "window_s": 600.0},
        '(sum(rate(api_requests_total{status=~"5.."}[10m])) or vector(0)) / sum(rate(api_requests_total[10m]))',
        "ratio",
    ),
    ("Request Rate", {}, "sum(rate(api_requests_total[5m]))", "per_second"),
    ("Database Connections", {}, "sum(database_connections_active)", "count"),
    ("Service down", {}, "count(up) - sum(up)", "count"),
    ("Database connection failure", {}, "count(pg_up) - sum(pg_up)", "count"),
    ("Queue buildup", {"unit": "count"}, "max(redis_stream_length)", "count"),
    ("Storage", {"hint": "Database size and growth"}, "sum(pg_database_size_bytes)", "bytes"),
    ("Inventory Levels", {"hint": "Monitor stock alerts"}, "sum(inventory_low_stock_alerts)", ""),
    ("Customer Activity", {"hint": "Track registration/orders"}, "sum(rate(orders_total[5m]))", "per_second"),
    ("Daily Transactions", {}, "sum(increase(orders_total[1d]))", "count"),
    ("failed logins rate", {"unit": "per_second"}, "sum(rate(login_failures_total[5m]))", "per_second"),
    ("`api_requests_total`", {}, "sum(rate(api_requests_total[5m]))", "per_second"),
    (
        "api_request_duration_seconds",
        {},
        "histogram_quantile(0.95, sum by (le) (rate(api_request_duration_seconds_bucket[5m])))",
        "seconds",
    ),
    ("inventory_low_stock_alerts", {}, "sum(inventory_low_stock_alerts)", ""),
]


@pytest.mark.parametrize(("quantity", "asked", "expr", "unit"), SHOP_TABLE)
def test_words_become_promql_over_what_is_scraped(
    quantity: str, asked: dict[str, object], expr: str, unit: str
) -> None:
    found = bound(quantity, SHOP, **asked)
    assert (found.expr, found.unit) == (expr, unit)
    assert all(name in SHOP and name in found.expr for name in found.metrics)


JVM_TABLE: list[tuple[str, dict[str, object], str]] = [
    ("http.server.requests", {"unit": "per_second"}, "sum(rate(http_server_requests_seconds_count[5m]))"),
    (
        "jvm.memory.used",
        {"unit": "ratio", "of": "max"},
        f'max({BY} (jvm_memory_used_bytes{{area="heap"}}) / {BY} (jvm_memory_max_bytes{{area="heap"}} > 0))',
    ),
    ("process.cpu.usage", {"unit": "ratio"}, "max(process_cpu_usage)"),
    (
        "hikaricp.connections.active",
        {"unit": "ratio", "of": "max"},
        f"max({BY} (hikaricp_connections_active) / {BY} (hikaricp_connections_max > 0))",
    ),
    ("kafka.consumer.lag", {}, "max(kafka_consumer_fetch_manager_records_lag_max)"),
    (
        "error rate",
        {"unit": "ratio"},
        (
            '(sum(rate(http_server_requests_seconds_count{status=~"5.."}[5m])) or vector(0))'
            " / sum(rate(http_server_requests_seconds_count[5m]))"
        ),
    ),
]


@pytest.mark.parametrize(("quantity", "asked", "expr"), JVM_TABLE)
def test_dotted_names_are_found_under_the_name_that_their_exporter_gives(
    quantity: str, asked: dict[str, object], expr: str
) -> None:
    assert bound(quantity, JVM, **asked).expr == expr


@pytest.mark.parametrize(
    ("quantity", "asked", "would"),
    [
        ("CPU usage", {"unit": "ratio"}, "node_cpu_seconds_total"),
        ("certificate expiration", {"unit": "seconds"}, "probe_ssl_earliest_cert_expiry"),
        ("process.cpu.usage", {"unit": "ratio"}, "process_cpu_usage"),
        ("frobnication", {}, "frobnicat"),
        ("", {}, "CPU usage"),
    ],
)
def test_what_nothing_gives_is_unbound_and_says_what_would_bind_it(
    quantity: str, asked: dict[str, object], would: str
) -> None:
    found = bind(quantity, catalogue={}, **asked)  # type: ignore[arg-type]
    assert isinstance(found, Unbound)
    assert would in found.would


@pytest.mark.parametrize(
    "quantity", ["Disk I/O", "Processing Time", "Message Throughput", "Retry Counts", "Replication Lag"]
)
def test_a_quantity_is_never_bound_to_its_neighbour(quantity: str) -> None:
    assert isinstance(bind(quantity, catalogue=SHOP), Unbound)


def test_a_percentile_is_not_made_up_from_a_mean() -> None:
    assert isinstance(bind("latency", catalogue=JVM, unit="seconds", quantile=0.95), Unbound)
    assert "mean" in bound("latency", JVM, unit="seconds").why


def test_a_unit_that_the_metric_does_not_have_is_no_binding() -> None:
    only = catalogue(metric("process_resident_memory_bytes"))
    assert isinstance(bind("memory usage", catalogue=only, unit="ratio"), Unbound)
    assert bound("memory usage", only, unit="bytes").expr == "max(process_resident_memory_bytes)"


def test_fresh_series_come_before_stale_ones_and_stale_before_none() -> None:
    both = catalogue(
        metric("node_cpu_seconds_total", "counter", stale=True), metric("process_cpu_usage"), metric("up", stale=True)
    )
    assert bound("cpu", both, unit="ratio").expr == "max(process_cpu_usage)"
    assert "no fresh series" in bound("service down", both).why


def test_the_reason_names_the_choice_and_what_else_would_fit() -> None:
    why = bound("CPU usage", SHOP, unit="ratio").why
    assert "node_cpu_seconds_total" in why
    assert "process_cpu_seconds_total would fit too" in why
    assert 'no label tells "checkout" apart' in bound("Checkout latency", SHOP, unit="seconds").why
    instead = bound("Storage", catalogue(*(SHOP[n] for n in SHOP if n.startswith("node_"))), hint="Database size")
    assert "database size, which the description asks for, is not scraped" in instead.why
    assert "no percentile" in bound("latency", SHOP, unit="seconds").why


def test_tools_of_monitoring_do_not_stand_in_for_the_service() -> None:
    only = catalogue(metric("prometheus_http_requests_total", "counter", code=("200",)))
    assert isinstance(bind("request rate", catalogue=only), Unbound)
    assert bound("prometheus_http_requests_total", only).unit == "per_second"


def test_a_host_whose_file_systems_are_all_virtual_is_measured_whole() -> None:
    box = catalogue(
        metric("node_filesystem_avail_bytes", fstype=("overlay",)),
        metric("node_filesystem_size_bytes", fstype=("overlay",)),
    )
    assert (
        bound("disk usage", box, unit="ratio").expr
        == "max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)"
    )


def test_failed_answers_are_told_by_any_usual_label() -> None:
    codes = catalogue(metric("http_requests_total", "counter", code=("2xx", "5xx")))
    assert 'code=~"5.."' in bound("error rate", codes, unit="ratio").expr
    assert 'code=~"[45].."' in bound("error rate", codes, unit="ratio", hint="Percentage of 4xx/5xx").expr
    blank = catalogue(metric("http_requests_total", "counter", method=("GET",)))
    assert isinstance(bind("error rate", catalogue=blank, unit="ratio"), Unbound)


def test_a_selector_that_the_guide_writes_is_kept_and_documented_labels_are_not() -> None:
    lag = catalogue(metric("event_lag_seconds", consumer=("gl",)), metric("jobs_total", "counter"))
    assert (
        bound('event_lag_seconds{consumer="gl"}', lag, unit="seconds").expr == 'max(event_lag_seconds{consumer="gl"})'
    )
    assert bound('`jobs_total{worker="N", code="2xx|5xx"}`', lag).expr == "sum(rate(jobs_total[5m]))"


def test_a_bare_number_against_a_counter_is_its_increase() -> None:
    known = catalogue(metric("violations_total", "counter"))
    assert bound("violations_total", known, unit="count").expr == "sum(increase(violations_total[5m]))"
    assert bound("violations_total", known).expr == "sum(rate(violations_total[5m]))"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Disk space", "disk usage"),
        ("Disk Usage", "disk usage"),
        ("memory", "memory usage"),
        ("API response times", "response time"),
        ("p95 latency", "response time"),
        ("Inventory Levels", "inventory levels"),
    ],
)
def test_a_quantity_has_one_name_between_kinds(words: str, name: str) -> None:
    assert canonical(words) == name


def test_names_and_words_are_told_apart() -> None:
    assert metric_name("`http.server.requests`") == "http_server_requests"
    assert metric_name("api_requests_total") == "api_requests_total"
    assert metric_name("CPU usage") == ""
    assert stems("Failed logins, queries and Disk I/O") == ("fail", "login", "query", "and", "disk", "io")


@given(st.text(max_size=60), st.sampled_from(["", "ratio", "seconds", "bytes", "per_second", "count"]))
def test_no_quantity_crashes_the_binding(quantity: str, unit: str) -> None:
    found = bind(quantity, catalogue=SHOP, unit=unit)
    assert found.why
    assert isinstance(found, Unbound) or not ({"$", "{}"} & {*found.expr.split()})
