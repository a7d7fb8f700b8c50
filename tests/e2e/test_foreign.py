"""Requests of other origins, of nobody, and to other names: refused by the real run, and nothing is changed by them."""

from __future__ import annotations

import http.client
import re
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.e2e.town import Run, opsguide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

GUIDE = """# Corner Shop

## Health checks

```bash
# Daily health check
bash check_shop.sh
```

### Daily tasks
- [ ] Sweep the floor
"""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TASK, COMMAND = "task-sweep-the-floor", "probe-bash-check-shop-sh"
ACTS = {
    "tick": (f"/api/claims/{TASK}/tick", JSON, b'{"note": "foreign"}'),
    "trust": (f"/api/claims/{COMMAND}/trust", JSON, b'{"until": "2027-01-01T00:00:00Z"}'),
    "tick by form": ("/tick", FORM, urlencode({"id": TASK, "claim": TASK, "note": "foreign"}).encode()),
    "trust by form": ("/trust", FORM, urlencode({"id": COMMAND, "claim": COMMAND, "days": "30"}).encode()),
    "token": ("/tokens", FORM, b"label=foreign"),
    "invite": ("/tokens/invite", FORM, b"name=foreign"),
    "sign out": ("/sign-out", FORM, b""),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One run for all: what it refuses leaves it as it was."""
    folder: Path = tmp_path_factory.mktemp("foreign")
    (folder / "guide.md").write_text(GUIDE)
    (folder / "opsguide.toml").write_text("[collect]\nhost = false\n")
    with opsguide(folder) as found:
        assert {TASK, COMMAND} <= found.claims().keys()
        yield found


def kept(run: Run) -> tuple[object, ...]:
    """All that a person can change: acts in the log, consents, sessions, tokens, and how the task stands."""
    with sqlite3.connect(f"file:{run.data / 'state.db'}?mode=ro", uri=True) as state:
        acts = state.execute("SELECT number FROM evidence WHERE by != ''").fetchall()
        records = state.execute("SELECT bucket, key FROM records WHERE bucket IN ('sessions', 'tokens', 'trust')")
        found = tuple(sorted(records.fetchall()))
    state.close()
    return acts, found, run.claims()[TASK]["verdict"]


def own(run: Run) -> str:
    return f"http://127.0.0.1:{run.port}"


def bearer(run: Run) -> dict[str, str]:
    return {"Authorization": f"Bearer {run.door()['token']}"}


def refused(run: Run, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    """It answers 4xx, in a sentence, and nothing changed."""
    before = kept(run)
    status, text = run.ask(path, "POST", body, headers)
    assert 400 <= status < 500, (path, headers, status)
    assert text
    assert "Traceback" not in text
    assert kept(run) == before, (path, headers)


@pytest.mark.server
@pytest.mark.parametrize("act", ACTS)
def test_a_page_of_another_origin_changes_nothing_whatever_it_carries(run: Run, act: str) -> None:
    path, kind, body = ACTS[act]
    for origin in (
        "http://evil.test",
        "null",
        f"https://127.0.0.1:{run.port}",
        "http://127.0.0.1:1",
        own(run) + ".evil.test",
    ):
        refused(run, path, body, {"Content-Type": kind, "Origin": origin})
        refused(run, path, body, {"Content-Type": kind, "Origin": origin, **bearer(run)})
        refused(run, path, body, {"Content-Type": kind, "Origin": origin, "Cookie": session(run)})


@pytest.mark.server
@pytest.mark.parametrize("act", ACTS)
def test_nobody_changes_nothing(run: Run, act: str) -> None:
    path, kind, body = ACTS[act]
    refused(run, path, body, {"Content-Type": kind})
    refused(run, path, body, {"Content-Type": kind, "Origin": own(run)})
    refused(run, path, body, {"Content-Type": kind, "Authorization": "Bearer ogt_guessed"})
    refused(run, path, body, {"Content-Type": kind, "Origin": own(run), "Cookie": "opsguide=guessed; session=guessed"})


@pytest.mark.server
@pytest.mark.parametrize("act", ACTS)
def test_a_name_that_is_not_ours_changes_nothing(run: Run, act: str) -> None:
    path, kind, body = ACTS[act]
    for host in ("evil.test", f"evil.test:{run.port}", "127.0.0.1:1", f"127.0.0.1.evil.test:{run.port}", ""):
        refused(run, path, body, {"Content-Type": kind, "Host": host, **bearer(run)})
        refused(
            run, path, body, {"Content-Type": kind, "Host": host, "Origin": f"http://{host}", "Cookie": session(run)}
        )


@pytest.mark.server
def test_a_name_that_is_not_ours_reads_nothing(run: Run) -> None:
    for path in ("/", "/api/claims", "/api/evidence", "/metrics", "/-/healthy", "/sign-in?link=x", "/static/page.css"):
        for host in ("evil.test", f"evil.test:{run.port}", ""):
            status, text = run.ask(path, headers={"Host": host})
            assert status in {400, 421}, (path, host)
            assert "Sweep" not in text


@pytest.mark.server
@pytest.mark.parametrize("act", ["tick", "trust"])
def test_the_api_takes_no_form_and_no_text(run: Run, act: str) -> None:
    path, _, body = ACTS[act]
    for kind in (FORM, "text/plain", "multipart/form-data; boundary=x", ""):
        refused(run, path, body, {"Content-Type": kind, **bearer(run)})
        refused(run, path, body, {"Content-Type": kind, "Origin": own(run), "Cookie": session(run)})
    refused(run, path, b"{" * 1000, {"Content-Type": JSON, **bearer(run)})
    refused(run, path, b"x" * 200_000, {"Content-Type": JSON, **bearer(run)})


@pytest.mark.server
def test_a_form_without_the_word_of_its_session_changes_nothing(run: Run) -> None:
    for act in ("tick by form", "trust by form", "token", "invite", "sign out"):
        path, kind, body = ACTS[act]
        refused(run, path, body, {"Content-Type": kind, "Origin": own(run), "Cookie": session(run)})
        refused(run, path, body + b"&csrf=guessed", {"Content-Type": kind, "Origin": own(run), "Cookie": session(run)})


@pytest.mark.server
def test_a_link_is_used_up_by_its_own_page_only_and_once(run: Run) -> None:
    link = re.findall(r"sign-in\?link=(\S+)", run.said())[0]
    body = urlencode({"link": link, "name": "Eve"}).encode()
    for headers in ({"Origin": "http://evil.test"}, {"Host": "evil.test", "Origin": "http://evil.test"}, {}):
        refused(run, "/sign-in", body, {"Content-Type": FORM, **headers})
    assert session(run)
    refused(run, "/sign-in", body, {"Content-Type": FORM, "Origin": own(run)})


@pytest.mark.server
def test_the_command_line_s_token_acts_and_its_person_stands_in_the_log(run: Run) -> None:
    before = kept(run)
    for act in ("tick", "trust"):
        path, kind, body = ACTS[act]
        status, text = run.ask(path, "POST", body, {"Content-Type": kind, **bearer(run)})
        assert status == 200, text
    assert run.claims()[TASK]["verdict"]["state"] == "holds"
    assert "Ada" in run.ask("/", headers={"Cookie": session(run)})[1], "the session that was refused elsewhere is one"
    assert kept(run) != before
    acts = [row for row in run.json("/api/evidence?limit=100")["evidence"] if row.get("by")]
    assert {row["claim"] for row in acts} == {TASK, COMMAND}
    assert (run.data / "run.json").stat().st_mode & 0o077 == 0


_SESSIONS: dict[int, str] = {}


def session(run: Run) -> str:
    """The cookie of a person who signed in by the printed link, in this run."""
    if run.port not in _SESSIONS:
        link = re.findall(r"sign-in\?link=(\S+)", run.said())[0]
        _SESSIONS[run.port] = _signed_in(run, urlencode({"link": link, "name": "Ada"}).encode())
    return _SESSIONS[run.port]


def _signed_in(run: Run, body: bytes) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=10)
    connection.request("POST", "/sign-in", body, {"Content-Type": FORM, "Origin": own(run)})
    answer = connection.getresponse()
    cookie = answer.getheader("Set-Cookie", "")
    text = answer.read().decode()
    connection.close()
    assert answer.status in {302, 303}, text
    assert "HttpOnly" in cookie
    assert "samesite=" in cookie.lower()
    return cookie.partition(";")[0]
