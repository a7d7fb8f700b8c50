"""Real servers for tests: on loopback, on free ports, in temporary folders, ended by their own process.

Each is a context manager and skips the test by name where its program is missing. Use them in fixtures:

    @pytest.fixture(scope="session")
    def redis_url() -> Iterator[str]:
        with redis_server() as url:
            yield url
"""

from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

POSTGRES_BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def program(name: str, *more: Path) -> str:
    """The path of a program; the test is skipped by its name where it is not installed."""
    folders = [*(str(folder) for folder in more), os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"]
    found = shutil.which(name, path=":".join(folders))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def wait_until(ready: Callable[[], bool], what: str, within_s: float = 30.0, pause_s: float = 0.02) -> None:
    """Return when `ready` answers true; fails the test after the limit. It waits for real processes, in real time."""
    end = time.monotonic() + within_s
    while not ready():
        if time.monotonic() > end:
            pytest.fail(f"{what}: not within {within_s:g} s")
        time.sleep(pause_s)


def listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _running(command: Sequence[str], folder: Path, account: pwd.struct_passwd | None = None) -> Iterator[None]:
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _account(name: str) -> pwd.struct_passwd | None:
    """The account that a server runs as where the tests run as root, for some refuse to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def _folder(account: pwd.struct_passwd | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="opsguide-test-") as name:
        folder = Path(name)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        yield folder


@contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """A Redis without persistence; gives its URL. options: further command line options."""
    binary = program("redis-server")
    port = free_port()
    with _folder() as folder:
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options]
        with _running(command, folder):
            wait_until(lambda: listens(port), "redis-server")
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres_server(*settings: str) -> Iterator[str]:
    """A PostgreSQL with superuser `postgres`, trusted on loopback; gives its DSN. settings: `name=value`."""
    initdb, postgres = (program(name, *POSTGRES_BIN) for name in ("initdb", "postgres"))
    port, account = free_port(), _account("postgres")
    with _folder(account) as folder:
        data = folder / "data"
        made = subprocess.run(
            [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True,
            check=False,
            cwd=folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        assert made.returncode == 0, made.stderr.decode()
        named = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
        command = [postgres, "-D", str(data), *(part for s in [*named, *settings] for part in ("-c", s))]
        with _running(command, folder, account):
            ready = [program("pg_isready", *POSTGRES_BIN), "-q", "-h", "127.0.0.1", "-p", str(port)]
            wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "postgres")
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _lets_in(port: int) -> bool:
    """Whether the account of `start.sql` is there: the port opens a moment before."""
    import pymysql

    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root", password="secret").close()
    except pymysql.MySQLError:
        return False
    return True


@contextmanager
def maria_server(*options: str) -> Iterator[str]:
    """A MariaDB with user `root` and password `secret` on loopback; gives its DSN."""
    install, binary = program("mariadb-install-db"), program("mariadbd")
    port, account = free_port(), _account("mysql")
    with _folder(account) as folder:
        data = folder / "data"
        user = [f"--user={account.pw_name}"] if account else []
        made = subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", "--skip-test-db", *user],
            capture_output=True,
            check=False,
            cwd=folder,
        )
        assert made.returncode == 0, made.stdout.decode() + made.stderr.decode()
        start = folder / "start.sql"
        start.write_text(
            "CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY 'secret';\n"
            "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        start.chmod(0o644)
        command = [
            *(binary, "--no-defaults", f"--datadir={data}", f"--socket={folder}/s", f"--port={port}"),
            *("--bind-address=127.0.0.1", f"--init-file={start}", "--skip-name-resolve", "--innodb-fast-shutdown=3"),
            *("--innodb-flush-log-at-trx-commit=0", *user, *options),
        ]
        with _running(command, folder):
            wait_until(lambda: _lets_in(port), "mariadbd", 60.0)
            yield f"mysql://root:secret@127.0.0.1:{port}/mysql"


@contextmanager
def raw_server(talk: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A TCP server that does with each connection what `talk` says, in a thread; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        try:
            with connection if context is None else context.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.settimeout(20)
                talk(wrapped)
        except OSError:  # the client went away, which is what many of these tests are about
            connection.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            thread = threading.Thread(target=serve, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(10)
        for thread in threads:
            thread.join(10)


@dataclass(slots=True)
class Site:
    """A small HTTP server's answers by path, changed while it runs. asked: (method, path, headers) in order."""

    port: int
    answers: dict[str, tuple[int, str]]
    asked: list[tuple[str, str, dict[str, str]]]

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def http_server(answers: dict[str, tuple[int, str]] | None = None) -> Iterator[Site]:
    """An HTTP server that answers (status, body) by path, and 404 otherwise; a 3xx body is its Location."""
    site = Site(0, dict(answers or {}), [])

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.command, self.path, dict(self.headers)))
            status, text = site.answers.get(self.path, (404, "nothing here"))
            body = text.encode()
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("Location", text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_POST = do_GET  # noqa: N815 -- http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join(10)


def certificate(folder: Path, not_after: dt.datetime, host: str = "127.0.0.1") -> Path:
    """A self-signed certificate with its key in one PEM file."""
    import ipaddress

    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_after - dt.timedelta(days=90))
        .not_valid_after(not_after)
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path
