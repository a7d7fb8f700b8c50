"""The dried-fruits system: the shop's API on PostgreSQL and Redis behind nginx with TLS, as far as installed.

The file is long because it is one system, read from its first part to its last fault.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsguide.examples.dried_fruits import servers
from opsguide.examples.dried_fruits.people import PASSWORD
from opsguide.examples.dried_fruits.quota import SIZE
from opsguide.examples.dried_fruits.switches import Switches
from opsguide.examples.line import Refused
from opsguide.examples.system import Fault, Part, System, free_port, let_commands_in, module, program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).resolve().parent
API = "opsguide.examples.dried_fruits.api"
MOST_APIS = 5
VISITORS = 4
BURN_S = 900
"""The cpu fault ends by itself after so long, should nobody heal it."""
STAND_IN = """#!{python}
# A stand-in, not docker-compose: it drives the processes of the opsguide demo in {folder}.
import sys
from pathlib import Path

sys.path.insert(0, {root!r})
from opsguide.examples.compose import main

main(Path({folder!r}))
"""


@dataclass
class Ports:
    """Where the parts listen; 0 for those that do not run."""

    apis: list[int]
    web: int = 0
    database: int = 0
    inbox: int = 0
    mail: int = 0


class Shop(System):
    """See `examples.system.System`."""

    name = "dried-fruits"

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing runs yet."""
        super().__init__(folder)
        self.ports = Ports([])
        self.database = str(folder / "shop.sqlite")
        self.cache = ""
        self.binaries: Path | None = None
        self.authority: servers.Authority | None = None
        self.switches = Switches(folder / "app" / "switches.json")
        self.burning: list[subprocess.Popen[bytes]] = []

    # -- starting ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start every part, lay the project's files out, make a first backup, and send the first visitors."""
        self._lay_out()
        self._open_database()
        self._open_cache()
        self.ports.apis = [free_port()]
        self._open_api(0)
        self._open_web()
        self._open_inbox()
        self._name_faults()
        self._run("scripts/backup.sh")
        self.left.enter_context(self._visitors())

    def _lay_out(self) -> None:
        """The files that the guide names, in the folder that it calls the project's."""
        _lay(HERE / "project", self.folder)
        for name in ("app/logs", "app/uploads", "backups/database", "backups/uploads", "backups/logs", "logs", "bin"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for script in (self.folder / "scripts").glob("*.sh"):
            script.chmod(0o755)
        for name in ("backups/database", "backups/uploads", "backups/logs", "backups", "logs"):
            let_commands_in(self.folder / name, 0o770)
        (self.folder / "logs" / "backup.err").touch()
        let_commands_in(self.folder / "logs" / "backup.err", 0o660)
        stand_in = self.folder / "bin" / "docker-compose"
        stand_in.write_text(STAND_IN.format(python=_python(), folder=str(self.folder), root=str(HERE.parents[2])))
        stand_in.chmod(0o755)
        self.switches.turn("none", on=False)
        self._keep_history()

    def _keep_history(self) -> None:
        """A repository of the demo's own with two versions, so that the guide's git commands find no other one."""
        git = program("git")
        if git is None:
            self.lacks.append("git is not installed: the guide's git commands have nothing to act on")
            return
        names = sorted(file.name for file in (HERE / "project").iterdir() if file.name != "__pycache__")
        for version in ("1.1", "1.2"):
            (self.folder / "VERSION").write_text(version + "\n")
            self._git(git, "init", "-q", "-b", "main")
            self._git(git, "add", "VERSION", *names)
            self._git(git, "commit", "-q", "-m", version)
        self._git(git, "clone", "-q", "--bare", ".", "origin.git")
        self._git(git, "remote", "add", "origin", "./origin.git")

    def _git(self, git: str, *arguments: str) -> None:
        named = {f"GIT_{who}_{what}": "demo" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        apart = {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(self.folder),
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        subprocess.run(
            [git, *arguments], cwd=self.folder, env=environment | named | apart, capture_output=True, check=True
        )

    def _open_database(self) -> None:
        self.binaries = servers.postgresql_binaries()
        if self.binaries is None or not _importable("asyncpg"):
            self.lacks.append(
                "PostgreSQL (or asyncpg) is not installed: the shop uses SQLite, and what the guide says of the"
                " job postgres is unknown"
            )
            return
        data = servers.scratch()
        self.left.callback(shutil.rmtree, data, ignore_errors=True)
        part, port = servers.postgresql(self.binaries, self.folder / "logs" / "postgres.log", data)
        self.add(part)
        servers.create_database(self.binaries, port)
        self.ports.database = port
        self.database = f"postgresql://{servers.OWNER}@127.0.0.1:{port}/{servers.DATABASE}"

    def _open_cache(self) -> None:
        binary = program("redis-server")
        if binary is None:
            self.lacks.append("Redis is not installed: the Redis health check of the guide is broken, truly")
            return
        part, port = servers.redis(binary, self.folder / "logs" / "redis.log", self.folder / "redis")
        self.add(part)
        self.cache = f"redis://127.0.0.1:{port}/0"

    def _open_api(self, number: int) -> None:
        port = self.ports.apis[number]
        self.add(
            Part(
                "api" if number == 0 else f"api-{number + 1}",
                module(API, str(port), self.database, self.cache, str(self.folder)),
                self.folder / "app" / "logs" / "api.log",
                partial(answers, f"http://127.0.0.1:{port}/health"),
                environment=self.environment(),
                folder=str(self.folder),
            )
        )

    def _open_web(self) -> None:
        binary = program("nginx")
        if binary is None or program("openssl") is None:
            self.lacks.append(
                "nginx or openssl is not installed: the shop is asked over plain http, and what the guide says of the"
                " certificate and of nginx's log is not true"
            )
            return
        folder = self.folder / "nginx"
        self.authority = servers.Authority(self.folder / "authority")
        self._certify(-1, 60)
        self.ports.web = free_port()
        servers.nginx_conf(folder, self.ports.web, self.ports.apis)
        self.add(servers.nginx(binary, folder, self.ports.web))

    def _open_inbox(self) -> None:
        self.ports.inbox, self.ports.mail = free_port(), free_port()
        command = module(
            "opsguide.examples.inbox", str(self.ports.inbox), str(self.ports.mail), str(self.folder / "logs")
        )
        ready = partial(answers, f"http://127.0.0.1:{self.ports.inbox}/")
        self.add(Part("inbox", command, self.folder / "logs" / "inbox.log", ready))

    def environment(self) -> dict[str, str]:
        """What the project's commands are given: where the database and the stand-in are."""
        found = {
            "SHOP_DATABASE": self.database,
            "SHOP_REDIS": self.cache,
            "DB_POOL_SIZE": _stated(self.folder / ".env.prod", "DB_POOL_SIZE", "10"),
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(HERE.parents[2])]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.pathsep.join(
                [
                    *(str(self.folder / "bin"), str(self.binaries or ""), str(Path(sys.executable).parent)),
                    os.environ.get("PATH", "/usr/bin:/bin"),
                ]
            ),
            "HEALTH_URL": f"{self.url}/health",
        }
        if self.authority is not None:
            found["CURL_CA_BUNDLE"] = str(self.authority.certificate)
        if self.ports.database:
            found |= {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports.database), "PGUSER": servers.OWNER}
            found["PGDATABASE"] = servers.DATABASE
        return found

    @property
    def url(self) -> str:
        """Where customers reach the shop."""
        return f"https://127.0.0.1:{self.ports.web}" if self.ports.web else f"http://127.0.0.1:{self.ports.apis[0]}"

    # -- what opsguide is told ---------------------------------------------------------------------------------------

    def guide(self, *, mended: bool) -> Path:
        """The guide with its faults, or the corrected one, with the files that lie beside it."""
        if mended:
            _lay(HERE / "mended", self.folder)
        return HERE / ("guide.mended.md" if mended else "guide.md")

    def trusted(self) -> str:
        """The file of the authority that opsguide has to trust, "" where the shop speaks plain http."""
        return str(self.authority.certificate) if self.authority is not None else ""

    def settings(self, listen: str, *, mended: bool, haste: int) -> str:
        """The opsguide.toml that binds the guide to this system."""
        inbox, plain = f"127.0.0.1:{self.ports.inbox}", self.url.partition("://")[2]
        api = f"127.0.0.1:{self.ports.apis[0]}"
        bindings = {
            "https://yourdomain.com": self.url,
            "http://yourdomain.com:3000": f"http://{listen}/",
            "http://yourdomain.com:9090": f"http://{listen}/",
            "yourdomain.com": plain,
            "/path/to/project": ".",
            # opsguide runs commands with the system's own PATH: the stand-in is named by its place.
            "docker-compose -f docker-compose.prod.yml": "bin/docker-compose -f docker-compose.prod.yml",
            "user@example.com": "customer@shop.test",
            "https://dried-fruits.test": self.url,
            "api.dried-fruits.test:8000": api,
            "ops.dried-fruits.test": listen,
            "pager.dried-fruits.test": inbox,
            "mail.dried-fruits.test:25": f"127.0.0.1:{self.ports.mail}",
            "/srv/dried-fruits": ".",
        }
        lines = ["[bindings]", *(f'"{name}" = "{value}"' for name, value in bindings.items()), ""]
        lines += ["[defaults]", f'probe_interval = "{"15s" if haste == 1 else "3s"}"']
        lines += [f"hasten = {haste}", ""]
        lines += ["[email]", f'smarthost = "127.0.0.1:{self.ports.mail}"', 'from = "opsguide@dried-fruits.test"', ""]
        lines += ["[notify]", *([] if mended else ['receiver = "team"']), 'trial = "0s"', ""]
        lines += ["[collect]", "host = true", *self._collected(mended=mended), ""]
        return "\n".join(lines + ([] if mended else self._told(api, inbox)))

    def _collected(self, *, mended: bool) -> Iterator[str]:
        if self.ports.database:
            # The mended guide declares a job postgres of its own.
            yield f'{"database" if mended else "postgres"} = "{self.database}"'
        if self.cache:
            yield f'redis = "{self.cache}"'

    def _told(self, api: str, inbox: str) -> list[str]:
        """What the faulty guide leaves out: what is scraped, and who is told."""
        return [
            "[[scrape_configs]]",
            'job_name = "api"',
            'metrics_path = "/metrics"',
            f'static_configs = [{{ targets = ["{api}"] }}]',
            "",
            "[[receivers]]",
            'name = "team"',
            f'webhook_configs = [{{ url = "http://{inbox}/hook" }}]',
            'email_configs = [{ to = "team@dried-fruits.test", send_resolved = true }]',
            "",
            "[route]",
            'receiver = "team"',
            'group_by = ["alertname"]',
            'group_wait = "30s"',
            'group_interval = "5m"',
            'repeat_interval = "4h"',
            "",
        ]

    def state(self) -> dict[str, Any]:
        """Also where things are, for the stand-in and for people."""
        more = {
            "url": self.url,
            "inbox": f"http://127.0.0.1:{self.ports.inbox}/",
            "environment": self.environment(),
            "python": sys.executable,
            "lacks": self.lacks,
        }
        return {**super().state(), **more}

    # -- what the stand-in for docker-compose asks -------------------------------------------------------------------

    def also(self, asked: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Restart a service, or run so many of the API."""
        service = str(request.get("service"))
        if asked == "restart":
            return {"said": self._restart(service)}
        if asked == "scale" and service == "api":
            return {"said": self._scale(int(request["count"]))}
        raise Refused(f"the stand-in cannot {asked} {service}")

    def _restart(self, service: str) -> str:
        names = [name for name in self.parts if name == service or name.startswith(f"{service}-")]
        if not names:
            raise Refused(f"no service is called {service}; there are {', '.join(self.parts)}")
        for name in names:
            part = self.parts[name]
            part.stop()
            part.environment = {**part.environment, **self.environment()}
            part.start()
        self.note_parts()
        return f"restarted {', '.join(names)}"

    def _scale(self, count: int) -> str:
        if not 1 <= count <= MOST_APIS:
            raise Refused(f"between 1 and {MOST_APIS} processes of the API can run here")
        if not self.ports.web:
            raise Refused("without nginx nothing shares the load among several processes of the API")
        while len(self.ports.apis) < count:
            self.ports.apis.append(free_port())
            self._open_api(len(self.ports.apis) - 1)
        surplus = len(self.ports.apis)
        del self.ports.apis[count:]
        self._reload_web()
        for number in range(count, surplus):
            self.drop(f"api-{number + 1}")
        return f"{count} processes of the API run"

    def _reload_web(self) -> None:
        servers.nginx_conf(self.folder / "nginx", self.ports.web, self.ports.apis)
        self.parts["nginx"].signal(signal.SIGHUP)

    # -- faults ------------------------------------------------------------------------------------------------------

    def _name_faults(self) -> None:
        """The faults that this machine can do."""
        switch = self.switches.turn
        if "postgres" in self.parts:
            self.faults["database"] = self._stopping("postgres", "PostgreSQL is stopped")
        if "redis" in self.parts:
            self.faults["redis"] = self._stopping("redis", "Redis is stopped")
        self.faults["slow"] = Fault(
            "the API waits 2.2 s before each answer, health addresses aside",
            partial(switch, "slow", on=True),
            partial(switch, "slow", on=False),
        )
        self.faults["errors"] = Fault(
            "every fifth request of the API fails with 500",
            partial(switch, "errors", on=True),
            partial(switch, "errors", on=False),
        )
        self.faults["cpu"] = Fault("every core is kept busy, at the lowest priority", self._burn, self._cool)
        self.faults["disk"] = Fault("the uploads folder, which holds 16 MB, is filled to 97 %", self._fill, self._empty)
        if self.ports.web:
            self.faults["certificate"] = Fault(
                "nginx serves a certificate that expired yesterday",
                partial(self._serve_certificate, -30, -1),
                partial(self._serve_certificate, -1, 60),
            )
        self.faults["backup"] = Fault("the newest backup is cut in half", self._cut_backup, self._restore_backup)
        self.faults["logins"] = Fault(
            "somebody guesses passwords, twice a second, until the account is locked and on",
            partial(switch, "logins", on=True),
            self._unlock,
        )

    def _stopping(self, name: str, does: str) -> Fault:
        part = self.parts[name]
        return Fault(does, part.stop, part.start)

    def _burn(self) -> None:
        command = ["nice", "-n", "19", sys.executable, "-c"]
        busy = f"import time\nend = time.monotonic() + {BURN_S}\nwhile time.monotonic() < end: pass"
        self.burning = [subprocess.Popen([*command, busy]) for _ in range(os.cpu_count() or 1)]
        self.left.callback(self._cool)

    def _cool(self) -> None:
        for one in self.burning:
            one.kill()
            one.wait()
        self.burning = []

    def _fill(self) -> None:
        uploads = self.folder / "app" / "uploads"
        used = sum(file.stat().st_size for file in uploads.iterdir())
        (uploads / "filler").write_bytes(b"\0" * max(0, int(SIZE * 0.97) - used))

    def _empty(self) -> None:
        (self.folder / "app" / "uploads" / "filler").unlink(missing_ok=True)

    def _certify(self, start_days: float, end_days: float) -> None:
        assert self.authority is not None
        now = time.time()
        first, last = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + d * 86400)) for d in (start_days, end_days))
        self.authority.issue(self.folder / "nginx" / "ssl", first, last)

    def _serve_certificate(self, start_days: float, end_days: float) -> None:
        self._certify(start_days, end_days)
        self._restart("nginx")

    def _newest_backup(self) -> Path:
        found = sorted((self.folder / "backups" / "database").glob("db_backup_*.sql.gz"))
        if not found:
            raise Refused("there is no backup yet; run scripts/backup.sh")
        return found[-1]

    def _cut_backup(self) -> None:
        newest = self._newest_backup()
        whole = newest.read_bytes()
        (self.folder / "logs" / newest.name).write_bytes(whole)
        newest.write_bytes(whole[: len(whole) // 2])

    def _restore_backup(self) -> None:
        for kept in (self.folder / "logs").glob("db_backup_*.sql.gz"):
            shutil.move(kept, self.folder / "backups" / "database" / kept.name)

    def _unlock(self) -> None:
        self.switches.turn("logins", on=False)
        self._run_python("from app.users import unlock; unlock('clerk@shop.test')")

    # -- running the project's own commands, and visitors -------------------------------------------------------------

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [str(self.folder / command[0]), *command[1:]],
            env={**os.environ, **self.environment(), "DEMO_DIRECT": "1"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stdout.strip()} {done.stderr.strip()}")

    def _run_python(self, text: str) -> None:
        environment = {**os.environ, **self.environment()}
        command = [sys.executable, "-c", text]
        subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, check=False, timeout=30)

    @contextlib.contextmanager
    def _visitors(self) -> Iterator[None]:
        """About sixteen requests a second, so that the figures are figures, and whoever guesses passwords."""
        over = threading.Event()
        threads = [threading.Thread(target=self._visit, args=(over,), daemon=True) for _ in range(VISITORS)]
        threads.append(threading.Thread(target=self._guess, args=(over,), daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(5)

    def _visit(self, over: threading.Event) -> None:
        order = json.dumps({"product": 3, "quantity": 1, "customer": 2}).encode()
        login = json.dumps({"email": "customer@shop.test", "password": PASSWORD}).encode()
        turn = 0
        while not over.wait(0.5):
            turn += 1
            self._ask("/api/v1/products")
            self._ask("/api/v1/orders", order)
            if turn % 20 == 1:
                self._ask("/api/v1/auth/login", login)
                self._ask("/api/v1/uploads", b"a receipt" * 100)

    def _guess(self, over: threading.Event) -> None:
        guess = json.dumps({"email": "clerk@shop.test", "password": "12345"}).encode()
        while not over.wait(0.5):
            if Switches(self.switches.file).on("logins"):
                self._ask("/api/v1/auth/login", guess)

    def _ask(self, path: str, body: bytes | None = None) -> None:
        # No certificate is checked: visitors come on where the demo lets it expire.
        context = ssl._create_unverified_context() if self.url.startswith("https") else None  # noqa: SLF001
        with contextlib.suppress(urllib.error.URLError, TimeoutError, ConnectionError):
            urllib.request.urlopen(self.url + path, body, timeout=4, context=context).close()


def answers(url: str) -> bool:
    """Whether this loopback address answers below 400."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _python() -> str:
    """The interpreter of the stand-in. Root's own may lie where the account of a guide's commands cannot reach it."""
    shared = Path("/usr/bin/python3")
    minor = shared.resolve().name.removeprefix("python3.")
    is_new = minor.isdigit() and int(minor) >= 11  # noqa: PLR2004 -- what opsguide needs
    return str(shared) if os.geteuid() == 0 and is_new else sys.executable


def _lay(source: Path, folder: Path) -> None:
    """Copy what lies in `source`, and not its own mode: the folder stays private."""
    for one in source.iterdir():
        if one.is_dir():
            shutil.copytree(one, folder / one.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(one, folder)


def _importable(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def _stated(file: Path, name: str, otherwise: str) -> str:
    """A value of an environment file."""
    with contextlib.suppress(OSError):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{name}="):
                return line.partition("=")[2].strip()
    return otherwise


SYSTEM = Shop
"""What `opsguide demo` starts."""
