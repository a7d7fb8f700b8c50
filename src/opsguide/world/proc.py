"""Commands: the only place that starts processes. Each is alone, bounded, and dies with all it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opsguide.core.ports import Finished, WorldFault
from opsguide.world.sim.loop import real_io

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsguide.core.ports import Command

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UNPRIVILEGED = "nobody"
LINGER_S = 0.5
"""How long output is still read after the command itself ended; what it left in the background is killed then."""

# Set by bash itself and not between fork and exec in Python, where a thread may hold a lock: data 2 GiB, files 1 GiB,
# 1024 open files, 4096 processes, no core. $1 is CPU seconds, $2 the command.
_LIMITS = 'ulimit -S -c 0 -d 2097152 -f 1048576 -n 1024 -t "$1"; ulimit -S -u 4096 2>/dev/null; exec bash -c "$2"'


@dataclass(frozen=True, slots=True)
class _Account:
    uid: int
    gid: int


class RealProc:
    """Commands on this machine: own session, HOME and KUBECONFIG, no stdin, only the environment that they name.

    Where opsguide is root they run as `nobody`. mask: applied to all output, so that a secret never leaves.
    """

    def __init__(self, mask: Callable[[str], str] = str) -> None:
        self._mask = mask
        self._account = _unprivileged()

    async def run(self, command: Command) -> Finished:
        """Run to the end. Faults: `timeout` past the limit, `denied` or `not_found` where it cannot be started."""
        with tempfile.TemporaryDirectory(prefix="opsguide-home-") as home, real_io():
            if self._account is not None:
                os.chown(home, self._account.uid, self._account.gid)
            # A pipe of our own: what the command leaves in the background inherits it and would hold up communicate().
            ours, theirs = os.pipe()
            output = _Output(command.limit_bytes)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: output, os.fdopen(ours, "rb"))
            try:
                process = self._start(command, home, theirs)
            except WorldFault:
                transport.close()
                raise
            finally:
                os.close(theirs)
            ended = asyncio.ensure_future(asyncio.to_thread(process.wait))
            try:
                return await self._watch(ended, command, output)
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                await ended
                transport.close()

    def _start(self, command: Command, home: str, output: int) -> subprocess.Popen[bytes]:
        # Not asyncio's own: uvloop's cannot change the account, and its children need a watcher each.
        account = self._account
        try:
            return subprocess.Popen(
                ("bash", "-c", _LIMITS, "bash", str(int(command.timeout_s) + 1), command.text),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=command.cwd,
                env=_environment(command, home),
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except FileNotFoundError:
            raise WorldFault("not_found", f"no folder {command.cwd}, or no bash") from None
        except OSError as error:
            whom = f" for {UNPRIVILEGED}" if account else ""
            raise WorldFault("denied", f"cannot start in {command.cwd}{whom}: {error.strerror}") from None

    async def _watch(self, ended: asyncio.Future[int], command: Command, output: _Output) -> Finished:
        began = time.monotonic()
        try:
            async with asyncio.timeout(command.timeout_s):
                code = await asyncio.shield(ended)
        except TimeoutError:
            said = self._mask(output.text)[-200:].strip()
            tail = f"; it had said: {said}" if said else ""
            raise WorldFault("timeout", f"killed after {command.timeout_s:g} s{tail}") from None
        took_s = time.monotonic() - began
        await asyncio.wait([output.ended], timeout=LINGER_S)
        return Finished(code, self._mask(output.text), took_s, output.truncated)


class _Output(asyncio.Protocol):
    """The first bytes of a pipe; the rest is read and dropped, so that the writer does not stall."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.data = bytearray()
        self.truncated = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")

    def data_received(self, data: bytes) -> None:
        room = self.limit_bytes - len(self.data)
        self.data += data[:room]
        self.truncated = self.truncated or len(data) > room

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's signature
        if not self.ended.done():
            self.ended.set_result(None)


def _environment(command: Command, home: str) -> dict[str, str]:
    own = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": home, "KUBECONFIG": str(Path(home) / "kubeconfig")}
    return own | dict(command.env)


def _unprivileged() -> _Account | None:
    """The account to change to, or None where opsguide is no root (or there is no such account)."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        return None
    return _Account(found.pw_uid, found.pw_gid)
