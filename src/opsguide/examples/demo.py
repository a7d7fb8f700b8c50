"""`opsguide demo`: an example system, opsguide on its guide, and the inbox of whoever is told; until stopped."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import shutil
import signal
import sys
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opsguide import examples
from opsguide.examples.line import Refused
from opsguide.examples.system import (
    Part,
    System,
    claim_folder,
    controlled,
    default_folder,
    listens,
    module,
    tail,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFAULT = "dried-fruits"
HASTE = 20


@dataclass(frozen=True)
class Asked:
    """What the person asked for. guide: another guide for the same system. folder: None for the usual place."""

    name: str = DEFAULT
    guide: Path | None = None
    mended: bool = False
    true_time: bool = False
    listen: str = "127.0.0.1:8765"
    folder: Path | None = None

    @property
    def where(self) -> Path:
        """The folder of this demo."""
        return (self.folder or default_folder(self.name)).absolute()


def names() -> list[str]:
    """The example systems, as they are called on the command line."""
    found = (one.name for one in pkgutil.iter_modules(examples.__path__) if one.ispkg)
    return sorted(name.replace("_", "-") for name in found)


def system(name: str) -> type[System]:
    """The class of an example system. Raises Refused where there is none of that name."""
    if name not in names():
        raise Refused(f"no example is called {name}; there are {', '.join(names())}")
    found: type[System] = importlib.import_module(f"opsguide.examples.{name.replace('-', '_')}").SYSTEM
    return found


def run(asked: Asked, say: Callable[[str], None], stopped: threading.Event) -> int:
    """Run the demo until `stopped` or until opsguide ends; everything that was started has ended when this returns."""
    example = system(asked.name)
    folder, ours = asked.where, asked.folder is None
    # First the folder: what a killed demo left running there may be what listens on the address.
    claim_folder(folder, ours=ours)
    _look_at_address(asked.listen)
    running = example(folder)
    running.say = say
    try:
        with controlled(running):
            say(f"starting {asked.name} in {folder}")
            running.open()
            for lack in running.lacks:
                say(lack)
            guide = _lay_guide(running, asked)
            opsguide = _opsguide(running, guide, asked)
            _greet(running, asked, guide, say)
            show(f"http://{asked.listen}/")
            stopped_by = _wait(opsguide, stopped)
            if not stopped_by:
                say(f"opsguide ended: {tail(opsguide.log, 5)}")
            return 0 if stopped_by else 1
    finally:
        running.close()
        if ours:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):
                folder.parent.rmdir()


def _look_at_address(listen: str) -> None:
    """Refuse, before anything is started, an address that is none or is taken."""
    port = listen.rpartition(":")[2]
    if not port.isdigit():
        raise Refused(f"{listen} is no address; write --listen 127.0.0.1:8765")
    if listens(int(port)):
        raise Refused(f"something listens on {listen} already; give another --listen")


def _lay_guide(running: System, asked: Asked) -> Path:
    """The guide, as it is written, beside its settings and the files that it names."""
    own = running.guide(mended=asked.mended)
    source = asked.guide or own
    guide = running.folder / source.name
    shutil.copyfile(source, guide)
    settings = running.settings(
        asked.listen, mended=asked.mended and asked.guide is None, haste=1 if asked.true_time else HASTE
    )
    written(running.folder / "opsguide.toml", settings)
    return guide


def _opsguide(running: System, guide: Path, asked: Asked) -> Part:
    command = module("opsguide", "run", str(guide), "--listen", asked.listen, "--data", str(running.folder / "data"))
    log = running.folder / "logs" / "opsguide.log"
    trusted = running.trusted()
    # The certificate authority of the demo, for this one process: OpenSSL's own variable.
    environment = {"SSL_CERT_FILE": trusted} if trusted else {}
    here = str(Path.cwd())
    return running.add(Part("opsguide", command, log, lambda: "sign in" in tail(log, 5), environment, folder=here))


def _greet(running: System, asked: Asked, guide: Path, say: Callable[[str], None]) -> None:
    say((running.folder / "logs" / "opsguide.log").read_text(errors="replace").rstrip())
    told = running.state()
    say(f"the shop: {told['url']}   who is told: {told['inbox']}   the guide: {guide}")
    if asked.true_time:
        say("every time is true")
    else:
        say(f"scrapes, evaluations, `for`, range windows and group and repeat times pass {HASTE} times faster here;")
        say("thresholds, cron times, retention and validity do not. --true-time: none does")
    more = f" --folder {asked.folder}" if asked.folder else ""
    more = (f" {asked.name}" if asked.name != DEFAULT else "") + more
    say(f"in another terminal: opsguide demo{more} --break {'|'.join(running.faults)}   then --heal; Ctrl-C ends all")


def _wait(opsguide: Part, stopped: threading.Event) -> bool:
    """Wait; True where a person stopped the demo."""
    while not stopped.wait(0.2):
        if not opsguide.pid:
            return False
    return True


@contextlib.contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    stopped = threading.Event()
    before = {n: signal.signal(n, lambda *_: stopped.set()) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show(url: str) -> None:
    """Open the page where a person sits before a terminal and has a browser with a screen."""
    has_screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")) or sys.platform == "darwin"
    if sys.stdout.isatty() and has_screen:
        webbrowser.open(url)
