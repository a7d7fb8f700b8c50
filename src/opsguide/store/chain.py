"""The evidence log's hash chain: how a row is linked, and the walk that finds the first row which does not fit.

Pure: rows come in, sentences come out. The format is docs/design/state.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.ports import EvidenceRow

GENESIS = bytes(32)
"""The link before the first row."""
EXPIRED = "log.expired"
ERASED = "log.erased"
"""Topics of the rows by which the log says what was dropped from it; their own bodies never are."""
_SALT_BYTES = 16


class Head(NamedTuple):
    """The newest row's number and link; (0, GENESIS) of an empty log."""

    number: int
    link: bytes


EMPTY = Head(0, GENESIS)


class Linked(NamedTuple):
    """A row as stored. body and body_salt are None after expiry; salt is None and row_hash is not after erasure."""

    number: int
    at: float
    claim: str
    subject: str
    says: str
    ok: int
    topic: str
    by: str
    salt: bytes | None
    row_hash: bytes | None
    body_hash: bytes
    link: bytes
    body_salt: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place the chain is known to have passed. what: as shown, e.g. "day 2026-11-21 was sealed"."""

    head: Head
    what: str


def append(head: Head, row: EvidenceRow) -> Linked:
    """The row as it follows on `head`, with fresh salts."""
    salts = os.urandom(2 * _SALT_BYTES)
    salt, body_salt = salts[:_SALT_BYTES], salts[_SALT_BYTES:]
    of_row = row_hash(salt, row.at, row.claim, row.subject, row.says, int(row.ok), row.topic, row.by)
    of_body = body_hash(body_salt, row.body)
    number = head.number + 1
    # fmt: off
    return Linked(
        number, row.at, row.claim, row.subject, row.says, int(row.ok), row.topic, row.by,
        salt, None, of_body, link(head.link, number, of_row, of_body), body_salt, row.body,
    )
    # fmt: on


def row_hash(salt: bytes, at: float, claim: str, subject: str, says: str, ok: int, topic: str, by: str) -> bytes:
    """The hash of a row's columns. ok is 0 or 1. Raises TypeError or struct.error for values of another type."""
    # + 0.0: SQLite keeps whole floats as integers, and so forgets the sign of -0.0.
    when = struct.pack(">d", at + 0.0)
    texts = (str.encode(claim), str.encode(subject), str.encode(says))
    return _digest(b"opsguide row", salt, when, *texts, ok.to_bytes(8, "big"), str.encode(topic), str.encode(by))


def body_hash(salt: bytes, body: bytes) -> bytes:
    """The hash that stands for a body in the chain."""
    return _digest(b"opsguide body", salt, body)


def link(before: bytes, number: int, of_row: bytes, of_body: bytes) -> bytes:
    """The link of row `number`, whose predecessor has link `before`."""
    return _digest(b"opsguide link", before, number.to_bytes(8, "big"), of_row, of_body)


def _digest(use: bytes, *fields: bytes) -> bytes:
    joined = b"".join([part for one in fields for part in (len(one).to_bytes(8, "big"), one)])
    return hashlib.blake2b(joined, digest_size=32, person=use).digest()


@dataclass(frozen=True, slots=True)
class Dropped:
    """What the log itself says was dropped. before: bodies of rows older than this expired; numbers: erased rows."""

    before: float = float("-inf")
    numbers: frozenset[int] = frozenset()

    def covers(self, row: Linked) -> bool:
        """Whether the row's body may be missing."""
        return row.topic not in {EXPIRED, ERASED} and (row.number in self.numbers or row.at < self.before)


def expired(before: float) -> bytes:
    """The body of the row that records an expiry."""
    return json.dumps({"before": before}).encode()


def erased(numbers: Sequence[int]) -> bytes:
    """The body of the row that records an erasure."""
    return json.dumps({"numbers": list(numbers)}).encode()


def dropped(entries: Iterable[tuple[str, bytes]]) -> Dropped:
    """What rows of the topics EXPIRED and ERASED, given as (topic, body), say together.

    A body that does not parse says nothing: the walk finds that it was changed.
    """
    before, numbers = float("-inf"), set[int]()
    for topic, body in entries:
        try:
            said = json.loads(body)
            if topic == EXPIRED:
                before = max(before, float(said["before"]))
            else:
                numbers.update(int(number) for number in said["numbers"])
        except (ValueError, KeyError, TypeError):
            continue
    return Dropped(before, frozenset(numbers))


@dataclass(slots=True)
class Walk:
    """The chain walked from its first row: feed every row in order, then ask `end`.

    head: the last row that fits. wrong: "" or what is wrong with the first row that does not; rows after it are not
    looked at.
    """

    gone: Dropped
    marks: Sequence[Mark]
    head: Head = EMPTY
    wrong: str = ""
    _due: dict[int, list[Mark]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for mark in self.marks:
            self._due.setdefault(mark.head.number, []).append(mark)

    def rows(self, rows: Iterable[Linked]) -> bool:
        """Feed rows; False once one of them was wrong."""
        for row in rows:
            self.wrong = self._wrong(row)
            if self.wrong:
                return False
            self.head = Head(row.number, row.link)
        return True

    def end(self) -> tuple[int, str]:
        """How many rows fit, and "" or what is wrong; to be asked when there are no more rows."""
        if not self.wrong:
            cut = max(self.marks, key=lambda mark: mark.head.number, default=None)
            if cut is not None and cut.head.number > self.head.number:
                self.wrong = f"the log ends at row {self.head.number}, but {cut.what} at row {cut.head.number}"
        return self.head.number, self.wrong

    def _wrong(self, row: Linked) -> str:
        number = self.head.number + 1
        if row.number != number:
            return f"row {number} is missing"
        try:
            wrong = self._unlinked(row) or _changed_body(row) or self._unaccounted(row)
        except (TypeError, AttributeError, OverflowError, struct.error):
            return f"row {number}: a column is not of its type"
        for mark in () if wrong else self._due.get(number, ()):
            if mark.head.link != row.link:
                return f"row {number} is not the row at which {mark.what}"
        return wrong

    def _unlinked(self, row: Linked) -> str:
        of_row = row.row_hash
        if row.salt is not None:
            if of_row is not None:
                return f"row {row.number} is both whole and erased"
            of_row = row_hash(row.salt, row.at, row.claim, row.subject, row.says, row.ok, row.topic, row.by)
        elif of_row is None or row.number not in self.gone.numbers:
            return f"row {row.number} lacks its salt, and no entry of the log erased it"
        if row.link != link(self.head.link, row.number, of_row, row.body_hash):
            return f"row {row.number} was changed: its link does not follow from row {self.head.number}"
        return ""

    def _unaccounted(self, row: Linked) -> str:
        if row.body is None and not self.gone.covers(row):
            return f"row {row.number} lacks its body, and no entry of the log took it"
        return ""


def _changed_body(row: Linked) -> str:
    if row.body is None or row.body_salt is None:
        return ""
    return "" if row.body_hash == body_hash(row.body_salt, row.body) else f"row {row.number}: its body was changed"
