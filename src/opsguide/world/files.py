"""Files that the guide names, relative to its folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from typing import TYPE_CHECKING

from opsguide.core.ports import WorldFault
from opsguide.world.proc import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class RealFiles:
    """Files of this machine. Existence is answered everywhere; content is read below `folder` and `roots` only.

    mask: applied to text of faults. Symbolic links are followed, and what they lead to is what is judged.
    """

    def __init__(self, folder: Path, roots: Sequence[Path] = (), mask: Callable[[str], str] = str) -> None:
        self._folder = folder.resolve()
        self._roots = (self._folder, *(root.resolve() for root in roots))
        self._mask = mask

    async def exists(self, path: str) -> bool:
        """Whether the path exists beside the guide; `../x` and absolute paths are looked for as well."""
        return await asyncio.to_thread(self._exists, path)

    async def read(self, path: str, limit_bytes: int = 1 << 20) -> bytes:
        """The content; fault `not_found`, `denied` (outside the roots, no plain file, no right) or `too_large`."""
        try:
            return await asyncio.to_thread(self._read, path, limit_bytes)
        except WorldFault as fault:
            raise WorldFault(fault.says, self._mask(fault.detail)) from None

    async def program(self, name: str) -> bool:
        """Whether a program of this name stands on the PATH that commands get, and may be executed."""
        return await asyncio.to_thread(_found, name)

    def _exists(self, path: str) -> bool:
        try:
            return (self._folder / path).exists()
        except (OSError, ValueError):  # a name too long, a zero byte: nothing of that name exists
            return False

    def _read(self, path: str, limit_bytes: int) -> bytes:
        try:
            found = (self._folder / path).resolve(strict=True)
            if not any(found.is_relative_to(root) for root in self._roots):
                raise WorldFault("denied", f"{path} lies outside the guide's folder")
            # Opened without blocking: a named pipe would hold the thread for ever.
            handle = os.open(found, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                return _content(handle, path, limit_bytes)
            finally:
                os.close(handle)
        except PermissionError:
            raise WorldFault("denied", f"{path} may not be read") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise WorldFault("not_found", f"{path}: {why}") from None


def _found(name: str) -> bool:
    try:
        return "/" not in name and shutil.which(name, path=PATH) is not None
    except (OSError, ValueError):  # a zero byte, a name too long: no program is called so
        return False


def _content(descriptor: int, path: str, limit_bytes: int) -> bytes:
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        raise WorldFault("denied", f"{path} is no plain file")
    chunks, size = [], 0
    while size <= limit_bytes and (chunk := os.read(descriptor, min(1 << 16, limit_bytes + 1 - size))):
        chunks.append(chunk)
        size += len(chunk)
    if size > limit_bytes:
        raise WorldFault("too_large", f"{path} is larger than {limit_bytes} bytes")
    return b"".join(chunks)
