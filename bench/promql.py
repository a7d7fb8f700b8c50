"""How fast rules are evaluated: expressions of the seed guides over many series, beside Prometheus if installed.

    .venv/bin/python bench/promql.py [--series 10000]

Both sides hold the same samples (one target, 15 s apart, 30 min) and answer the same instant queries. Prometheus, where
a `prometheus` and a `promtool` binary are found, is fed through its own backfilling of OpenMetrics and asked over HTTP.
Figures are the best of 9 calls in milliseconds; only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.exposition import parse as parse_exposition
from opsguide.engines.promql import instant, many, parse, range_
from opsguide.engines.promql.fault import QueryFault
from opsguide.engines.series import Head

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsguide.engines.promql import Query

SCRAPES = 120
START = 1_760_000_000
NOW = float(START + SCRAPES * 15 - 1)
LES = ("0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf")
EXPRESSIONS = [
    'rate(http_requests_total{status=~"5.."}[5m]) > 0.1',
    "sum by (status) (rate(http_requests_total[5m]))",
    'sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
    "histogram_quantile(0.95, rate(api_request_duration_seconds_bucket[5m])) > 2",
    "histogram_quantile(0.99, sum(rate(api_request_duration_seconds_bucket[1m])) by (le)) > 1",
    '(100 - (avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) * 100)) > 80',
    "max_over_time(http_requests_total[5m])",
    "count(http_requests_total)",
]


def keys(series: int) -> list[str]:
    requests = [
        f'http_requests_total{{status="{status}",path="/p/{n}"}}'
        for n in range(series // 10)
        for status in ("200", "201", "404", "500", "503")
    ]
    buckets = [
        f'api_request_duration_seconds_bucket{{path="/p/{n}",le="{le}"}}' for n in range(series // 20) for le in LES
    ]
    cpus = [
        f'node_cpu_seconds_total{{cpu="{n}",mode="{mode}"}}'
        for n in range(series // 100)
        for mode in ("idle", "user", "system", "iowait", "irq", "nice", "softirq", "steal", "guest", "x")
    ]
    return requests + buckets + cpus


def best_ms(call: Callable[[], object], times: int = 9) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return min(took) * 1000


def samples(count: int) -> np.ndarray:
    generator = np.random.default_rng(7)
    steps = generator.integers(0, 20, size=(SCRAPES, count)).astype(np.float64)
    steps[:, generator.random(count) < 0.3] = 0  # a third of all series never move
    return np.cumsum(steps, axis=0)


def openmetrics(listed: list[str], values: np.ndarray) -> str:
    lines: list[str] = []
    for row, key in enumerate(listed):
        lines.extend(f"{key} {values[i, row]:.0f} {START + 15 * i}\n" for i in range(SCRAPES))
    return "".join(lines) + "# EOF\n"


class Prometheus:
    """A Prometheus of its own over a folder of backfilled blocks."""

    def __init__(self, listed: list[str], values: np.ndarray) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="opsguide-bench-")
        root = Path(self.folder.name)
        (root / "in.om").write_text(openmetrics(listed, values))
        (root / "empty.yml").write_text("scrape_configs: []\n")
        subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", root / "in.om", root / "data"],
            check=True,
            capture_output=True,
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={root / 'empty.yml'}",
                f"--storage.tsdb.path={root / 'data'}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            if self.ready():
                return
            time.sleep(0.1)
        raise SystemExit("prometheus did not get ready")

    def ready(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1).close()
        except OSError:
            return False
        return True

    def ask(self, expr: str) -> float:
        """Its own evaluation time, seconds."""
        query = urllib.parse.urlencode({"query": expr, "time": NOW, "stats": "all"})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{query}", timeout=60) as reply:
            return float(json.load(reply)["data"]["stats"]["timings"]["evalTotalTime"])

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--series", type=int, default=10_000)
    listed = keys(options.parse_args().series)
    values = samples(len(listed))
    body = "\n".join(f"{key} {value:.0f}" for key, value in zip(listed, values[0], strict=True)).encode()
    parse_exposition(body)
    exposed = best_ms(lambda: parse_exposition(body))
    head = Head()
    began = time.perf_counter()
    for i in range(SCRAPES):
        head.append("bench", (("instance", "h"), ("job", "b")), START + 15.0 * i, listed, values[i])
    appended = (time.perf_counter() - began) * 1000 / SCRAPES
    print(f"{len(listed)} series, {SCRAPES} scrapes; parse {exposed:.1f} ms, append {appended:.2f} ms a scrape")
    peer = Prometheus(listed, values) if shutil.which("prometheus") and shutil.which("promtool") else None
    try:
        compare(head, peer)
    finally:
        if peer is not None:
            peer.close()


def compare(head: Head, peer: Prometheus | None) -> None:
    print(f"{'instant':>9} {'range 30m':>10} {'peer':>9} {'ratio':>7}  expression")
    queries = [parse(expr) for expr in EXPRESSIONS]
    for expr, query in zip(EXPRESSIONS, queries, strict=True):
        ours = best_ms(partial(instant, query, head, NOW))
        ranged = best_ms(partial(_range, query, head), 3)
        theirs = min(peer.ask(expr) for _ in range(5)) * 1000 if peer else float("nan")
        beside = f"{theirs:7.2f}ms {theirs / ours:6.1f}x" if peer else f"{'-':>9} {'-':>7}"
        print(f"{ours:7.2f}ms {ranged:8.1f}ms {beside}  {expr}")
    together = best_ms(lambda: many(queries * 12, head, NOW))
    print(f"{together:7.2f}ms for {len(queries) * 12} rules at one instant, sharing")
    if peer is None:
        print("no prometheus and promtool found: the peer was not measured")


def _range(query: Query, head: Head) -> object:
    try:
        return range_(query, head, NOW - 1800, NOW, 15)
    except QueryFault as fault:
        return fault


if __name__ == "__main__":
    main()
