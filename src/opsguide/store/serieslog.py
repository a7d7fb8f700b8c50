"""The log of samples: segments of self-checking records. The format stands in docs/design/series.md."""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from opsguide.core.nouns import Labels

MAGIC = b"OPSGSER1"
MARKER = b"\xf3\x9a\x5c\xe1"
SEGMENT_BYTES = 32 << 20
SEGMENT_MS = 30 * 60_000
FULL_EVERY = 20
RETRY_MS = 5_000
_BODY_BYTES = 64 << 20
_HEAD = struct.Struct("<4sII")
_LAYOUT = struct.Struct("<BI")
_SAMPLES = struct.Struct("<BIIqI")
_KIND_LAYOUT, _KIND_FULL, _KIND_CHANGED = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Scrape:
    """One scrape as it was appended; at_ms in Unix milliseconds."""

    target: str
    labels: Labels
    at_ms: int
    keys: list[str]
    values: NDArray[np.float64]
    kinds: Mapping[str, str]


@dataclass(slots=True)
class _Layout:
    """A list of keys of one target within one segment, and the last values written or read under it."""

    number: int
    labels: Labels
    keys: list[str]
    kinds: Mapping[str, str]
    target: str = ""
    sequence: int = 0
    values: NDArray[np.float64] | None = None
    at_ms: int = 0
    broken_since: int | None = None


@dataclass(slots=True)
class _Segment:
    path: Path
    newest_ms: int = 0


@dataclass(slots=True)
class Damage:
    """What reading met. lost: (from, to) in Unix ms where samples of some target are missing.

    bad_bytes: quarantined. torn_bytes: cut off the end of the newest segment.
    """

    lost: list[tuple[int, int]] = field(default_factory=list)
    bad_bytes: int = 0
    torn_bytes: int = 0


class SeriesLog:
    """Reads what earlier runs wrote, then appends. Every disk fault is an OSError; the log stays usable after it."""

    def __init__(self, folder: Path, retention_ms: int) -> None:
        """Nothing is touched yet. What is older than retention_ms is deleted, segment by segment."""
        self._folder = folder
        self._retention_ms = retention_ms
        self._segments: list[_Segment] = []
        self._file: int | None = None
        self._size = 0
        self._began_ms = 0
        self._layouts: dict[str, _Layout] = {}
        self._numbers = 0
        self.damage = Damage()
        self.dirty = False

    # ---- reading -----------------------------------------------------------------------------------------------------

    def read(self) -> Iterator[Scrape]:
        """Every scrape that can be read. Cuts a torn tail, quarantines damage; see `damage`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        paths = sorted(self._folder.glob("[0-9]*.log"))
        for path in paths:
            segment = _Segment(path)
            self._segments.append(segment)
            for scrape in _Reading(path, self.damage, last=path == paths[-1]).scrapes():
                segment.newest_ms = max(segment.newest_ms, scrape.at_ms)
                yield scrape

    # ---- writing -----------------------------------------------------------------------------------------------------

    def write(self, scrape: Scrape) -> None:
        """Hand one scrape to the kernel: it survives the process at once, and the machine after `sync`."""
        if self._file is None or self._size > SEGMENT_BYTES or scrape.at_ms > self._began_ms + SEGMENT_MS:
            self._begin(scrape.at_ms)
        try:
            self._put(self._records(scrape))
        except OSError:
            self.abandon()
            raise
        self._segments[-1].newest_ms = max(self._segments[-1].newest_ms, scrape.at_ms)
        self.dirty = True

    def _records(self, scrape: Scrape) -> bytes:
        layout = self._layouts.get(scrape.target)
        head = b""
        if (
            layout is None
            or layout.keys != scrape.keys
            or layout.labels != scrape.labels
            or layout.kinds != scrape.kinds
        ):
            self._numbers += 1
            layout = _Layout(self._numbers, scrape.labels, list(scrape.keys), dict(scrape.kinds))
            self._layouts[scrape.target] = layout
            head = _framed(_layout_body(layout.number, scrape))
        body = _samples_body(layout, scrape)
        layout.sequence += 1
        layout.values = np.array(scrape.values, dtype=np.float64)
        return head + _framed(body)

    def _put(self, record: bytes) -> None:
        assert self._file is not None
        rest = memoryview(record)
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError:
            # Half a record in the middle of the log would be damage: what came before it is kept.
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(record)

    def _begin(self, at_ms: int) -> None:
        self.abandon()
        self._delete_old(at_ms)
        number = int(self._segments[-1].path.stem) + 1 if self._segments else 1
        path = self._folder / f"{number:08d}.log"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._segments.append(_Segment(path, at_ms))
        self._size, self._began_ms = 0, at_ms
        try:
            self._put(MAGIC)
        except OSError:
            self.abandon()
            raise

    def _delete_old(self, at_ms: int) -> None:
        oldest = at_ms - self._retention_ms
        for segment in [s for s in self._segments[:-1] if s.newest_ms < oldest]:
            segment.path.unlink(missing_ok=True)
            segment.path.with_suffix(".bad").unlink(missing_ok=True)
            self._segments.remove(segment)

    def abandon(self) -> None:
        """Close the segment as it is; the next write begins a new one, with layouts and full records."""
        self._layouts.clear()
        self._numbers = 0
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)

    def sync(self) -> None:
        """What was written is on the disk."""
        if self._file is not None and self.dirty:
            os.fdatasync(self._file)
        self.dirty = False

    def close(self) -> None:
        """Sync and close."""
        try:
            self.sync()
        finally:
            self.abandon()


def _framed(body: bytes) -> bytes:
    return _HEAD.pack(MARKER, len(body), zlib.crc32(body)) + body


def _layout_body(number: int, scrape: Scrape) -> bytes:
    said = {
        "target": scrape.target,
        "labels": list(scrape.labels),
        "keys": list(scrape.keys),
        "kinds": dict(scrape.kinds),
    }
    return _LAYOUT.pack(_KIND_LAYOUT, number) + zlib.compress(json.dumps(said).encode(), 1)


def _samples_body(layout: _Layout, scrape: Scrape) -> bytes:
    values = np.ascontiguousarray(scrape.values, dtype="<f8")
    head = (layout.number, layout.sequence, scrape.at_ms, len(values))
    if layout.values is None or layout.sequence % FULL_EVERY == 0:
        return _SAMPLES.pack(_KIND_FULL, *head) + zlib.compress(values.tobytes(), 1)
    changed = values.view(np.int64) != layout.values.view(np.int64)
    packed = np.packbits(changed).tobytes() + values[changed].tobytes()
    return _SAMPLES.pack(_KIND_CHANGED, *head) + zlib.compress(packed, 1)


class _Reading:
    """One segment, read to its end whatever stands in it."""

    def __init__(self, path: Path, damage: Damage, *, last: bool) -> None:
        self._path = path
        self._damage = damage
        self._last = last
        self._bytes = path.read_bytes()
        self._layouts: dict[int, _Layout] = {}

    def scrapes(self) -> Iterator[Scrape]:
        """Every good scrape, in the order written."""
        for body in self._bodies():
            if body[0] == _KIND_LAYOUT:
                self._layout(body)
            else:
                scrape = self._samples(body)
                if scrape is not None:
                    yield scrape

    def _bodies(self) -> Iterator[bytes]:
        at = len(MAGIC) if self._bytes.startswith(MAGIC) else 0
        bad: list[bytes] = []
        while at < len(self._bytes):
            body = self._body(at)
            if body is None:
                resumed = self._resume(at + 1)
                if resumed is None and self._last:
                    self._cut(at)
                    break
                end = len(self._bytes) if resumed is None else resumed
                bad.append(self._bytes[at:end])
                at = end
                continue
            yield body
            at += _HEAD.size + len(body)
        if bad:
            self._damage.bad_bytes += sum(map(len, bad))
            self._path.with_suffix(".bad").write_bytes(b"".join(bad))

    def _body(self, at: int) -> bytes | None:
        if at + _HEAD.size > len(self._bytes):
            return None
        marker, length, crc = _HEAD.unpack_from(self._bytes, at)
        start = at + _HEAD.size
        if marker != MARKER or not 0 < length <= _BODY_BYTES or start + length > len(self._bytes):
            return None
        body = self._bytes[start : start + length]
        return body if zlib.crc32(body) == crc else None

    def _resume(self, at: int) -> int | None:
        while (at := self._bytes.find(MARKER, at)) >= 0:
            if self._body(at) is not None:
                return at
            at += 1
        return None

    def _cut(self, at: int) -> None:
        self._damage.torn_bytes += len(self._bytes) - at
        os.truncate(self._path, at)

    def _layout(self, body: bytes) -> None:
        _, number = _LAYOUT.unpack_from(body)
        said = json.loads(zlib.decompress(body[_LAYOUT.size :]))
        labels = tuple((str(name), str(value)) for name, value in said["labels"])
        self._layouts[number] = _Layout(number, labels, said["keys"], said["kinds"], said["target"])

    def _samples(self, body: bytes) -> Scrape | None:
        kind, number, sequence, at_ms, count = _SAMPLES.unpack_from(body)
        layout = self._layouts.get(number)
        if layout is None or len(layout.keys) != count:
            # Its layout lies in the damage; a stand-in remembers since when it is missing.
            layout = self._layouts[number] = _Layout(number, (), [""] * count, {}, broken_since=at_ms)
        content = zlib.decompress(body[_SAMPLES.size :])
        if kind == _KIND_FULL and layout.target:
            values = np.frombuffer(content, dtype="<f8").astype(np.float64)
        else:
            unbroken = sequence == layout.sequence and layout.values is not None and layout.target
            if not unbroken:
                self._lose(layout, at_ms)
                return None
            assert layout.values is not None
            values = _patched(layout.values, content)
        self._mend(layout, sequence, at_ms)
        layout.sequence, layout.values, layout.at_ms = sequence + 1, values, at_ms
        return Scrape(layout.target, layout.labels, at_ms, layout.keys, values, layout.kinds)

    def _lose(self, layout: _Layout, at_ms: int) -> None:
        if layout.broken_since is None:
            layout.broken_since = layout.at_ms or at_ms
        self._note(layout.broken_since, at_ms)

    def _mend(self, layout: _Layout, sequence: int, at_ms: int) -> None:
        if layout.broken_since is not None or (layout.values is not None and sequence != layout.sequence):
            since = layout.at_ms if layout.broken_since is None else layout.broken_since
            self._note(since, at_ms)
            layout.broken_since = None

    def _note(self, since_ms: int, until_ms: int) -> None:
        """Lost intervals that touch are one."""
        lost = self._damage.lost
        if lost and lost[-1][0] <= since_ms <= lost[-1][1]:
            lost[-1] = (lost[-1][0], max(lost[-1][1], until_ms))
        else:
            lost.append((since_ms, until_ms))


def _patched(before: NDArray[np.float64], content: bytes) -> NDArray[np.float64]:
    width = (len(before) + 7) // 8
    changed = np.unpackbits(np.frombuffer(content[:width], dtype=np.uint8), count=len(before)).astype(np.bool_)
    values = before.copy()
    values[changed] = np.frombuffer(content[width:], dtype="<f8")
    return values
