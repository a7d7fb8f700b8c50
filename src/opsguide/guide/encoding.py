"""Bytes to lines: what a file says on disk, and what a reader is shown where its decoration was decoded wrongly.

Emoji that were UTF-8 once and were then read as Mac Roman or cp1252 are repaired by undoing that step, and only where
the result is strict UTF-8; nothing is guessed. Lines are never added or removed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.block import Place
from opsguide.core.mend import Level, Mend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LINE_END = re.compile(r"\r\n|\n|\r")
_LEADING_MARKUP = re.compile(r"\s*(?:#{1,6}\s+|[-*+]\s+|\d+[.)]\s+)?(?:\*\*)?")
_RUN = re.compile(r"[^\x00-\x7f]+")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_WIDE = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MANY = 200
_UNLIKELY = (("\x80", "\x9f"), ("\u0180", "\u036f"), ("\u0700", "\u08ff"))
_SEQUENCE = re.compile(rb"[\xe2-\xf4][\x80-\xbf][\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The lines of one file. disk: as they are written; shown: the same lines repaired; mends: what was found.

    shown differs from disk only on the lines in `repaired` (0-based).
    """

    disk: tuple[str, ...]
    shown: tuple[str, ...]
    mends: tuple[Mend, ...] = ()
    repaired: frozenset[int] = frozenset()

    def column(self, index: int, offset: int) -> int:
        """The 1-based column on disk of an offset into shown line `index` (0-based)."""
        if index not in self.repaired:
            return offset + 1
        shown, disk = self.shown[index], self.disk[index]
        from_end = len(shown) - offset
        if from_end <= _common_end(shown, disk):
            return len(disk) - from_end + 1
        return 1


def decode(path: str, data: bytes) -> Decoded:
    """The lines of a file, whatever its bytes are; every fault of the bytes is a Mend."""
    mends: list[Mend] = []
    text = _text(path, data, mends)
    disk = tuple(split_lines(text))
    clean = tuple(_without_nul(path, disk, mends)) if "\x00" in text else disk
    if data.isascii():
        return Decoded(disk, clean, tuple(mends))
    shown = tuple(repair(line) for line in clean)
    changed = [index for index, line in enumerate(shown) if line != clean[index]]
    if changed:
        mends.append(_encoding_mend(path, changed))
    return Decoded(disk, shown, tuple(mends), frozenset(changed))


def split_lines(text: str) -> list[str]:
    r"""Lines as Markdown counts them (\n, \r\n, \r); a text that ends in a line end has no empty last line."""
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if len(lines) > 1 and lines[-1] == "":
        lines.pop()
    return lines


def repair(line: str) -> str:
    """The line with a wrong decoding undone, or with a broken run of decoration before its words dropped.

    A whole line is undone only where that gives strict, shorter UTF-8 with plausible characters.
    """
    if line.isascii():
        return line
    for encode in (_mac_roman, _cp1252):
        mended = _undone(line, encode)
        if mended is not None:
            return mended
    return _without_broken_run(line)


def _text(path: str, data: bytes, mends: list[Mend]) -> str:
    for mark, name in _WIDE:
        if data.startswith(mark):
            mends.append(_not_utf8(path, 1, "the file is UTF-16, not UTF-8", "save it as UTF-8"))
            return data.decode(name, "replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        number = len(_LINE_END.split(data[: error.start].decode("utf-8", "replace")))
        wrong = f"byte 0x{data[error.start]:02x} is no UTF-8"
        mends.append(_not_utf8(path, number, wrong, "save the file as UTF-8"))
        return data.decode("utf-8", "replace")


def _not_utf8(path: str, line: int, wrong: str, mend: str) -> Mend:
    return Mend(Place(path, line, line), wrong, mend, "file/utf8")


def _without_nul(path: str, lines: tuple[str, ...], mends: list[Mend]) -> list[str]:
    numbers = [number for number, line in enumerate(lines, start=1) if "\x00" in line]
    places = tuple(Place(path, number, number) for number in numbers[:_MANY])
    wrong = f"NUL bytes in {_lines_said(numbers)}"
    mends.append(Mend(places[0], wrong, "remove them; a guide is text", "file/nul", others=places[1:]))
    return [line.replace("\x00", _REPLACEMENT) for line in lines]


def _encoding_mend(path: str, changed: list[int]) -> Mend:
    numbers = [index + 1 for index in changed]
    places = tuple(Place(path, number, number) for number in numbers[:_MANY])
    return Mend(
        places[0],
        f"{_lines_said(numbers)}: decoration was saved in a wrong encoding; it is shown repaired, or left out",
        "save the file as UTF-8 from the original, or delete these characters",
        "file/encoding",
        Level.NOTE,
        places[1:],
    )


def _lines_said(numbers: list[int]) -> str:
    said = ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")  # noqa: PLR2004 -- a line's width
    return f"line {said}" if len(numbers) == 1 else f"lines {said}"


def _mac_roman(text: str) -> bytes | None:
    try:
        return text.encode("mac_roman")
    except UnicodeEncodeError:
        return None


def _cp1252_bytes() -> Mapping[str, int]:
    found = {chr(code): code for code in range(256)}
    for code in range(0x80, 0xA0):
        try:
            found[bytes((code,)).decode("cp1252")] = code
        except UnicodeDecodeError:
            continue  # a hole of cp1252: editors keep the Latin-1 control there
    return found


_CP1252 = _cp1252_bytes()


def _cp1252(text: str) -> bytes | None:
    try:
        return bytes([_CP1252[character] for character in text])
    except KeyError:
        return None


def _undone(line: str, encode: Callable[[str], bytes | None]) -> str | None:
    raw = encode(line)
    if raw is None:
        return None
    try:
        mended = raw.decode()
    except UnicodeDecodeError:
        return None
    return mended if len(mended) < len(line) and all(map(_plausible, mended)) else None


def _plausible(character: str) -> bool:
    """False for letters nobody writes guides in: two honest characters ("É…") can be valid UTF-8 by accident."""
    return not any(first <= character <= last for first, last in _UNLIKELY)


def _without_broken_run(line: str) -> str:
    start = _LEADING_MARKUP.match(line)
    at = start.end() if start else 0
    run = _RUN.match(line, at)
    if run is None or not broken(run[0]):
        return line
    return line[:at] + line[run.end() :].lstrip()


def broken(run: str) -> bool:
    """Whether a run of characters is UTF-8 read in another encoding: a first byte followed by continuation bytes."""
    for encode in (_mac_roman, _cp1252):
        raw = encode(run)
        if raw and _starts_sequence(raw):
            return True
    return False


def _starts_sequence(raw: bytes) -> bool:
    """Three and four byte characters only: two bytes are too easily two honest letters."""
    return _SEQUENCE.match(raw) is not None


def _common_end(left: str, right: str) -> int:
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count
