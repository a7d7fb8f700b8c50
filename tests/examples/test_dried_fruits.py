"""`opsguide demo` from outside: the shop runs, every statement of its guide is live, it breaks, it pages, it heals."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from tests.servers import POSTGRES_BIN, free_port, program, wait_until

from opsguide.cli.main import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parents[2] / "src" / "opsguide" / "examples" / "dried_fruits"
DEMO = [sys.executable, "-m", "opsguide", "demo"]


@dataclass(frozen=True)
class Demo:
    """A running demo, as a person at a terminal has it."""

    url: str
    folder: Path

    def claims(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/claims", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["claims"]
        return found

    def states(self, kind: str) -> dict[str, str]:
        return {c["title"]: c["verdict"]["state"] for c in self.claims() if c["kind"] == kind}

    def received(self) -> list[tuple[str, str]]:
        lines = (self.folder / "logs" / "inbox.jsonl").read_text().splitlines() if self.inbox.exists() else []
        return [(m["how"], m["title"]) for m in map(json.loads, lines)]

    @property
    def inbox(self) -> Path:
        return self.folder / "logs" / "inbox.jsonl"

    def heard(self, how: str, status: str, name: str) -> int:
        return sum(h == how and status in title.lower() and name in title for h, title in self.received())

    def do(self, *words: str) -> str:
        command = [*DEMO, "--folder", str(self.folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60)


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[Demo]:
    for name, places in (("postgres", POSTGRES_BIN), ("redis-server", []), ("nginx", []), ("openssl", [])):
        program(name, *places)
    port = free_port()
    command = [*DEMO, "--folder", str(folder), "--listen", f"127.0.0.1:{port}", *options]
    with (folder.parent / f"{folder.name}.log").open("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until(
                lambda: "in another terminal" in Path(log.name).read_text() or process.poll() is not None, "demo"
            )
            assert process.poll() is None, Path(log.name).read_text()
            left = psutil.Process(process.pid).children(recursive=True)
            yield Demo(f"http://127.0.0.1:{port}", folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        assert process.returncode == 0
        assert [one for one in left if one.is_running()] == [], "everything that was started has ended"


def soon(true: Callable[[], bool], what: str, within_s: float = 40.0) -> None:
    """Wait for a live system, which is asked gently: it shares the machine with the test."""
    wait_until(true, what, within_s, pause_s=0.25)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo") / "shop") as found:
        yield found


@pytest.mark.server
def test_every_statement_is_live_breaks_pages_and_heals(demo: Demo) -> None:
    # DEPLOYMENT.md is a fault of this guide; CPU and what stands on it are this machine's own.
    apart = ("DEPLOYMENT", "CPU", "HighCPU")
    kinds = {"service", "probe", "scrape", "threshold", "metric", "alert", "routing", "link"}
    good = {"holds", "waiting"}

    def bad() -> list[str]:
        return [
            f"{c['title']}: {c['verdict']}"
            for c in demo.claims()
            if c["kind"] in kinds and c["verdict"]["state"] not in good and not c["title"].startswith(apart)
        ]

    soon(lambda: not bad(), f"all hold, but {bad()}")
    assert demo.states("link")["DEPLOYMENT.md"] == "broken"
    assert set(demo.states("probe").values()) == {"holds"}

    assert "PostgreSQL is stopped" in demo.do("--break", "database")
    soon(lambda: demo.states("alert")["DatabaseConnectionFailed"] == "broken", "the alert fires")
    soon(lambda: "broken" in demo.states("probe").values(), "the probe breaks")
    for how in ("webhook", "mail"):
        soon(lambda how=how: demo.heard(how, "firing", "DatabaseConnectionFailed") == 1, f"a {how} is sent")  # type: ignore[misc]
    assert demo.do("--heal") == "healed: database\n"
    soon(lambda: demo.states("alert")["DatabaseConnectionFailed"] == "holds", "the alert ends")
    for how in ("webhook", "mail"):
        soon(lambda how=how: demo.heard(how, "resolved", "DatabaseConnectionFailed") == 1, f"a {how} resolves")  # type: ignore[misc]
        assert demo.heard(how, "firing", "DatabaseConnectionFailed") == 1


@pytest.mark.server
def test_a_certificate_that_expired_breaks_the_probes(demo: Demo) -> None:
    demo.do("--break", "certificate")
    soon(lambda: set(demo.states("probe").values()) == {"broken"}, "every probe breaks")
    demo.do("--heal", "certificate")
    soon(lambda: set(demo.states("probe").values()) == {"holds"}, "every probe holds")


@pytest.mark.server
def test_a_full_disk_is_a_folder_of_the_demo(demo: Demo) -> None:
    demo.do("--break", "disk")
    assert sum(file.stat().st_size for file in (demo.folder / "app" / "uploads").iterdir()) < 17_000_000
    soon(lambda: demo.states("threshold")["Disk Usage < 85 %"] == "broken", "the disk is full")
    demo.do("--heal", "disk")
    soon(lambda: demo.states("threshold")["Disk Usage < 85 %"] == "holds", "the disk has room")


@pytest.mark.server
def test_the_files_that_the_guide_names_work(demo: Demo) -> None:
    program("make")
    assert demo.script("./scripts/backup.sh", "--skip-logs", "--skip-cleanup").returncode == 0
    assert "orders" in demo.script("./scripts/backup.sh", "--verify").stdout
    newest = str(max((demo.folder / "backups" / "database").glob("*.sql.gz")))
    assert "into dried_fruits_restore" in demo.script("./scripts/backup.sh", "--restore", newest).stdout
    tested = demo.script("make", "test-all")
    assert tested.returncode == 0, tested.stderr
    assert "every table is there" in tested.stdout
    deployed = demo.script("./scripts/deploy.sh", "--no-backup")
    assert deployed.returncode == 0, deployed.stderr
    assert "healthy" in deployed.stdout


@pytest.mark.server
def test_the_version_before_comes_back_and_its_repository_is_the_demos_own(demo: Demo) -> None:
    program("git")
    program("curl")
    compose, asks = str(demo.folder / "bin" / "docker-compose"), 'curl -fsS "$HEALTH_URL"'
    assert demo.script("git", "rev-parse", "--show-toplevel").stdout.strip() == str(demo.folder.resolve())
    assert demo.script("git", "checkout", "-q", "HEAD~1").returncode == 0
    assert demo.script("./scripts/deploy.sh", "--no-backup").returncode == 0
    assert '"version":"1.1"' in demo.script(compose, "exec", "api", "sh", "-c", asks).stdout
    assert demo.script("git", "checkout", "-q", "main").returncode == 0
    assert demo.script("git", "pull", "-q", "origin", "main").returncode == 0
    assert demo.script("./scripts/deploy.sh", "--no-backup").returncode == 0
    assert '"version":"1.2"' in demo.script(compose, "exec", "api", "sh", "-c", asks).stdout


@pytest.mark.server
def test_a_backup_that_is_cut_does_not_verify(demo: Demo) -> None:
    demo.do("--break", "backup")
    cut = demo.script("./scripts/backup.sh", "--verify")
    assert (cut.returncode, "damaged" in cut.stderr) == (1, True)
    demo.do("--heal", "backup")
    assert demo.script("./scripts/backup.sh", "--verify").returncode == 0


@pytest.mark.server
def test_guessed_passwords_lock_the_account_and_leave_lines(demo: Demo) -> None:
    compose = str(demo.folder / "bin" / "docker-compose")
    locked = "from app.users import locked; print(locked())"
    demo.do("--break", "logins")
    soon(lambda: "clerk" in demo.script(compose, "exec", "api", "python", "-c", locked).stdout, "the account is locked")
    demo.do("--heal", "logins")
    assert demo.script(compose, "exec", "api", "python", "-c", locked).stdout.strip() == "[]"
    told = demo.script(compose, "logs", "api")
    assert '"authentication failed"' in told.stdout
    assert "a stand-in" in told.stderr
    assert "request_time=" in demo.script(compose, "logs", "nginx").stdout


@pytest.mark.server
def test_the_api_scales_and_says_so(demo: Demo) -> None:
    compose = str(demo.folder / "bin" / "docker-compose")
    demo.script(compose, "up", "-d", "--scale", "api=2")
    assert "api-2" in demo.script(compose, "ps").stdout
    demo.script(compose, "up", "-d", "--scale", "api=1")
    assert "api-2" not in demo.script(compose, "ps").stdout


@pytest.mark.server
def test_the_guide_is_the_one_that_was_written(demo: Demo) -> None:
    assert (demo.folder / "guide.md").read_bytes() == (HERE / "guide.md").read_bytes()
    assert demo.folder.stat().st_mode & 0o007 == 0


def test_the_mended_guide_checks_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["check", "--strict", "--format", "json", str(HERE / "guide.mended.md")]) == 0
    assert json.loads(capsys.readouterr().out)["findings"] == []


def test_the_guide_keeps_its_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["check", "--format", "json", str(HERE / "guide.md")]) == 0
    found = {one["rule"] for one in json.loads(capsys.readouterr().out)["findings"]}
    wanted = {"alert/no_such_job", "alert/quantile_by_series", "alert/severity_heading", "routing/nobody"}
    assert found >= {*wanted, "placeholders/unfilled"}
