"""Bad input to the real command: files, targets, receivers, disks and edits; nothing else stops, and no traceback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.town import ALERT, ROUTE, SETTINGS, for_a_while, opsguide, town, until
from tests.servers import free_port, raw_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tests.e2e.town import Town

CLEAN = f"""# Corner Shop

## Health checks

```bash
curl -f http://127.0.0.1:9/health
```
{ALERT}{ROUTE.format(hook="http://127.0.0.1:9/hook")}"""
MB = 1 << 20


def check(folder: Path, data: bytes) -> tuple[int, str]:
    """Exit code and output of `opsguide check` on a guide of these bytes; bounded in time, without a traceback."""
    (folder / "guide.md").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "opsguide", "check", "guide.md"],
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    assert "Traceback" not in said
    return done.returncode, said


def test_a_guide_that_is_not_utf8_is_named_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    code, said = check(tmp_path, CLEAN.encode().replace(b"Health checks", b"Health \xff checks"))
    assert code == 1
    assert "guide.md:3:" in said
    assert "save the file as UTF-8" in said
    assert "\n5 claims" in said


def test_nul_bytes_are_named_with_their_lines(tmp_path: Path) -> None:
    code, said = check(tmp_path, CLEAN.encode().replace(b"/health", b"/health\0"))
    assert code == 1
    assert "guide.md:6:1: error: NUL" in said


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    plain = check(tmp_path, CLEAN.encode())
    assert plain[0] == 0
    assert check(tmp_path, b"\xef\xbb\xbf" + CLEAN.encode().replace(b"\n", b"\r\n")) == plain
    broken = CLEAN.encode().replace(b"shop_open < 1", b"shop_open <")
    found = check(tmp_path, broken)
    assert found[0] == 1
    assert check(tmp_path, b"\xef\xbb\xbf" + broken.replace(b"\n", b"\r\n")) == found


def test_a_binary_file_is_no_guide_and_cannot_command_the_terminal(tmp_path: Path) -> None:
    code, said = check(tmp_path, b"\x1b[2J\x07" + bytes(range(256)) * 500)
    assert code == 1
    assert "\x1b" not in said
    assert "\x07" not in said
    assert check(tmp_path, b"")[0] == 0
    assert check(tmp_path, CLEAN.encode("utf-16"))[0] == 1


@pytest.mark.parametrize(
    "part",
    [
        CLEAN,
        "word " * 400 + "\n",
        "| cpu | > 80 % | see the page about it for all that is to be known |\n",
    ],
    ids=["guide", "one paragraph", "table"],
)
def test_a_guide_of_5_mb_is_read(tmp_path: Path, part: str) -> None:
    guides = 1 if part == CLEAN else 0
    text = "# Big\n\n| a | b | c |\n|---|---|---|\n" + part * (5 * MB // len(part) // (8 if guides else 1))
    if guides:  # the rest is prose, as it would be: 5 MB of nothing but rules are 45,000 claims
        text += ("This is how the shop was built. " * 20 + "\n\n") * (5 * MB // 8 * 7 // 642)
    began = time.monotonic()
    code, said = check(tmp_path, text.encode())
    # Said, not asserted: it depends on the machine.
    sys.stdout.write(f"{part[:9]!r}: {len(text) / MB:.1f} MB in {time.monotonic() - began:.1f} s\n")
    assert (code, "0 errors" in said) == (0, True)


def talk_slow(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    with contextlib.suppress(OSError):
        while not _gone(connection, 0.3):
            connection.sendall(b"#")


def talk_never(connection: socket.socket) -> None:
    while not _gone(connection, 5):
        continue


def talk_nonsense(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(os.urandom(4096))


def talk_html(connection: socket.socket) -> None:
    connection.recv(4096)
    page = b"<!doctype html><html><body><h1>It works!</h1>\xff\xfe{{{</body></html>\n" * 50
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)


def talk_much(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    rows = b"".join(b'm%d{a="b"} 1\n' % n for n in range(5000))
    for _ in range(100 * MB // len(rows)):
        connection.sendall(rows)


def talk_reset(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER of 0 s: the end is a reset


def talk_500_for_ever(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 500 " + b"x" * 5000 + b"\r\n\r\n" + b"y" * 100_000)


def _gone(connection: socket.socket, within_s: float) -> bool:
    """Whether the other side went away; waits for that so long."""
    connection.settimeout(within_s)
    try:
        return connection.recv(4096) == b""
    except TimeoutError:
        return False


TALKERS = {
    "slow": talk_slow,
    "never": talk_never,
    "nonsense": talk_nonsense,
    "html": talk_html,
    "much": talk_much,
    "reset": talk_reset,
    "fails": talk_500_for_ever,
}


@contextlib.contextmanager
def talkers() -> Iterator[dict[str, int]]:
    """The port of each; and of one where nobody listens."""
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(raw_server(talk)) for name, talk in TALKERS.items()}
        yield {**ports, "nobody": free_port()}


BECAUSE = {
    "slow": "no whole answer",
    "never": "no whole answer",
    "nonsense": "talks nonsense",
    "html": "exposes no metrics",
    "much": "sends more than 16.8 MB",
    "reset": "cut the connection",
    "fails": "answered 500",
    "nobody": "refused the connection",
}


def job(name: str, port: int) -> str:
    return f"  - job_name: {name}\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"


def probe(port: int) -> str:
    return f"curl -f http://127.0.0.1:{port}/health\n"


def receiver(name: str, url: str) -> str:
    return f"  - name: {name}\n    webhook_configs: [{{url: '{url}'}}]\n"


def tree(receivers: dict[str, str]) -> str:
    routes = "".join(f"  - {{receiver: {name}, continue: true}}\n" for name in receivers)
    listed = "".join(receiver(name, url) for name, url in receivers.items())
    head = "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 2s\n"
    return f"```yaml\n{head}  routes:\n{routes}receivers:\n{listed}```\n"


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


@pytest.mark.server
def test_targets_and_receivers_that_misbehave_are_evidence_and_stop_nobody_else(tmp_path: Path) -> None:
    with town() as place, talkers() as ports:
        place.answers["/flaky"] = [500, 503]
        jobs = "".join(job(name, port) for name, port in {**ports, "shop": place.shop}.items())
        probes = "".join(probe(port) for port in (*ports.values(), place.shop))
        told = {name: f"http://127.0.0.1:{port}/hook" for name, port in ports.items()}
        receivers = {"hook": place.hook(), "flaky": place.hook("/flaky"), **told}
        guide = f"# Corner Shop\n\n## Health checks\n\n```bash\n{probes}```\n\n```yaml\nscrape_configs:\n{jobs}```\n"
        (tmp_path / "guide.md").write_text(guide + ALERT + "\n" + tree(receivers))
        (tmp_path / "opsguide.toml").write_text(SETTINGS.replace('trial = "0s"', 'trial = "0s"\nclaims = []'))
        with opsguide(tmp_path) as run:
            until("the shop's alert holds", 20, lambda: run.states()["alert"] == "holds", run.said)
            place.open = 0
            until("the healthy receiver", 8, lambda: place.sent("firing", "ShopClosed") == 1)
            until("the flaky one, at its third try", 15, lambda: place.statuses("/flaky") == [500, 503, 200])

            assert len({one.id for one in place.letters if one.path == "/flaky"}) == 1
            by_url = {c["spec"]["url"]: c for c in run.claims().values() if c["kind"] == "probe"}
            by_job = {c["spec"]["job"]: c for c in run.claims().values() if c["kind"] == "scrape"}
            for name, words in BECAUSE.items():
                found = by_job[name]["verdict"]
                assert (found["state"], words in found["because"]) == ("broken", True), (name, found)
                assert f"http://127.0.0.1:{ports[name]}/metrics" in found["because"], (name, found)
                looked = by_url[f"http://127.0.0.1:{ports[name]}/health"]["verdict"]
                assert looked["state"] == ("holds" if name == "html" else "broken"), (name, looked)
            assert by_job["shop"]["verdict"]["state"] == "holds"
            assert by_url[f"http://127.0.0.1:{place.shop}/health"]["verdict"]["state"] == "holds"
            assert run.ask("/-/healthy")[0] == 200
            assert peak_mb(run.process.pid) < 250
            told_by = {n["receiver"]: n for n in run.json("/api/notices")["notices"]}
            assert {name: told_by[name]["state"] for name in ("hook", "flaky", "html", "much")} == dict.fromkeys(
                ("hook", "flaky", "html", "much"), "accepted"
            )
            assert {told_by[name]["state"] for name in ("never", "reset", "nonsense", "fails", "nobody")} == {"pending"}
            place.open = 1
            until("the healthy receiver hears the end", 8, lambda: place.sent("resolved", "ShopClosed") == 1)


def guide_for(place: Town, alert: str = ALERT) -> str:
    jobs = job("shop", place.shop)
    head = f"# Corner Shop\n\n## Health checks\n\n```bash\n{probe(place.shop)}```\n"
    return f"{head}\n```yaml\nscrape_configs:\n{jobs}```\n{alert}{ROUTE.format(hook=place.hook())}"


BROKEN_EDITS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "yaml": (lambda text: text.replace("  for: 1s", " for: 1s"), "guide.md", "alert/yaml"),
    "binary": (lambda text: bytes(range(256)).decode("latin-1") * 50, "guide.md", "file/"),
}


@pytest.mark.server
def test_an_edit_that_breaks_stays_out_and_says_so_until_it_is_mended(tmp_path: Path) -> None:
    with town() as place:
        guide, settings, text = tmp_path / "guide.md", tmp_path / "opsguide.toml", guide_for(place)
        guide.write_text(text)
        settings.write_text(SETTINGS)
        with opsguide(tmp_path) as run:
            until("all holds", 20, lambda: set(run.states().values()) == {"holds"}, run.states)
            live = run.claims().keys()

            def broken() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = run.json("/api/findings")["broken_edits"]
                return found

            for name, (edit, file, rule) in BROKEN_EDITS.items():
                guide.write_text(edit(text))
                until(f"{name} is said", 8, lambda: bool(broken()), lambda: run.get("/api/findings"))
                assert any(mend["rule"].startswith(rule) and mend["places"][0]["file"] == file for mend in broken()), (
                    broken()
                )
                assert run.claims().keys() == live
                assert f"{file}:" in run.get("/"), "the page says it"
                guide.write_text(text)
                until("mended", 8, lambda: not broken())
            settings.write_text(SETTINGS + "[defaults\n")
            until("settings are said", 8, lambda: bool(broken()))
            assert [(mend["places"][0]["file"], mend["lines"]) for mend in broken()] == [("opsguide.toml", [11])]
            assert run.claims().keys() == live
            place.open = 0
            until("it pages all the same", 10, lambda: place.sent("firing", "ShopClosed") == 1)
            guide.unlink()
            for_a_while(3, lambda: run.claims().keys() == live)
            assert {mend["rule"] for mend in broken()} == {"input/missing"}
            settings.write_text(SETTINGS)
            guide.write_text(text)
            until("mended", 8, lambda: not broken())
            assert place.sent("resolved", "ShopClosed") == 0


@pytest.mark.server
def test_who_was_paged_is_told_once_that_the_statement_is_gone(tmp_path: Path) -> None:
    with town() as place:
        (tmp_path / "guide.md").write_text(guide_for(place))
        (tmp_path / "opsguide.toml").write_text(SETTINGS)
        place.open = 0
        with opsguide(tmp_path) as run:
            until("one page", 20, lambda: place.sent("firing", "ShopClosed") == 1, run.said)
            (tmp_path / "guide.md").write_text(guide_for(place, ""))
            until("one end", 10, lambda: place.sent("resolved", "ShopClosed") == 1, run.said)
            for_a_while(4, lambda: place.sent("resolved", "ShopClosed") == 1 == place.sent("firing", "ShopClosed"))
            (end,) = {one.id: one for one in place.letters if one.is_about("resolved", "ShopClosed")}.values()
            assert "statement removed" in str(end.body), end.body


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 6 MB; the test is skipped by name where this user may not mount one."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("needs a file system of its own, which only root may mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Take every byte that is left."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as opened:
        while opened.write(b"x" * 4096):
            continue


@pytest.mark.server
def test_a_full_disk_is_named_and_once_there_is_room_nothing_was_lost(tmp_path: Path) -> None:
    with town() as place, small_disk(tmp_path / "disk") as disk:
        (tmp_path / "guide.md").write_text(guide_for(place))
        (tmp_path / "opsguide.toml").write_text(SETTINGS)
        with opsguide(tmp_path, data=disk / "data") as run:
            until("all holds", 20, lambda: set(run.states().values()) == {"holds"}, run.said)
            fill(disk / "filler")
            place.open = 0
            until("health names it", 30, lambda: run.ask("/-/healthy")[0] == 503 and "disk" in run.ask("/-/healthy")[1])
            fill(disk / "filler2")
            for_a_while(3, lambda: run.ask("/")[0] == 200 and run.ask("/api/claims")[0] == 200)
            assert place.sent("firing", "ShopClosed") == 0, "nothing leaves before its commit"
            for filler in disk.glob("filler*"):
                filler.unlink()
            until("the page", 45, lambda: place.sent("firing", "ShopClosed") == 1, run.said)
            until("healthy again", 10, lambda: run.ask("/-/healthy")[0] == 200)
            place.open = 1
            until("the end", 15, lambda: place.sent("resolved", "ShopClosed") == 1)


def test_a_disk_that_is_full_at_the_start_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text(CLEAN)
    command = [sys.executable, "-m", "opsguide", "run", "guide.md", "--listen", f"127.0.0.1:{free_port()}", "--data"]
    with small_disk(tmp_path / "disk") as disk:
        for left_bytes in (0, 8192, 65536):
            fill(disk / "filler")
            os.truncate(disk / "filler", max(0, (disk / "filler").stat().st_size - left_bytes))
            data = disk / f"data{left_bytes}"
            done = subprocess.run([*command, str(data)], cwd=tmp_path, capture_output=True, timeout=30, check=False)
            assert done.returncode == 2, done.stderr
            assert str(data).encode() in done.stderr
            assert b"Traceback" not in done.stdout + done.stderr
