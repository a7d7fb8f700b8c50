"""Real servers of the example, each on a free loopback port and in a temporary folder, stopped by its own pid."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATABASE = "dried_fruits_db"
USER = "shop"


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgresql_binaries() -> Path | None:
    """The folder of the newest installed PostgreSQL server, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL server with an empty database; yields its address."""
    binaries = postgresql_binaries()
    if binaries is None:
        raise FileNotFoundError("initdb")
    port = free_port()
    data = folder / "postgresql"
    data.mkdir()
    account = _own(data, "postgres")
    _call([str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", USER, "--no-sync"], account)
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
    command += ["-c", f"unix_socket_directories={data}", "-c", "fsync=off"]
    with _server(command, account, signal.SIGINT, data / "server.log"):
        until(lambda: _listens(port), 20)
        create = [str(binaries / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", USER, DATABASE]
        until(lambda: subprocess.run(create, capture_output=True, check=False).returncode == 0, 20)
        yield f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE}"


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis server; yields its address."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise FileNotFoundError("redis-server")
    port = free_port()
    data = folder / "redis"
    data.mkdir()
    command = [binary, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", ""]
    with _server(command, None, signal.SIGTERM, data / "server.log"):
        until(lambda: _listens(port), 20)
        yield f"redis://127.0.0.1:{port}/0"


def until(true: Callable[[], bool], within_s: float) -> None:
    """Wait until `true()`; TimeoutError after `within_s`."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {within_s:.0f} s")
        time.sleep(0.05)


@contextlib.contextmanager
def _server(command: list[str], account: str | None, stop: signal.Signals, log: Path) -> Iterator[None]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, user=account, group=account)
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _own(folder: Path, wanted: str) -> str | None:
    """PostgreSQL refuses to run as root: give its folder to its account and return that; None where we are no root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    account = wanted if wanted in names else "nobody"
    shutil.chown(folder, account)
    for parent in [folder.parent, *folder.parent.parents]:
        if parent.stat().st_mode & 0o001 == 0:
            parent.chmod(parent.stat().st_mode | 0o011)
    return account


def _call(command: list[str], account: str | None) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, user=account, group=account, cwd="/", timeout=60
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
