"""An example system: real parts on loopback, in a temporary folder, ended by their own pids; its faults, really done.

A second process finds it by its folder: `control.sock` answers `{"do": "break", "what": "database"}` and the like, and
`parts.json` names what was started (pid and time of start), so that a demo that was killed leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from opsguide.examples.line import CONTROL, Refused, ask, short

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PARTS = "parts.json"
STOP_S = 10.0
START_S = 30.0


@dataclass
class Part:
    """One process of a system. stop: the signal that ends it in good order. ready: whether it answers."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], bool] = lambda: True
    environment: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    folder: str = "/"
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its pid, 0 where it does not run."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    def start(self, within_s: float = START_S) -> None:
        """It runs and answers; raises TimeoutError or RuntimeError with the end of its log."""
        if self.pid:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            # A session of its own: Ctrl-C at the terminal reaches the demo alone, which then stops the parts in order.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                user=self.account,
                group=self.account,
                cwd=self.folder,
                start_new_session=True,
            )
        until(lambda: self.ready() or not self.pid, within_s, self.name)
        if not self.pid:
            raise RuntimeError(f"{self.name} ended at once: {tail(self.log)}")

    def stop(self) -> None:
        """It runs no more."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, where it runs."""
        if self.process is not None and self.pid:
            self.process.send_signal(number)


@dataclass(frozen=True)
class Fault:
    """Something that can be done to the running system and undone. does: in words, for the table of docs/demo.md."""

    does: str
    breaks: Callable[[], None]
    heals: Callable[[], None]


class System:
    """A running example. A subclass fills `parts` and `faults` in `open` and says how opsguide is bound to it."""

    name = ""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which exists and is ours alone."""
        self.folder = folder
        self.parts: dict[str, Part] = {}
        self.faults: dict[str, Fault] = {}
        self.broken: list[str] = []
        self.lacks: list[str] = []
        """What is not installed, and what of the guide is then not true or not known, as sentences."""
        self.say: Callable[[str], None] = lambda _: None
        """Tells the person who started it what a second command did."""
        self.lock = threading.RLock()
        self.left = contextlib.ExitStack()

    def open(self) -> None:
        """Start every part."""
        raise NotImplementedError

    def guide(self, *, mended: bool) -> Path:
        """The guide that comes with it."""
        raise NotImplementedError

    def settings(self, listen: str, *, mended: bool, haste: int) -> str:
        """The opsguide.toml that binds a guide to this system. haste: how many times faster clocks run; 1 true time."""
        raise NotImplementedError

    def trusted(self) -> str:
        """The certificate authority that opsguide has to trust, as a file; "" where it needs none."""
        return ""

    def add(self, part: Part) -> Part:
        """Start a part; it is stopped with the system, the newest first."""
        self.left.callback(part.stop)
        part.start()
        self.parts[part.name] = part
        self.note_parts()
        return part

    def drop(self, name: str) -> None:
        """Stop a part for good."""
        self.parts.pop(name).stop()
        self.note_parts()

    def note_parts(self) -> None:
        """Write down what runs, for a demo that finds this folder after we were killed."""
        found = [
            {"name": part.name, "pid": part.pid, "since": started(part.pid)} for part in self.parts.values() if part.pid
        ]
        written(self.folder / PARTS, json.dumps(found))

    def close(self) -> None:
        """Stop everything. Faults are not healed: what they changed goes with the folder."""
        with self.lock:
            self.left.close()
            self.parts.clear()
            (self.folder / PARTS).unlink(missing_ok=True)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what a second command asks. Raises Refused."""
        with self.lock:
            match request.get("do"):
                case "break":
                    return {"said": self.break_(str(request.get("what")))}
                case "heal":
                    return {"said": self.heal(str(request.get("what") or ""))}
                case "state":
                    return {"name": self.name, "broken": self.broken, "faults": list(self.faults), **self.state()}
                case asked:
                    return self.also(str(asked), request)

    def state(self) -> dict[str, Any]:
        """What the system tells of itself beside its parts."""
        return {"parts": [{"name": part.name, "pid": part.pid, "log": str(part.log)} for part in self.parts.values()]}

    def also(self, asked: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Further requests of one system."""
        del request
        raise Refused(f"this demo does not know how to {asked}")

    def break_(self, what: str) -> str:
        """Do a fault; the sentence says what was done."""
        fault = self.faults.get(what)
        if fault is None:
            raise Refused(f"no fault is called {what}; there are {', '.join(self.faults)}")
        if what in self.broken:
            raise Refused(f"{what} is broken already; heal it with --heal {what}")
        fault.breaks()
        self.broken.append(what)
        self.note_parts()
        self.say(f"broken: {what}: {fault.does}")
        return f"{what}: {fault.does}"

    def heal(self, what: str = "") -> str:
        """Undo one fault, or all."""
        wanted = [what] if what else list(self.broken)
        if what and what not in self.faults:
            raise Refused(f"no fault is called {what}; there are {', '.join(self.faults)}")
        if not wanted or (what and what not in self.broken):
            return "nothing is broken" if not what else f"{what} is not broken"
        for name in wanted:
            self.faults[name].heals()
            self.broken.remove(name)
        self.note_parts()
        self.say(f"healed: {', '.join(wanted)}")
        return f"healed: {', '.join(wanted)}"


class _Lines(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        system: System = self.server.system  # type: ignore[attr-defined]
        try:
            found = system.answer(json.loads(self.rfile.readline() or b"{}"))
        except Refused as refused:
            found = {"refused": str(refused)}
        except Exception as fault:  # noqa: BLE001 -- the asker hears of it; the demo goes on
            found = {"refused": f"{type(fault).__name__}: {fault}"}
        self.wfile.write(json.dumps(found).encode() + b"\n")


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    system: System


@contextlib.contextmanager
def controlled(system: System) -> Iterator[None]:
    """A second command can break and heal the system while the block lasts."""
    with short(system.folder / CONTROL) as path:
        server = _Server(path, _Lines)
    server.system = system
    let_commands_in(system.folder / CONTROL, 0o660)
    let_commands_in(system.folder, 0o750)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(STOP_S)
        (system.folder / CONTROL).unlink(missing_ok=True)


def let_commands_in(path: Path, mode: int) -> None:
    """Where we are root, opsguide runs a guide's commands as `nobody`: this path is that account's too, no other's."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(KeyError):
        os.chown(path, -1, pwd.getpwnam("nobody").pw_gid)
        path.chmod(mode)


def default_folder(name: str) -> Path:
    """Where the demo of this person lies unless another folder is given: one place, so that `--break` finds it."""
    # Not XDG_RUNTIME_DIR: it may be small, and may let nothing be executed.
    return Path(os.environ.get("TMPDIR") or "/tmp") / f"opsguide-demo-{os.getuid()}" / name


def claim_folder(folder: Path, *, ours: bool) -> None:
    """The folder is there, private and free of a demo before it. ours: it is the default one, and may be emptied.

    Raises Refused where a demo runs in it, where it is somebody else's, or where a given one holds other things.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise Refused(f"{folder} is a link; give another --folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid() or (ours and folder.parent.stat().st_uid != os.getuid()):
        raise Refused(f"{folder} belongs to somebody else; give another --folder")
    if (folder / CONTROL).exists() and _answers(folder):
        raise Refused(f"a demo runs in {folder} already: stop it, or give another --folder")
    end_leftovers(folder)
    if ours:
        shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    elif any(folder.iterdir()):
        raise Refused(f"{folder} is not empty; give a new --folder")


def _answers(folder: Path) -> bool:
    try:
        ask(folder, {"do": "state"}, 5.0)
    except Refused:
        return False
    return True


def end_leftovers(folder: Path) -> None:
    """End what a killed demo left running, only where pid and time of start are still those that it wrote down."""
    try:
        found = json.loads((folder / PARTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    left = [psutil.Process(one["pid"]) for one in found if one["pid"] and started(one["pid"]) == one["since"]]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    # All at once: PostgreSQL waits for those that are connected to it.
    for process in psutil.wait_procs(left, STOP_S)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def started(pid: int) -> float:
    """When the process was started, Unix seconds; 0 where it does not run."""
    try:
        return float(psutil.Process(pid).create_time()) if pid else 0.0
    except psutil.Error:
        return 0.0


def written(path: Path, text: str) -> None:
    """Replace a small file in one step, so that no reader sees half of it."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def until(true: Callable[[], bool], within_s: float, what: str = "it") -> None:
    """Wait until `true()`; TimeoutError after `within_s`."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {within_s:.0f} s")
        time.sleep(0.02)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(name: str) -> str | None:
    """The path of an installed program, those for administrators included."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


def tail(log: Path, lines: int = 3) -> str:
    """The end of a log, for a fault's sentence."""
    with contextlib.suppress(OSError):
        return " / ".join(log.read_text(errors="replace").strip().splitlines()[-lines:])
    return "it left no log"


def module(name: str, *arguments: str) -> list[str]:
    """The command line that runs a module of ours."""
    return [sys.executable, "-m", name, *arguments]
