"""What quantities are called and which series give them. Data only: another exporter is another line here.

In an expression `$0`, `$1` are the metrics that met `needs`, `$w` the window, `$q` the quantile, `$bad` the matcher of
failed answers, `$db` that of database jobs and `$fs` that of real file systems. Patterns fit whole names; `$stem` is
the first one's group of that name. More than 500 lines: it is one table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """One expression for a quantity. unit: its base unit. mode: quantile, avg or max where it gives just that.

    words: at least one of these stands in the quantity or its description, else it is not taken. note: told in why.
    """

    needs: tuple[str, ...]
    expr: str
    unit: str
    mode: str = ""
    words: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Convention:
    """A quantity, the sets of words it is known by (stems, see `binding.stems`), and its ways, best first."""

    quantity: str
    phrases: tuple[str, ...]
    ways: tuple[Way, ...]
    would: str


OWN = (
    *("prometheus_", "promhttp_", "alertmanager_", "opsguide_", "grafana_", "net_conntrack_", "go_", "python_gc"),
    *("scrape_", "node_scrape_", "loki_", "thanos_"),
)
"""Metrics of the tools of monitoring themselves; they bind only where the guide writes their names."""

STATUS_LABELS = (
    *("status", "code", "status_code", "http_status", "http_status_code", "response_code"),
    "http_response_status_code",
)
VIRTUAL_FILE_SYSTEMS = (
    *("tmpfs", "devtmpfs", "ramfs", "overlay", "squashfs", "iso9660", "proc", "sysfs", "nsfs", "cgroup2", "fuse.lxcfs"),
)

_A = r"(?:[a-z][a-z0-9_]*_)?"
_SERVED = rf"{_A}(?:http|request|requests|response|rpc|api){r'(?:_[a-z0-9_]+)?'}"
_TIMED = (
    rf"(?P<stem>{_SERVED}_(?:seconds|duration_seconds|latency_seconds)|{_A}latency_seconds|{_A}response_time_seconds)"
)
_TIMED_MS = (
    rf"(?P<stem>{_SERVED}_(?:milliseconds|ms|duration_ms|latency_ms)|{_A}(?:latency|response_time)_(?:ms|milliseconds))"
)
_COUNTED = (
    r"http_requests_total",
    r"http_server_requests_seconds_count",
    rf"{_A}requests_total",
    rf"{_A}(?:request|http|response)[a-z0-9_]*_(?:seconds|duration_seconds|milliseconds)_count",
    rf"{_A}(?:requests|responses)(?:_[a-z0-9_]+)?_total",
)
_QUANTILE = "histogram_quantile($q, sum by (le) (rate($0[$w])))"
_MEAN = "sum(rate($0[$w])) / sum(rate($1[$w]))"
_BY = "sum by (job, instance)"


def _rates(patterns: tuple[str, ...]) -> tuple[Way, ...]:
    return tuple(Way((pattern,), "sum(rate($0[$w]))", "per_second") for pattern in patterns)


CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "cpu usage",
        ("cpu", "processor"),
        (
            Way(
                ("node_cpu_seconds_total",),
                'max(1 - avg by (instance) (rate($0{mode="idle"}[$w])))',
                "ratio",
                note="the busiest host",
            ),
            Way(
                ("container_cpu_usage_seconds_total", "container_spec_cpu_quota"),
                "max(sum by (pod, name) (rate($0[$w])) / (sum by (pod, name) ($1) / 100000))",
                "ratio",
            ),
            Way(("system_cpu_usage",), "max($0)", "ratio"),
            Way(("process_cpu_usage",), "max($0)", "ratio"),
            Way(("process_cpu_seconds_total",), "max(rate($0[$w]))", "ratio", note="a share of one core, per process"),
            Way(("windows_cpu_time_total",), 'max(1 - avg by (instance) (rate($0{mode="idle"}[$w])))', "ratio"),
        ),
        "node_cpu_seconds_total of the host metrics, or process_cpu_seconds_total of the service",
    ),
    Convention(
        "jvm memory usage",
        ("jvm memory", "heap", "memory heap", "jvm heap"),
        (
            Way(
                ("jvm_memory_used_bytes", "jvm_memory_max_bytes"),
                f'max({_BY} ($0{{area="heap"}}) / {_BY} ($1{{area="heap"}} > 0))',
                "ratio",
                note="heap of the fullest JVM; pools without a maximum (-1) are left out",
            ),
            Way(("jvm_memory_used_bytes",), f'max({_BY} ($0{{area="heap"}}))', "bytes", note="heap of the largest JVM"),
        ),
        "jvm_memory_used_bytes and jvm_memory_max_bytes of Micrometer",
    ),
    Convention(
        "redis memory usage",
        ("redis memory", "cache memory"),
        (
            Way(("redis_memory_used_bytes", "redis_memory_max_bytes"), "max($0 / ($1 > 0))", "ratio"),
            Way(("redis_memory_used_bytes",), "sum($0)", "bytes"),
        ),
        "redis_memory_used_bytes",
    ),
    Convention(
        "free memory",
        ("free memory", "memory available"),
        (
            Way(("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"), "min($0 / $1)", "ratio"),
            Way(("node_memory_MemAvailable_bytes",), "min($0)", "bytes"),
        ),
        "node_memory_MemAvailable_bytes of the host metrics",
    ),
    Convention(
        "memory usage",
        ("memory", "ram", "rss"),
        (
            Way(
                ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"),
                "max(1 - $0 / $1)",
                "ratio",
                note="the fullest host",
            ),
            Way(
                ("container_memory_working_set_bytes", "container_spec_memory_limit_bytes"),
                "max($0 / ($1 > 0))",
                "ratio",
            ),
            Way(("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"), "max($0 - $1)", "bytes"),
            Way(("container_memory_working_set_bytes",), "max($0)", "bytes"),
            Way(("process_resident_memory_bytes",), "max($0)", "bytes", note="the largest process"),
            Way(("jvm_memory_used_bytes",), f"max({_BY} ($0))", "bytes"),
        ),
        "node_memory_MemAvailable_bytes and node_memory_MemTotal_bytes of the host metrics",
    ),
    Convention(
        "free disk space",
        ("free disk", "free disk space", "free space", "free storage", "free filesystem", "disk available"),
        (
            Way(
                ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
                "min($0{$fs} / $1{$fs})",
                "ratio",
                note="the fullest real file system",
            ),
            Way(("node_filesystem_avail_bytes",), "min($0{$fs})", "bytes", note="the fullest real file system"),
            Way(("windows_logical_disk_free_bytes", "windows_logical_disk_size_bytes"), "min($0 / $1)", "ratio"),
            Way(
                ("kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"), "min($0 / $1)", "ratio"
            ),
            Way(("disk_free_bytes", "disk_total_bytes"), "min($0 / $1)", "ratio"),
        ),
        "node_filesystem_avail_bytes and node_filesystem_size_bytes of the host metrics",
    ),
    Convention(
        "disk i/o",
        ("disk io", "disk read", "disk write", "disk throughput"),
        (
            Way(
                ("node_disk_read_bytes_total", "node_disk_written_bytes_total"),
                "sum(rate($0[$w])) + sum(rate($1[$w]))",
                "bytes_per_second",
            ),
            Way(
                ("node_disk_reads_completed_total", "node_disk_writes_completed_total"),
                "sum(rate($0[$w])) + sum(rate($1[$w]))",
                "per_second",
            ),
            Way(
                ("container_fs_reads_bytes_total", "container_fs_writes_bytes_total"),
                "sum(rate($0[$w])) + sum(rate($1[$w]))",
                "bytes_per_second",
            ),
        ),
        "node_disk_read_bytes_total and node_disk_written_bytes_total of the host metrics",
    ),
    Convention(
        "database size",
        ("database size", "storage database", "db size"),
        (
            Way(("pg_database_size_bytes",), "sum($0)", "bytes"),
            Way(("mysql_info_schema_table_size",), "sum($0)", "bytes"),
            Way(("mysql_database_size_bytes",), "sum($0)", "bytes"),
            Way(("mongodb_dbstats_dataSize",), "sum($0)", "bytes"),
        ),
        "pg_database_size_bytes or mysql_info_schema_table_size of a database collector ([collect])",
    ),
    Convention(
        "disk usage",
        ("disk", "disk usage", "disk space", "filesystem", "storage"),
        (
            Way(
                ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
                "max(1 - $0{$fs} / $1{$fs})",
                "ratio",
                note="the fullest real file system",
            ),
            Way(("node_filesystem_size_bytes", "node_filesystem_avail_bytes"), "max($0{$fs} - $1{$fs})", "bytes"),
            Way(("kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes"), "max($0 / $1)", "ratio"),
            Way(("windows_logical_disk_free_bytes", "windows_logical_disk_size_bytes"), "max(1 - $0 / $1)", "ratio"),
            Way(("container_fs_usage_bytes", "container_fs_limit_bytes"), "max($0 / ($1 > 0))", "ratio"),
            Way(("disk_free_bytes", "disk_total_bytes"), "max(1 - $0 / $1)", "ratio"),
        ),
        "node_filesystem_avail_bytes and node_filesystem_size_bytes of the host metrics",
    ),
    Convention(
        "network i/o",
        ("network", "network io", "bandwidth", "network traffic"),
        (
            Way(
                ("node_network_receive_bytes_total", "node_network_transmit_bytes_total"),
                'sum(rate($0{device!="lo"}[$w])) + sum(rate($1{device!="lo"}[$w]))',
                "bytes_per_second",
                note="received and sent, without loopback",
            ),
            Way(
                ("container_network_receive_bytes_total", "container_network_transmit_bytes_total"),
                "sum(rate($0[$w])) + sum(rate($1[$w]))",
                "bytes_per_second",
            ),
        ),
        "node_network_receive_bytes_total and node_network_transmit_bytes_total of the host metrics",
    ),
    Convention(
        "load average",
        ("load", "load average", "system load"),
        (Way(("node_load5",), "max($0)", ""), Way(("node_load1",), "max($0)", "")),
        "node_load5 of the host metrics",
    ),
    Convention(
        "processing time",
        ("process time", "process duration", "process latency", "process delay"),
        (
            Way((r"(?P<stem>[a-z0-9_]*process[a-z0-9_]*_seconds)_bucket",), _QUANTILE, "seconds", "quantile"),
            Way(
                (r"(?P<stem>[a-z0-9_]*process[a-z0-9_]*_seconds)_sum", "$stem_count"),
                _MEAN,
                "seconds",
                "avg",
            ),
        ),
        "a histogram whose name holds `processing` and ends in _seconds_bucket",
    ),
    Convention(
        "response time",
        (
            "response time",
            "latency",
            "request duration",
            "request time",
            "response latency",
            "delay",
            "request",
            "response",
        ),
        (
            Way((rf"{_TIMED}_bucket",), _QUANTILE, "seconds", "quantile"),
            Way((rf"{_TIMED_MS}_bucket",), f"{_QUANTILE} / 1000", "seconds", "quantile"),
            Way((_TIMED,), "max($0{quantile=$quoted})", "seconds", "summary"),
            Way((rf"{_TIMED}_sum", "$stem_count"), _MEAN, "seconds", "avg"),
            Way((rf"{_TIMED_MS}_sum", "$stem_count"), f"{_MEAN} / 1000", "seconds", "avg"),
            Way((rf"{_TIMED}_max",), "max($0)", "seconds", "max"),
            Way(("probe_http_duration_seconds",), "max(sum by (instance) ($0))", "seconds", "avg", note="as probed"),
            Way(("probe_duration_seconds",), "max($0)", "seconds", "avg", note="as probed"),
        ),
        "a histogram of requests, e.g. http_request_duration_seconds_bucket or http_server_requests_seconds_bucket",
    ),
    Convention(
        "error rate",
        (
            "error rate",
            "error",
            "5xx",
            "4xx",
            "failure rate",
            "fail rate",
            "fail request",
            "error percentage",
            "error ratio",
        ),
        (
            *(
                Way((pattern,), "(sum(rate($0{$bad}[$w])) or vector(0)) / sum(rate($0[$w]))", "ratio", "status")
                for pattern in _COUNTED
            ),
            Way(
                (
                    r"(?P<stem>[a-z0-9_]*?)_?(?:request_|requests_)?(?:errors|failed|failures|failed_requests)_total",
                    "$stem_requests_total",
                ),
                "(sum(rate($0[$w])) or vector(0)) / sum(rate($1[$w]))",
                "ratio",
            ),
            Way(
                (
                    r"(?P<stem>[a-z0-9_]*?)_?(?:failed|errors|failures|error)_total",
                    "$stem_(?:processed_|received_)?total",
                ),
                "(sum(rate($0[$w])) or vector(0)) / sum(rate($1[$w]))",
                "ratio",
            ),
            *(
                Way((pattern,), "sum(rate($0{$bad}[$w])) or sum(rate($0[$w])) * 0", "per_second", "status")
                for pattern in _COUNTED
            ),
            Way((r"[a-z0-9_]*(?:errors|failures|failed)_total",), "sum(rate($0[$w]))", "per_second"),
        ),
        "a counter of requests with a label status or code, e.g. http_requests_total",
    ),
    Convention(
        "request rate",
        ("request rate", "req rate", "request", "rps", "qps", "request per second", "traffic", "request throughput"),
        _rates(_COUNTED),
        "a counter of requests, e.g. http_requests_total or http_server_requests_seconds_count",
    ),
    Convention(
        "message throughput",
        ("message throughput", "message rate", "throughput", "message", "event rate"),
        (
            Way(
                (r"[a-z0-9_]*(?:messages|events)[a-z0-9_]*(?:processed|received|handled|consumed)[a-z0-9_]*_total",),
                "sum(rate($0[$w]))",
                "per_second",
            ),
            Way((r"[a-z0-9_]*(?:messages|events)_total",), "sum(rate($0[$w]))", "per_second"),
            *(
                Way((pattern,), "sum(rate($0[$w]))", "per_second", words=("request", "api", "http"))
                for pattern in _COUNTED
            ),
        ),
        "a counter of messages, e.g. messages_processed_total",
    ),
    Convention(
        "database connection failure",
        (
            "database connect fail",
            "database down",
            "db down",
            "database unavail",
            "database unreach",
            "database fail",
            "db connect fail",
        ),
        (
            Way(("pg_up",), "count($0) - sum($0)", "count", note="databases that cannot be asked"),
            Way(("mysql_up",), "count($0) - sum($0)", "count", note="databases that cannot be asked"),
            Way(("mongodb_up",), "count($0) - sum($0)", "count"),
            Way(
                ("up",),
                "count($0{$db}) - sum($0{$db})",
                "count",
                "database job",
            ),
            Way((r"hikaricp_connections_timeout_total",), "sum(increase($0[$w]))", "count"),
            Way((r"[a-z0-9_]*(?:db|database)[a-z0-9_]*(?:errors|failures)_total",), "sum(increase($0[$w]))", "count"),
        ),
        'a collector of the database ([collect] db = "postgresql://..."), which gives pg_up or mysql_up',
    ),
    Convention(
        "database connections",
        ("database connect", "db connect", "connect pool", "active connect", "connect", "pool", "database pool"),
        (
            Way(("hikaricp_connections_active", "hikaricp_connections_max"), "max($0 / ($1 > 0))", "ratio"),
            Way(
                (
                    r"[a-z0-9_]*(?:database|db|pool)[a-z0-9_]*connections?_(?:active|used|in_use|busy)",
                    r"[a-z0-9_]*(?:database|db|pool)[a-z0-9_]*connections?_(?:max|limit|size)",
                ),
                "sum($0) / sum($1 > 0)",
                "ratio",
            ),
            Way(("pg_stat_activity_count", "pg_settings_max_connections"), "sum($0) / max($1)", "ratio"),
            Way(
                ("mysql_global_status_threads_connected", "mysql_global_variables_max_connections"),
                "max($0 / $1)",
                "ratio",
            ),
            Way(
                (r"[a-z0-9_]*(?:database|db|pool)[a-z0-9_]*connections?_(?:active|used|in_use|busy)",),
                "sum($0)",
                "count",
            ),
            Way(("hikaricp_connections_active",), "sum($0)", "count"),
            Way((r"[a-z0-9_]*(?:active|open)_(?:database|db)_connections?",), "sum($0)", "count"),
            Way(("pg_stat_activity_count",), "sum($0)", "count"),
            Way(("pg_stat_database_numbackends",), "sum($0)", "count"),
            Way(("mysql_global_status_threads_connected",), "sum($0)", "count"),
            Way(("redis_connected_clients",), "sum($0)", "count", words=("redis", "cache")),
        ),
        "database_connections_active of the service, hikaricp_connections_active, or a database collector ([collect])",
    ),
    Convention(
        "consumer lag",
        ("consumer lag", "lag", "kafka lag"),
        (
            Way(("kafka_consumer_lag",), "max($0)", "count"),
            Way(("kafka_consumergroup_lag",), "max(sum by (consumergroup, topic) ($0))", "count"),
            Way(("kafka_consumer_fetch_manager_records_lag_max",), "max($0)", "count"),
            Way(("kafka_consumer_records_lag_max",), "max($0)", "count"),
            Way(("redis_stream_group_lag",), "max($0)", "count"),
        ),
        "kafka_consumergroup_lag, kafka_consumer_fetch_manager_records_lag_max or redis_stream_group_lag",
    ),
    Convention(
        "queue length",
        ("queue", "queue length", "backlog", "queue depth", "queue size", "pending message", "queue buildup"),
        (
            Way((r"[a-z0-9_]*queue_(?:length|size|depth|pending|messages)",), "max($0)", "count"),
            Way(("rabbitmq_queue_messages_ready",), "max($0)", "count"),
            Way(("rabbitmq_queue_messages",), "max($0)", "count"),
            Way(("redis_stream_length",), "max($0)", "count", note="the longest stream"),
            Way(("redis_list_length",), "max($0)", "count"),
            Way(("kafka_consumergroup_lag",), "max(sum by (consumergroup, topic) ($0))", "count"),
            Way((r"[a-z0-9_]*(?:pending|backlog|queued)[a-z0-9_]*",), "max($0)", "count"),
        ),
        "a gauge ending in queue_length, or a Redis collector ([collect]), which gives redis_stream_length",
    ),
    Convention(
        "replication lag",
        ("replicat lag", "replica lag", "replicat delay", "replicat"),
        (
            Way(("pg_replication_lag_seconds",), "max($0)", "seconds"),
            Way(("pg_replication_lag",), "max($0)", "seconds"),
            Way(("mysql_slave_status_seconds_behind_master",), "max($0)", "seconds"),
            Way(("mysql_replica_status_seconds_behind_source",), "max($0)", "seconds"),
            Way(("redis_connected_slave_lag_seconds",), "max($0)", "seconds"),
        ),
        "pg_replication_lag_seconds or mysql_slave_status_seconds_behind_master of a database collector ([collect])",
    ),
    Convention(
        "slow queries",
        ("slow query", "query performance", "query"),
        (
            Way(("mysql_global_status_slow_queries",), "sum(rate($0[$w]))", "per_second"),
            Way(("pg_stat_activity_max_tx_duration",), "max($0)", "seconds", note="the longest transaction"),
            Way((r"[a-z0-9_]*slow_quer(?:y|ies)[a-z0-9_]*_total",), "sum(rate($0[$w]))", "per_second"),
            Way(
                ("pg_stat_statements_seconds_total", "pg_stat_statements_calls_total"),
                "sum(rate($0[$w])) / sum(rate($1[$w]))",
                "seconds",
                note="mean time of a statement",
            ),
        ),
        "mysql_global_status_slow_queries or pg_stat_activity_max_tx_duration of a database collector ([collect])",
    ),
    Convention(
        "retries",
        ("retry", "retry count", "retry rate"),
        (
            Way((r"[a-z0-9_]*retr(?:y|ies)[a-z0-9_]*_total",), "sum(rate($0[$w]))", "per_second"),
            Way((r"[a-z0-9_]*retr(?:y|ies)(?:_count)?",), "sum($0)", "count"),
        ),
        "a counter such as message_retries_total",
    ),
    Convention(
        "certificate expiry",
        ("certificate", "cert", "certificate expir", "ssl", "tls"),
        (
            Way(
                ("probe_ssl_earliest_cert_expiry",),
                "min($0) - time()",
                "seconds",
                note="the certificate that ends first",
            ),
            Way(
                (r"[a-z0-9_]*cert(?:ificate)?[a-z0-9_]*not_after(?:_timestamp)?(?:_seconds)?",),
                "min($0) - time()",
                "seconds",
            ),
            Way(
                (r"[a-z0-9_]*cert(?:ificate)?[a-z0-9_]*expir[a-z0-9_]*_timestamp(?:_seconds)?",),
                "min($0) - time()",
                "seconds",
            ),
        ),
        "a probe of an https address, which gives probe_ssl_earliest_cert_expiry",
    ),
    Convention(
        "service down",
        (
            "service down",
            "down",
            "instance down",
            "target down",
            "unavail",
            "unreach",
            "outage",
            "service unavail",
            "offline",
        ),
        (
            Way(("up",), "count($0) - sum($0)", "count", note="targets that do not answer"),
            Way(("probe_success",), "count($0) - sum($0)", "count", note="probes that fail"),
        ),
        "a scrape or a probe of the service, which gives `up`",
    ),
    Convention(
        "uptime",
        ("uptime", "availability"),
        (
            Way(("probe_success",), "avg(avg_over_time($0[$w]))", "ratio"),
            Way(("up",), "avg(avg_over_time($0[$w]))", "ratio"),
            Way(("process_start_time_seconds",), "time() - max($0)", "seconds"),
            Way(("node_boot_time_seconds",), "time() - max($0)", "seconds"),
        ),
        "a probe or a scrape of the service, which gives `up`",
    ),
    Convention(
        "transactions",
        ("transaction", "daily transaction", "sale", "daily sale", "order", "daily order"),
        tuple(
            Way((rf"[a-z0-9_]*{word}s?(?:_[a-z]+)?_total",), "sum(increase($0[$w]))", "count", note=note)
            for word, note in (
                ("transaction", ""),
                ("order", "orders are taken for transactions"),
                ("sale", "sales are taken for transactions"),
                ("payment", "payments are taken for transactions"),
            )
        ),
        "a counter such as transactions_total or orders_total",
    ),
    Convention(
        "restarts",
        ("restart", "pod restart", "crash"),
        (
            Way(("kube_pod_container_status_restarts_total",), "sum(increase($0[$w]))", "count"),
            Way(("process_start_time_seconds",), "sum(changes($0[$w]))", "count"),
        ),
        "kube_pod_container_status_restarts_total or process_start_time_seconds",
    ),
    Convention(
        "cache hit rate",
        ("cache hit", "hit rate", "hit ratio"),
        (
            Way(
                ("redis_keyspace_hits_total", "redis_keyspace_misses_total"),
                "sum(rate($0[$w])) / (sum(rate($0[$w])) + sum(rate($1[$w])))",
                "ratio",
            ),
        ),
        "redis_keyspace_hits_total and redis_keyspace_misses_total of a Redis collector ([collect])",
    ),
)

SIBLINGS_OF_MAX: tuple[tuple[str, str], ...] = (
    ("used", "max"),
    ("active", "max"),
    ("usage", "limit"),
    ("used", "limit"),
    ("used", "total"),
    ("used", "size"),
    ("used", "capacity"),
    ("active", "size"),
    ("active", "limit"),
    ("in_use", "max"),
    ("current", "max"),
    ("size", "max"),
    ("length", "max"),
    ("open", "max"),
)
"""Word of a gauge's name -> the same name's word for its maximum."""

SAME: dict[str, tuple[str, ...]] = {
    "kafka_consumer_lag": (
        "kafka_consumer_fetch_manager_records_lag_max",
        "kafka_consumer_records_lag_max",
        "kafka_consumergroup_lag",
    ),
}
"""Names as guides write them -> the names under which exporters give the same."""
