"""A stand-in for docker-compose, labelled as one: it drives the processes of the running demo by its control socket.

Knows `ps`, `logs [-f] [--tail N] SERVICE`, `exec [-T] SERVICE COMMAND...`, `restart SERVICE`, `up -d --scale SERVICE=N`
and `images`; `-f FILE` is taken and ignored. A path below /app/ is the project's own app folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from opsguide.examples.line import Refused, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

LABEL = "docker-compose: a stand-in of the opsguide demo; no containers, the demo's own processes"
LOGS = {
    "api": "app/logs/api.log",
    "postgres": "logs/postgres.log",
    "redis": "logs/redis.log",
    "nginx": "nginx/access.log",
}


def main(folder: Path) -> None:
    """Do what the command line asks and leave with its exit code."""
    arguments = sys.argv[1:]
    while arguments and arguments[0].startswith("-"):
        # -f FILE, --file FILE: there is one file, and it is this project's.
        arguments = arguments[2:] if arguments[0] in {"-f", "--file", "-p"} else arguments[1:]
    verbs: dict[str, Callable[[Path, Sequence[str]], int]] = {
        "ps": _ps,
        "logs": _logs,
        "exec": _exec,
        "restart": _restart,
        "up": _up,
        "images": _images,
    }
    if not arguments or arguments[0] not in verbs:
        print(f"{LABEL}; it knows {', '.join(verbs)}", file=sys.stderr)
        sys.exit(2)
    # The label goes where it spoils no dump and no count.
    print(LABEL, file=sys.stderr)
    try:
        sys.exit(verbs[arguments[0]](folder, arguments[1:]))
    except Refused as refused:
        print(refused, file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _state(folder: Path) -> dict[str, Any]:
    return ask(folder, {"do": "state"})


def _ps(folder: Path, _: Sequence[str]) -> int:
    print(f"{'NAME':<12} {'PID':>8}  STATE")
    for part in _state(folder)["parts"]:
        print(f"{part['name']:<12} {part['pid'] or '-':>8}  {'running' if part['pid'] else 'stopped'}")
    return 0


def _logs(folder: Path, arguments: Sequence[str]) -> int:
    follow = "-f" in arguments or "--follow" in arguments
    lines = next((int(a.partition("=")[2]) for a in arguments if a.startswith("--tail=") and a[7:].isdigit()), 0)
    services = [a for a in arguments if not a.startswith("-")] or list(LOGS)
    files = {name: folder / LOGS[name] for name in services if name in LOGS}
    if len(files) < len(services):
        raise Refused(f"no such service; there are {', '.join(LOGS)}")
    places: dict[str, int] = {}
    for name, file in files.items():
        text = file.read_text(errors="replace") if file.exists() else ""
        places[name] = len(text.encode(errors="replace"))
        for line in text.splitlines()[-lines:]:
            print(f"{name}  | {line}")
    while follow:
        time.sleep(0.5)
        for name, file in files.items():
            with file.open("rb") as log:
                log.seek(places[name])
                fresh = log.read()
                places[name] += len(fresh)
            for line in fresh.decode(errors="replace").splitlines():
                print(f"{name}  | {line}", flush=True)
    return 0


def _exec(folder: Path, arguments: Sequence[str]) -> int:
    words = list(arguments)
    while words and words[0].startswith("-"):
        words.pop(0)
    if len(words) < 2:  # noqa: PLR2004 -- a service and a command
        raise Refused("exec SERVICE COMMAND...")
    service, *command = words
    state = _state(folder)
    if service not in {part["name"] for part in state["parts"] if part["pid"]}:
        raise Refused(f"service {service} is not running")
    command = [str(folder / word[1:]) if word.startswith("/app/") else word for word in command]
    environment = {**os.environ, **state["environment"]}
    command[0] = state["python"] if command[0] in {"python", "python3"} else command[0]
    return subprocess.run(command, env=environment, cwd=folder, check=False).returncode


def _restart(folder: Path, arguments: Sequence[str]) -> int:
    for service in arguments or ("api", "nginx"):
        print(ask(folder, {"do": "restart", "service": service})["said"])
    return 0


def _up(folder: Path, arguments: Sequence[str]) -> int:
    wanted = [a for a in arguments if "=" in a]
    for one in wanted:
        service, _, count = one.removeprefix("--scale=").partition("=")
        if not count.isdigit():
            raise Refused(f"{one}: write --scale api=3")
        print(ask(folder, {"do": "scale", "service": service, "count": int(count)})["said"])
    if not wanted:
        print("everything runs: the demo started it")
    return 0


def _images(_folder: Path, _: Sequence[str]) -> int:
    print("there are no images: the demo runs processes")
    return 0
