"""Start the dried-fruits system with a little traffic, and opsguide on its guide.

Everything listens on loopback, lives in a temporary folder and is stopped with this process, by pid.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from opsguide.examples.dried_fruits import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run until interrupted; returns opsguide's exit code."""
    parser = argparse.ArgumentParser(prog="python -m opsguide.examples.dried_fruits")
    parser.add_argument("--guide", type=Path, default=HERE / "guide.md", help="another guide of the same system")
    parser.add_argument("--listen", default="127.0.0.1:8765", help="where the live guide is served")
    parser.add_argument("--folder", type=Path, help="keep guide, settings and data here")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dried-fruits-")))
        folder.mkdir(parents=True, exist_ok=True)
        port, database, cache = start(stack, folder)
        guide = folder / asked.guide.name
        shutil.copyfile(asked.guide, guide)
        (folder / "opsguide.toml").write_text(settings(port, database, cache))
        stack.enter_context(traffic(port))
        print(f"the shop listens on http://127.0.0.1:{port}, its guide is {guide}", flush=True)
        command = [sys.executable, "-m", "opsguide", "run", str(guide), "--listen", asked.listen]
        with stop_with(subprocess.Popen([*command, "--data", str(folder / "data")])) as opsguide:
            return opsguide.wait()


def start(stack: contextlib.ExitStack, folder: Path) -> tuple[int, str, str]:
    """Start what is installed; returns the API's port and the addresses of its database and cache ("" for none)."""
    try:
        database = stack.enter_context(servers.postgresql(folder))
    except FileNotFoundError:
        database = str(folder / "shop.sqlite")
        print("PostgreSQL is not installed: the shop uses SQLite, and what the guide says of PostgreSQL stays unbound")
    try:
        cache = stack.enter_context(servers.redis(folder))
    except FileNotFoundError:
        cache = ""
        print("Redis is not installed: the Redis health check of the guide is broken, truly")
    port = servers.free_port()
    module = "opsguide.examples.dried_fruits.api"
    api = subprocess.Popen([sys.executable, "-m", module, str(port), database, cache])
    stack.enter_context(stop_with(api))
    servers.until(lambda: _answers(f"http://127.0.0.1:{port}/health"), 20)
    return port, database, cache


@contextlib.contextmanager
def stop_with(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, ended when the block is left."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def settings(port: int, database: str, cache: str) -> str:
    """The opsguide.toml that binds the guide to this system."""
    collect = [f'postgres = "{database}"'] if database.startswith("postgresql://") else []
    collect += [f'redis = "{cache}"'] if cache else []
    return "\n".join(
        [
            "[bindings]",
            f'"https://yourdomain.com" = "http://127.0.0.1:{port}"',
            f'"http://yourdomain.com:3000" = "http://127.0.0.1:{port}/health"',
            f'"http://yourdomain.com:9090" = "http://127.0.0.1:{port}/metrics"',
            f'"yourdomain.com" = "127.0.0.1:{port}"',
            '"/path/to/project" = "."',
            '"user@example.com" = "customer@shop.test"',
            "",
            "[defaults]",
            'probe_interval = "5s"',
            'scrape_interval = "5s"',
            'evaluation_interval = "5s"',
            "",
            "[collect]",
            "host = true",
            *collect,
            "",
            "[[scrape_configs]]",
            'job_name = "api"',
            'metrics_path = "/metrics"',
            f'static_configs = [{{ targets = ["127.0.0.1:{port}"] }}]',
            "",
        ]
    )


@contextlib.contextmanager
def traffic(port: int) -> Iterator[None]:
    """About four requests a second to the shop, so that its figures are figures."""
    over = threading.Event()

    def visit() -> None:
        base = f"http://127.0.0.1:{port}/api/v1"
        order = json.dumps({"product": 3, "quantity": 1}).encode()
        while not over.wait(0.5):
            for path, body in (("/products", None), ("/orders", order)):
                with contextlib.suppress(urllib.error.URLError, TimeoutError, ConnectionError):
                    urllib.request.urlopen(base + path, body, timeout=2).close()

    visitor = threading.Thread(target=visit, daemon=True)
    visitor.start()
    try:
        yield
    finally:
        over.set()
        visitor.join(5)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    sys.exit(main())
