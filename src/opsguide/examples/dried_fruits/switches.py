"""Faults inside the API that the demo switches: a small file that the API looks at, so that a restart heals nothing."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from opsguide.examples.system import written

if TYPE_CHECKING:
    from pathlib import Path


class Switches:
    """Names that are on, from a JSON list; read again when the file was written."""

    def __init__(self, file: Path) -> None:
        """Take the file, which need not exist."""
        self.file = file
        self.stamp = 0
        self.names: frozenset[str] = frozenset()

    def on(self, name: str) -> bool:
        """Whether this one is on."""
        with contextlib.suppress(OSError, ValueError):
            stamp = self.file.stat().st_mtime_ns
            if stamp != self.stamp:
                self.names, self.stamp = frozenset(json.loads(self.file.read_text())), stamp
        return name in self.names

    def turn(self, name: str, *, on: bool) -> None:
        """Switch one."""
        self.on(name)
        names = self.names | {name} if on else self.names - {name}
        written(self.file, json.dumps(sorted(names)))
