"""`opsguide run` from outside: one page, across kill -9 too; one resolve; a lost service pages once.

Real time and real processes; the same in virtual time, and faster, is tests/kernel.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GUIDE = """# Corner Shop - Operations Guide

## Health checks

```bash
curl -f http://127.0.0.1:{port}/health
```

## Monitoring

```yaml
scrape_configs:
  - job_name: shop
    scrape_interval: 1s
    static_configs:
      - targets: ['127.0.0.1:{port}']
```

## Alerts

```yaml
- alert: ShopClosed
  expr: shop_open < 1
  for: 1s
  labels:
    severity: critical
  annotations:
    summary: "{{{{ $labels.job }}}} closed: {{{{ $value }}}}"
```

```yaml
route:
  receiver: hook
  group_by: ['alertname']
  group_wait: 1s
  group_interval: 2s
receivers:
  - name: hook
    webhook_configs:
      - url: http://127.0.0.1:{hook}/hook
```

### Daily tasks
- [ ] Sweep the floor
"""
SETTINGS = """[defaults]
probe_interval = "1s"
scrape_interval = "1s"
evaluation_interval = "1s"
[notify]
trial = "0s"
[collect]
host = false
"""


class Town:
    """The shop, and whoever is paged about it."""

    def __init__(self) -> None:
        self.open = 1
        self.pages: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()

    def sent(self, status: str, name: str) -> int:
        with self.lock:
            pages = list(self.pages.values())
        return sum(p["status"] == status and p["groupLabels"].get("alertname") == name for p in pages)


def serve(town: Town, port: int) -> http.server.ThreadingHTTPServer:
    class Place(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"# TYPE shop_open gauge\nshop_open {town.open}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with town.lock:
                town.pages[self.headers["webhook-id"]] = body
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Place)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextlib.contextmanager
def opsguide(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "opsguide", "run", str(folder / "guide.md"), "--listen", f"127.0.0.1:{port}"]
    with (folder / "out.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder / "data")], stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        until("ready", 20, lambda: get(port, "/-/ready") is not None)
        yield process
    finally:
        process.kill()
        process.wait()


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
        text: str = answer.read().decode()
        return text


def states(port: int) -> dict[str, str]:
    return {c["kind"]: c["verdict"]["state"] for c in json.loads(get(port, "/api/claims"))["claims"]}


def until(what: str, within_s: float, true: Callable[[], bool]) -> None:
    end, last = time.monotonic() + within_s, None
    while time.monotonic() < end:
        try:
            if true():
                return
        except (OSError, KeyError) as fault:
            last = fault
        threading.Event().wait(0.1)
    pytest.fail(f"{what}: not within {within_s:.0f} s ({last})")


def for_a_while(seconds: float, true: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert true()
        threading.Event().wait(0.2)


@pytest.mark.server
def test_one_page_across_a_crash_one_resolve_and_one_cause_one_group(tmp_path: Path) -> None:
    town, target, hook, port = Town(), free_port(), free_port(), free_port()
    (tmp_path / "guide.md").write_text(GUIDE.format(port=target, hook=hook))
    (tmp_path / "opsguide.toml").write_text(SETTINGS)
    shop, mailbox = serve(town, target), serve(town, hook)
    try:
        with opsguide(tmp_path, port) as process:
            wanted = ("probe", "scrape", "alert")
            until("all holds", 20, lambda: all(states(port)[kind] == "holds" for kind in wanted))
            assert states(port)["task"] == "waiting"
            town.open = 0
            until("one page", 15, lambda: town.sent("firing", "ShopClosed") == 1)
            assert next(iter(town.pages.values()))["alerts"][0]["annotations"]["summary"] == "shop closed: 0"
            process.send_signal(signal.SIGKILL)
            process.wait()
        with opsguide(tmp_path, port):
            until("still broken", 10, lambda: states(port)["alert"] == "broken")
            for_a_while(4, lambda: (town.sent("firing", "ShopClosed"), town.sent("resolved", "ShopClosed")) == (1, 0))
            town.open = 1
            until("one resolve", 15, lambda: town.sent("resolved", "ShopClosed") == 1)
            assert town.sent("firing", "ClaimBroken") == 0
            shop.shutdown()
            shop.server_close()
            until("the lost service shows", 15, lambda: {states(port)[k] for k in ("probe", "scrape")} == {"broken"})
            until("what is not seen is unknown", 15, lambda: states(port)["alert"] == "unknown")
            until("somebody is told", 15, lambda: town.sent("firing", "ClaimBroken") >= 1)
            for_a_while(4, lambda: town.sent("firing", "ShopClosed") == 1 == town.sent("resolved", "ShopClosed"))
        groups = {p["groupKey"] for p in town.pages.values() if p["groupLabels"]["alertname"] == "ClaimBroken"}
        assert len(groups) == 1
    finally:
        mailbox.shutdown()
        mailbox.server_close()
        shop.server_close()
    assert "Traceback" not in (tmp_path / "out.log").read_text()
