"""The uploads folder, which holds 16 MB and no more: a small disk that may be filled without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 16_000_000
KEPT = 200
"""Uploads that are kept; the oldest goes first."""
LABELS = 'device="quota",fstype="quota",mountpoint="/app/uploads"'


class Quota:
    """Keeps uploads while there is room, and shows how full it is under node_exporter's names."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self.folder = folder

    def used(self) -> int:
        """Bytes in use."""
        return sum(file.stat().st_size for file in self.folder.glob("*") if file.is_file())

    def keep(self, name: str, body: bytes) -> str:
        """Store an upload under a plain name; returns it, or "" where there is no room."""
        if self.used() + len(body) > SIZE:
            return ""
        plain = "".join(letter for letter in name if letter.isalnum() or letter in "-_")[:40] or "upload"
        found = sorted(self.folder.glob("up-*"), key=lambda file: file.stat().st_mtime)
        for old in found[: max(0, len(found) - KEPT + 1)]:
            old.unlink(missing_ok=True)
        (self.folder / f"up-{plain}").write_bytes(body)
        return plain

    def text(self) -> str:
        """Its size and what is free, as an exposition."""
        free = max(0, SIZE - self.used())
        return (
            f"# TYPE node_filesystem_size_bytes gauge\nnode_filesystem_size_bytes{{{LABELS}}} {SIZE}\n"
            f"# TYPE node_filesystem_avail_bytes gauge\nnode_filesystem_avail_bytes{{{LABELS}}} {free}\n"
        )
