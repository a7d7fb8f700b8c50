"""How light opsguide is: memory, idle processor time and start of one guide of 100 claims, and `--version`.

    .venv/bin/python bench/light.py [--seconds 60]

Goals: under 150 MB resident, under 2 % of a core when idle, page live under 2 s from start, `--version` under
8 times a bare interpreter. The guide's 100 claims are all live against a small service of this script, at the
default intervals.
"""

from __future__ import annotations

import argparse
import http.server
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from opsguide.examples.system import free_port


class Service(http.server.BaseHTTPRequestHandler):
    """Answers every path; /metrics with 200 series."""

    def do_GET(self) -> None:
        body = "".join(f'shop_figure{{n="{n}"}} {n}\n' for n in range(200)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def guide(port: int) -> str:
    probes = "\n".join(f"curl -f http://127.0.0.1:{port}/health/{n}" for n in range(10))
    rules = "\n".join(
        f'- alert: Figure{n}\n  expr: shop_figure{{n="{n}"}} > {n + 1}\n  for: 1m\n  labels: {{severity: warning}}'
        for n in range(60)
    )
    tasks = "\n".join(f"- [ ] Look at corner {n} of the shop" for n in range(20))
    return f"""# Shop - Operations Guide

## Health checks

```bash
{probes}
```

## Monitoring

```yaml
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ['127.0.0.1:{port}']
```

#### System Metrics
- **CPU Usage**: < 99.9%
- **Memory Usage**: < 99%
- **Disk Usage**: < 99.9%
- **Network I/O**: watch
- **Load**: watch

## Alerts

```yaml
{rules}
```

```yaml
route:
  receiver: hook
receivers:
  - name: hook
    webhook_configs:
      - url: http://127.0.0.1:{port}/hook
```

### Daily Tasks
{tasks}
"""


def claims(port: int) -> list[dict[str, dict[str, str]]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/claims", timeout=2) as answer:
        found: list[dict[str, dict[str, str]]] = json.load(answer)["claims"]
        return found


def live(port: int, start: float) -> float:
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
                return time.monotonic() - start
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() - start > 30:
                raise
            time.sleep(0.02)


def version_ratio() -> tuple[float, float]:
    """Least seconds of 15 runs each: `opsguide --version`, a bare interpreter; in turns."""
    opsguide = [str(Path(sys.executable).parent / "opsguide"), "--version"]
    commands = (opsguide, [sys.executable, "-c", "pass"])
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(15):
        for command, kept in zip(commands, took, strict=True):
            start = time.monotonic()
            subprocess.run(command, check=True, capture_output=True)
            kept.append(time.monotonic() - start)
    return min(took[0]), min(took[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60, help="how long it is watched when idle")
    watched_s = parser.parse_args().seconds
    service, port = free_port(), free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", service), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guide.md"
        path.write_text(guide(service))
        command = [sys.executable, "-m", "opsguide", "run", str(path), "--listen", f"127.0.0.1:{port}"]
        start = time.monotonic()
        process = subprocess.Popen([*command, "--data", folder + "/data"], stdout=subprocess.DEVNULL)
        try:
            page_s = live(port, start)
            time.sleep(25)
            found = claims(port)
            seen = psutil.Process(process.pid)
            before = sum(seen.cpu_times()[:2])
            time.sleep(watched_s)
            share = (sum(seen.cpu_times()[:2]) - before) / watched_s
            resident = seen.memory_info().rss / 1e6
        finally:
            process.terminate()
            process.wait(20)
    states = [c["verdict"]["state"] for c in found]
    tally = ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states)))
    ours, bare = version_ratio()
    print(f"claims            {len(found)} ({tally})")
    print(f"resident          {resident:.0f} MB          (goal 150)")
    print(f"idle              {share * 100:.2f} % of a core (goal 2)")
    print(f"page live after   {page_s:.2f} s          (goal 2)")
    print(f"--version         {ours * 1000:.0f} ms, bare {bare * 1000:.0f} ms: {ours / bare:.1f} times (goal 8)")


if __name__ == "__main__":
    main()
