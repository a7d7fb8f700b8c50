"""The service's own metrics, in Prometheus's text format, under the names that its guide states."""

from __future__ import annotations

from collections import Counter

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Figures:
    """Counts requests and their durations, and remembers gauges."""

    def __init__(self) -> None:
        """Start at zero."""
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.buckets: Counter[tuple[str, float]] = Counter()
        self.seconds: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}

    def request(self, method: str, path: str, status: int, took_s: float) -> None:
        """Count one answered request."""
        self.requests[method, path, str(status)] += 1
        self.seconds[path] += took_s  # type: ignore[assignment]  # a Counter adds floats as well
        self.counts[path] += 1
        for bound in BUCKETS:
            if took_s <= bound:
                self.buckets[path, bound] += 1

    def text(self) -> str:
        """Everything, as one exposition."""
        lines = ["# HELP api_requests_total Answered requests.", "# TYPE api_requests_total counter"]
        lines += [
            f'api_requests_total{{method="{m}",path="{p}",status="{s}"}} {n}'
            for (m, p, s), n in sorted(self.requests.items())
        ]
        lines += ["# TYPE api_request_duration_seconds histogram"]
        for path, count in sorted(self.counts.items()):
            label = f'path="{path}"'
            lines += [
                f'api_request_duration_seconds_bucket{{{label},le="{b}"}} {self.buckets[path, b]}' for b in BUCKETS
            ]
            lines += [f'api_request_duration_seconds_bucket{{{label},le="+Inf"}} {count}']
            lines += [f"api_request_duration_seconds_sum{{{label}}} {self.seconds[path]}"]
            lines += [f"api_request_duration_seconds_count{{{label}}} {count}"]
        for name, number in sorted(self.events.items()):
            lines += [f"# TYPE {name} counter", f"{name} {number}"]
        for name, value in sorted(self.gauges.items()):
            lines += [f"# TYPE {name} gauge", f"{name} {value}"]
        return "\n".join(lines) + "\n"
