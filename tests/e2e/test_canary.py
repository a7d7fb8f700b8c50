"""A secret in every place where one may stand, and peers that say it back: it is nowhere that anybody can read."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tests.e2e.town import ALERT, SETTINGS, Run, opsguide, town, until
from tests.servers import free_port, raw_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from tests.e2e.town import Town

WORD = "canary7f3a"
ENV = f"{WORD}/Env+&=secret"
FILE = f"{WORD}-File secret"
SECRETS = """
[secrets]
HOOK = { env = "HOOK_TOKEN", for = "webhook" }
BOT = { file = "bot.txt", for = "webhook" }
SCRAPE = { env = "HOOK_TOKEN", for = "scrape" }
PROBE = { env = "HOOK_TOKEN" }
DB = { file = "bot.txt", for = "postgresql" }
CACHE = { file = "bot.txt", for = "redis" }
MAIL = { env = "HOOK_TOKEN", for = "email" }

[email]
smarthost = "127.0.0.1:%(smtp)d"
from = "opsguide@shop.net"
username = "opsguide"
password = "${MAIL}"

[watch]
url = "http://127.0.0.1:%(mail)d/watch/${PROBE}"
"""
COLLECT = """[collect]
host = false
shop_db = "postgresql://operator:${DB}@127.0.0.1:%(echo)d/shop"
shop_cache = "redis://operator:${CACHE}@127.0.0.1:%(echo)d/0"
"""
GUIDE = """# Corner Shop

## Health checks

```bash
curl -f -H "X-Api-Key: ${PROBE}" http://127.0.0.1:%(shop)d/health
curl -f -u "operator:${PROBE}" "http://127.0.0.1:%(shop)d/health/basic?token=${PROBE}"
curl -f -L -H "Authorization: Bearer ${PROBE}" http://127.0.0.1:%(turn)d/health/turn
curl -f http://127.0.0.1:%(echo)d/health/${PROBE}
curl -f http://operator:${PROBE}@127.0.0.1:%(closed)d/health
# Daily health check
bash check_shop.sh ${PROBE:+named}
```

## Monitoring

```yaml
scrape_configs:
  - job_name: shop
    basic_auth: {username: operator, password: "${SCRAPE}"}
    static_configs: [{targets: ['127.0.0.1:%(shop)d']}]
  - job_name: bearer
    authorization: {credentials: "${SCRAPE}"}
    static_configs: [{targets: ['127.0.0.1:%(shop)d']}]
  - job_name: file
    authorization: {credentials_file: token.txt}
    static_configs: [{targets: ['127.0.0.1:%(shop)d']}]
  - job_name: echo
    authorization: {credentials: "${SCRAPE}"}
    static_configs: [{targets: ['127.0.0.1:%(echo)d']}]
```
"""
ROUTES = """
```yaml
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  routes:
  - {receiver: hook, continue: true}
  - {receiver: basic, continue: true}
  - {receiver: bearer, continue: true}
  - {receiver: refused, continue: true}
  - {receiver: echo, continue: true}
  - {receiver: mail, continue: true}
receivers:
  - name: hook
    webhook_configs: [{url: 'http://127.0.0.1:%(mail)d/hook/${HOOK}'}]
  - name: basic
    webhook_configs:
    - url: 'http://127.0.0.1:%(mail)d/basic'
      http_config: {basic_auth: {username: operator, password: '${BOT}'}}
  - name: bearer
    webhook_configs:
    - url: 'http://127.0.0.1:%(mail)d/bearer'
      http_config: {authorization: {credentials: '${HOOK}'}}
  - name: refused
    webhook_configs: [{url: 'http://127.0.0.1:%(closed)d/${HOOK}?token=${BOT}'}]
  - name: echo
    webhook_configs: [{url: 'http://127.0.0.1:%(echo)d/${HOOK}?token=${BOT}'}]
  - name: mail
    email_configs: [{to: team@shop.net}]
```
"""


def said_back(path: str, headers: Mapping[str, str]) -> str:
    """As samples, all that was sent: as it came, decoded, and encoded in other ways."""
    sent = [path, *headers.values()]
    basic = headers.get("Authorization", "").removeprefix("Basic ")
    with contextlib.suppress(ValueError):
        sent.append(base64.b64decode(basic + "===").decode())
    sent += [quote(text) for text in sent] + [base64.b64encode(text.encode()).decode() for text in sent]
    rows = (f'echo{{n="{n}",said={json.dumps(text, ensure_ascii=False)}}} 1' for n, text in enumerate(sent))
    return "\n".join(rows) + "\n"


def talk_back(connection: socket.socket) -> None:
    """No HTTP at all: what came in goes out again."""
    connection.settimeout(0.3)
    with contextlib.suppress(TimeoutError):
        for _ in range(20):
            got = connection.recv(4096)
            if not got:
                return
            connection.sendall(got.replace(b"\r\n", b" ") + b"\r\n")


def talk_mail(connection: socket.socket) -> None:
    """A mail server that refuses every password, and says which one it was given."""
    connection.sendall(b"220 hello\r\n")
    while line := connection.recv(4096):
        word = line.split()[0].upper() if line.split() else b""
        if word == b"EHLO":
            connection.sendall(b"250-hello\r\n250 AUTH PLAIN\r\n")
        elif word == b"AUTH":
            plain = base64.b64decode(line.split()[-1] + b"===").replace(b"\0", b" ")
            connection.sendall(b"535 refused " + line.strip() + b" " + plain + b"\r\n")
        else:
            connection.sendall(b"250 ok\r\n")


@contextlib.contextmanager
def turning(target: int) -> Iterator[int]:
    """A server that sends everybody on, with what they sent in the address; gives its port."""

    class Turn(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            where = quote(self.headers.get("Authorization", ""))
            self.send_header("Location", f"http://127.0.0.1:{target}/nowhere?was={where}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 -- http.server's name

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Turn) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


FORMS = {
    form
    for value in (ENV, FILE)
    for form in (
        value, quote(value, safe=""), quote(value), base64.b64encode(value.encode()).decode(),
        base64.b64encode(f"operator:{value}".encode()).decode(), WORD, base64.b64encode(WORD.encode()).decode()[:-4],
    )
}  # fmt: skip
"""WORD is in every form that keeps letters; the base64 forms hold it at the two alignments that occur."""


def clean(what: str, text: str) -> None:
    found = [form for form in FORMS if form.lower() in text.lower()]
    at = text.lower().find(found[0].lower()) if found else 0
    assert not found, f"{what}: {text[max(0, at - 150) : at + 150]!r}"


def pages(run: Run) -> dict[str, str]:
    """Everything that can be read over HTTP: all that the pages and the API link to, and the queries of the API."""
    claims = [f"/api/claims/{quote(one, safe='')}" for one in run.claims()]
    series = ("/api/v1/series?match[]={__name__!=%22%22}", "/api/v1/query?query={__name__!=%22%22}", "/api/v1/targets")
    more = ("/api/v1/rules", "/api/v1/alerts", "/api/v1/labels", "/api/v1/label/said/values", "/api/v1/metadata")
    own = ("/metrics", "/-/healthy", "/api/claims?spec=1", "/api/evidence?limit=1000", "/api/flips?limit=1000")
    waiting = ["/", *own, *series, *more, *claims, "/api/notices", "/api/findings", "/api/guide", "/api/incidents"]
    found: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith("/api/live"):
            continue
        status, found[path] = run.ask(path)
        assert status < 500, path
        links = re.findall(r'href="(/[^"#]*)"', found[path])
        waiting += [link.replace("&amp;", "&") for link in links if len(found) < 400]
    return found


def command_lines(pid: int) -> str:
    """Of the process and all below it."""
    said = Path(f"/proc/{pid}/cmdline").read_text()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                said += command_lines(int(child))
    return said


def write(folder: Path, ports: Mapping[str, int]) -> None:
    (folder / "guide.md").write_text(GUIDE % ports + ALERT + ROUTES % ports)
    (folder / "opsguide.toml").write_text(SETTINGS.partition("[collect]")[0] + COLLECT % ports + SECRETS % ports)
    (folder / "bot.txt").write_text(FILE + "\n")
    (folder / "token.txt").write_text(FILE + "\n")
    (folder / "check_shop.sh").write_text('#!/bin/sh\necho "I was given $1: $PROBE"\nsleep 2\nexit 1\n')
    folder.chmod(0o755)  # commands run as nobody where the tests run as root


@pytest.mark.server
def test_a_secret_is_in_no_page_log_evidence_file_or_command_line(tmp_path: Path) -> None:
    with (
        town(said_back) as place,
        raw_server(talk_back) as echo,
        raw_server(talk_mail) as smtp,
        turning(place.shop) as turn,
    ):
        ports = {
            "shop": place.shop,
            "mail": place.mail,
            "echo": echo,
            "smtp": smtp,
            "turn": turn,
            "closed": free_port(),
        }
        write(tmp_path, ports)
        with opsguide(tmp_path, environment={"HOOK_TOKEN": ENV}) as run:
            until("the alert holds", 20, lambda: run.states()["alert"] == "holds", run.said)
            trusted(run)
            place.open = 0
            until(
                "receivers are told",
                15,
                lambda: told(place) >= {f"/hook/{ENV}", "/basic", "/bearer"},
                lambda: told(place),
            )
            until(
                "the others were tried", 15, lambda: attempts(run) >= {"refused", "echo", "mail"}, lambda: routes(run)
            )
            until("the command ran", 20, lambda: "exit_" in run.get("/api/evidence?limit=1000"), run.said)
            assert any(ENV in json.dumps(asked, ensure_ascii=False) for asked in place.asked), "it did reach the shop"
            clean("command lines", command_lines(run.process.pid))
            for path, text in pages(run).items():
                clean(path, text)
            assert "***" in run.get("/api/evidence?limit=1000") + run.get("/api/notices"), "something was masked"
            clean("output", run.said())
            for file in (p for p in run.data.rglob("*") if p.is_file()):
                clean(str(file), file.read_bytes().decode("latin-1"))


def told(place: Town) -> set[str]:
    with place.lock:
        return {one.path for one in place.letters}


def attempts(run: Run) -> set[str]:
    return {n["receiver"] for n in run.json("/api/notices")["notices"] if n["attempts"] and n["reply"]}


def routes(run: Run) -> list[str]:
    """Each statement of who is told, as it stands."""
    found = [c for c in run.claims().values() if c["kind"] == "routing"]
    return [f"{c['title']}: {c['verdict']['state']} {c['verdict']['because']}" for c in found]


def trusted(run: Run) -> None:
    """A person trusts the command, as `opsguide trust` does it."""
    (claim,) = [c for c in run.claims().values() if c["kind"] == "probe" and "command" in c["spec"]]
    door = run.door()
    headers = {"Authorization": f"Bearer {door['token']}", "Content-Type": "application/json"}
    body = json.dumps({"until": "2027-01-01T00:00:00Z"}).encode()
    status, text = run.ask(f"/api/claims/{quote(claim['id'], safe='')}/trust", "POST", body, headers)
    assert status == 200, text


def test_a_crash_says_where_and_no_value(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, opsguide.kernel.plan as plan\n"
        "def broken(paths):\n"
        "    token = os.environ['HOOK_TOKEN']\n"
        "    raise ValueError(f'no such thing as {token}')\n"
        "plan.check = broken\n"
    )
    (tmp_path / "guide.md").write_text("# Corner Shop\n")
    done = subprocess.run(
        [sys.executable, "-m", "opsguide", "check", "guide.md"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "HOOK_TOKEN": ENV, "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 3
    assert "this is a fault of ours (ValueError)" in said
    assert "Traceback" not in said
    (crash,) = tmp_path.glob("opsguide-fault-*.txt")
    assert str(crash) in said
    assert crash.stat().st_mode & 0o077 == 0
    assert "broken" in crash.read_text()
    clean("output", said)
    clean("crash file", crash.read_text())
