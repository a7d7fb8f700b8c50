"""The line to a running demo: its control socket, asked one question at a time. The standard library alone."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CONTROL = "control.sock"


class Refused(Exception):  # noqa: N818 -- what is refused is no error of the program
    """What was asked for cannot be done; the sentence says why."""


def ask(folder: Path, request: Mapping[str, Any], within_s: float = 120.0) -> dict[str, Any]:
    """The answer of the demo that runs in `folder`. Raises Refused where none does, or where it refuses."""
    try:
        with short(folder / CONTROL) as path, socket.socket(socket.AF_UNIX) as line:
            line.settimeout(within_s)
            line.connect(path)
            line.sendall(json.dumps(request).encode() + b"\n")
            with line.makefile("rb") as reply:
                found: dict[str, Any] = json.loads(reply.readline())
    except (OSError, ValueError):
        raise Refused(f"no demo runs in {folder}; start it with `opsguide demo`") from None
    if "refused" in found:
        raise Refused(str(found["refused"]))
    return found


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of the socket that fits the 107 bytes the system allows: through an open folder where it is longer."""
    if len(os.fsencode(path)) < 100:  # noqa: PLR2004 -- see above
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
