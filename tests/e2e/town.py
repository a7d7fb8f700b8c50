"""The town around a running opsguide: a shop that is looked at, mailboxes that are told, and the process itself."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SETTINGS = """[defaults]
probe_interval = "1s"
probe_timeout = "2s"
scrape_interval = "1s"
scrape_timeout = "1s"
evaluation_interval = "1s"
[notify]
trial = "0s"
[collect]
host = false
"""
ROUTE = """
```yaml
route:
  receiver: hook
  group_by: ['alertname']
  group_wait: 1s
  group_interval: 2s
receivers:
  - name: hook
    webhook_configs:
      - url: {hook}
```
"""
ALERT = """
## Alerts

```yaml
- alert: ShopClosed
  expr: shop_open < 1
  for: 1s
  labels:
    severity: critical
  annotations:
    summary: "{{ $labels.job }} closed: {{ $value }}"
```
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One POST that a mailbox took. id: its webhook-id; status: what it was answered."""

    path: str
    id: str
    body: dict[str, Any]
    at: float
    status: int
    headers: dict[str, str]

    def is_about(self, status: str, name: str) -> bool:
        """Whether it tells that alert, firing or resolved."""
        return bool(self.body["status"] == status and self.body["groupLabels"].get("alertname") == name)


@dataclass(slots=True)
class Town:
    """The shop's figures, and what was told. answers: status codes that a path gives in turn, then 200 for ever."""

    open: int = 1
    shop: int = 0
    mail: int = 0
    letters: list[Letter] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self, status: str, name: str, path: str = "/hook") -> int:
        """How many different messages told it; retries of one count once."""
        with self.lock:
            return len({one.id for one in self.letters if one.path == path and one.is_about(status, name)})

    def statuses(self, path: str) -> list[int]:
        """What a mailbox answered, in order."""
        with self.lock:
            return [one.status for one in self.letters if one.path == path]

    def hook(self, path: str = "/hook") -> str:
        """The address of a mailbox."""
        return f"http://127.0.0.1:{self.mail}{path}"


def serve(town: Town, port: int, echo: Callable[[str, Mapping[str, str]], str] | None = None) -> Any:
    """A server on `port` that is shop and mailbox. echo: what it says beside, of the path and headers asked with."""

    class Place(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with town.lock:
                town.asked.append((self.path, dict(self.headers)))
            said = echo(self.path, dict(self.headers)) if echo else ""
            self._answer(200, f"# TYPE shop_open gauge\nshop_open {town.open}\n{said}")

        do_HEAD = do_GET  # noqa: N815 -- http.server's name

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with town.lock:
                codes = town.answers.get(self.path, [])
                status = codes.pop(0) if codes else 200
                town.letters.append(
                    Letter(self.path, self.headers["webhook-id"], body, time.monotonic(), status, dict(self.headers))
                )
            self._answer(status, echo(self.path, dict(self.headers)) if echo else "")

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Place)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


@contextlib.contextmanager
def town(echo: Callable[[str, Mapping[str, str]], str] | None = None) -> Iterator[Town]:
    """A town with a shop and a mailbox. echo: see `serve`."""
    found = Town(shop=free_port(), mail=free_port())
    with serve(found, found.shop, echo) as shop, serve(found, found.mail, echo) as mailbox:
        try:
            yield found
        finally:
            shop.shutdown()
            mailbox.shutdown()


@dataclass(frozen=True, slots=True)
class Run:
    """One running opsguide, seen from outside."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    data: Path

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and text of one request, with exactly these headers (Host apart, unless given)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def get(self, path: str) -> str:
        """The text of a page; raises where it is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def json(self, path: str) -> Any:
        """The data of an API answer."""
        return json.loads(self.get(path))

    def claims(self) -> dict[str, dict[str, Any]]:
        """Every claim by its id."""
        return {claim["id"]: claim for claim in self.json("/api/claims?spec=1")["claims"]}

    def states(self) -> dict[str, str]:
        """The state of every claim, by its kind."""
        return {claim["kind"]: claim["verdict"]["state"] for claim in self.claims().values()}

    def said(self) -> str:
        """What it printed."""
        return (self.folder / "out.log").read_text(errors="replace")

    def door(self) -> dict[str, Any]:
        """What it left for the command line: url, token, pid."""
        found: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return found


@contextlib.contextmanager
def opsguide(
    folder: Path, port: int = 0, data: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Run]:
    """`opsguide run` on folder/guide.md; stopped when the block ends, and no traceback was printed."""
    port = port or free_port()
    data = data or folder / "data"
    command = [
        sys.executable,
        "-m",
        "opsguide",
        "run",
        "guide.md",
        "--listen",
        f"127.0.0.1:{port}",
        "--data",
        str(data),
    ]
    with (folder / "out.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **(environment or {})}
        )
    run = Run(process, port, folder, data)
    try:
        until("ready", 20, lambda: run.ask("/-/ready")[0] == 200, run.said)
        yield run
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in run.said()


def until(what: str, within_s: float, true: Callable[[], bool], said: Callable[[], object] = str) -> None:
    """Return once `true`; fails after the limit. said: what is printed then."""
    end, last = time.monotonic() + within_s, None
    while time.monotonic() < end:
        try:
            if true():
                return
        except (OSError, KeyError, http.client.HTTPException) as fault:
            last = fault
        threading.Event().wait(0.1)
    pytest.fail(f"{what}: not within {within_s:.0f} s ({last}) {said()}")


def for_a_while(seconds: float, true: Callable[[], bool]) -> None:
    """It is true all the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert true()
        threading.Event().wait(0.2)
