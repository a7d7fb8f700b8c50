"""PostgreSQL, Redis and nginx of the example, where they are installed: how each is made ready and started."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from opsguide.examples.system import Part, free_port, listens, program, until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DATABASE = "dried_fruits_db"
OWNER = "postgres"
"""The guide's commands sign in under this name."""
NGINX = """worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_body_buffer_size 1m; client_max_body_size 1m; proxy_max_temp_file_size 0;
  log_format timed '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent request_time=$request_time';
  access_log {folder}/access.log timed;
  upstream api {{ {upstreams} }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/ssl/cert.pem;
    ssl_certificate_key {folder}/ssl/key.pem;
    location / {{
      proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Host $host;
      proxy_connect_timeout 2s; proxy_read_timeout 15s;
    }}
  }}
}}
"""
AUTHORITY = """[ca]
default_ca = demo
[demo]
new_certs_dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
subjectAltName = IP:127.0.0.1,DNS:localhost
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
"""


def postgresql_binaries() -> Path | None:
    """The folder of the newest installed PostgreSQL server, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def postgresql(binaries: Path, log: Path, data: Path) -> tuple[Part, int]:
    """A PostgreSQL server, made ready and not yet started, and its port. data: its empty folder (`scratch`)."""
    port, account = free_port(), _account()
    _call([str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", OWNER, "-E", "UTF8", "--no-sync"], account)
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
    options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={data}", "fsync=off"]
    options += ["log_min_duration_statement=500ms", "log_line_prefix=%m [%p] "]
    if any((binaries.parent / "lib").glob("pg_stat_statements.so")):
        options.append("shared_preload_libraries=pg_stat_statements")
    command += [part for option in options for part in ("-c", option)]
    check = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    answers = partial(_succeeds, check)
    return Part("postgres", command, log, answers, account=account, stop_signal=signal.SIGINT), port


def create_database(binaries: Path, port: int) -> None:
    """The shop's empty database, with pg_stat_statements where it is installed."""
    at = ["-h", "127.0.0.1", "-p", str(port), "-U", OWNER]
    until(lambda: _succeeds([str(binaries / "createdb"), *at, DATABASE]), 20, "createdb")
    statement = "create extension if not exists pg_stat_statements"
    subprocess.run([str(binaries / "psql"), *at, "-d", DATABASE, "-qc", statement], capture_output=True, check=False)


def scratch() -> Path:
    """A folder outside the demo's own, which another account may enter: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="opsguide-demo-postgresql-"))
    name = _account()
    if name is not None:
        shutil.chown(folder, name)
    return folder


def redis(binary: str, log: Path, data: Path) -> tuple[Part, int]:
    """A Redis server, not yet started, and its port."""
    port = free_port()
    data.mkdir()
    command = [binary, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", ""]
    return Part("redis", command, log, partial(listens, port)), port


def nginx(binary: str, folder: Path, port: int) -> Part:
    """A web server with TLS before the API; `nginx_conf` writes what it serves."""
    command = [binary, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    return Part("nginx", command, folder / "error.log", partial(listens, port), stop_signal=signal.SIGTERM)


def nginx_conf(folder: Path, port: int, apis: Sequence[int]) -> None:
    """Write the configuration for these ports of the API."""
    upstreams = " ".join(f"server 127.0.0.1:{api} max_fails=0;" for api in apis)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, upstreams=upstreams))


class Authority:
    """A certificate authority of this demo alone; whoever is to trust it is given `certificate`."""

    def __init__(self, folder: Path) -> None:
        """Make its key and certificate with openssl."""
        folder.mkdir()
        self.folder, self.openssl = folder, program("openssl") or "openssl"
        self.certificate = folder / "authority.pem"
        (folder / "index.txt").touch()
        (folder / "openssl.cnf").write_text(AUTHORITY.format(folder=folder))
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(folder / "key.pem")]
        named = ["-subj", "/CN=opsguide demo authority", "-days", "30", "-out", str(self.certificate)]
        self._openssl("req", "-x509", "-extensions", "authority", *key, *named)

    def issue(self, folder: Path, start: str, end: str) -> None:
        """Put cert.pem and key.pem for 127.0.0.1 into `folder`. start, end: of its validity, as YYYYMMDDHHMMSSZ."""
        folder.mkdir(parents=True, exist_ok=True)
        key, asked = folder / "key.pem", self.folder / "request.pem"
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key)]
        self._openssl("req", "-new", *made, "-subj", "/CN=127.0.0.1", "-out", str(asked))
        signer = ["-keyfile", str(self.folder / "key.pem"), "-cert", str(self.certificate), "-batch", "-notext"]
        valid = ["-startdate", start, "-enddate", end, "-extensions", "leaf"]
        self._openssl("ca", *signer, *valid, "-in", str(asked), "-out", str(folder / "cert.pem"))

    def _openssl(self, verb: str, *arguments: str) -> None:
        _call([self.openssl, verb, "-config", str(self.folder / "openssl.cnf"), *arguments], None)


def _account() -> str | None:
    """The account that PostgreSQL runs under where we are root; else None: our own."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _call(command: list[str], account: str | None, environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        user=account,
        group=account,
        cwd="/",
        timeout=60,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0
