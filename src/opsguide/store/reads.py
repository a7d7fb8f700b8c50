"""What is asked of the state database. Every function is one short read on the connection it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opsguide.core.ports import (
    FlipRow,
    LoggedEvidence,
    RecordRow,
    Snapshot,
    StoredMachine,
    StoredNotice,
    StoredVerdict,
)
from opsguide.store.chain import ERASED, EXPIRED, Dropped, Head, Linked, Mark, dropped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_NOTICE = (
    "SELECT id, at, receiver, integration, machine, key, body, state, attempts, next_at, reply, settled_at FROM notices"
)
_LINKED = (
    'SELECT number, at, claim, subject, says, ok, topic, "by", evidence.salt, row_hash, body_hash, link,'
    " bodies.salt, body FROM evidence LEFT JOIN bodies USING (number)"
)


def snapshot(db: sqlite3.Connection) -> Snapshot:
    """Verdicts, machines, the notices that are still pending (oldest first) and all records."""
    verdicts = db.execute("SELECT claim, subject, sequence, body, look_again_at FROM verdicts")
    machines = db.execute("SELECT machine, key, sequence, state, wake_at FROM machines")
    notices = db.execute(f"{_NOTICE} WHERE state = 'pending' ORDER BY number")
    records = db.execute("SELECT bucket, key, body FROM records")
    return Snapshot(
        verdicts=tuple(StoredVerdict(*row) for row in verdicts),
        machines=tuple(StoredMachine(*row) for row in machines),
        notices=tuple(StoredNotice(*row) for row in notices),
        records=tuple(RecordRow(*row) for row in records),
    )


def evidence(
    db: sqlite3.Connection,
    claim: str,
    subject: str | None,
    topic: str,
    since: float,
    before: int | None,
    limit: int,
) -> Sequence[LoggedEvidence]:
    """Newest first; `before` is a row number, exclusive."""
    asked: list[tuple[str, object]] = []
    if claim:
        asked.append(("claim = ?", claim))
    if subject is not None:
        asked.append(("subject = ?", subject))
    if topic:
        # The second half lets SQLite use the index, which leaves out the rows without a topic.
        asked.append(("topic = ? AND topic <> ''", topic))
    if since > 0:
        asked.append(("at >= ?", since))
    if before is not None:
        asked.append(("number < ?", before))
    sql = 'SELECT number, at, claim, subject, says, ok, topic, "by", body, link FROM evidence'
    return [_logged(*row) for row in _newest(db, f"{sql} LEFT JOIN bodies USING (number)", asked, limit)]


def _newest(
    db: sqlite3.Connection, select: str, where: Sequence[tuple[str, object]], limit: int
) -> Iterable[tuple[Any, ...]]:
    """Rows that meet every condition (given as text with one `?`, and its value), the highest number first."""
    conditions = " AND ".join(text for text, _ in where) or "1"
    return db.execute(
        f"{select} WHERE {conditions} ORDER BY number DESC LIMIT ?", (*(value for _, value in where), limit)
    )


def _logged(  # noqa: PLR0917 -- the row's columns, in their order
    number: int,
    at: float,
    claim: str,
    subject: str,
    says: str,
    ok: int,
    topic: str,
    by: str,
    body: bytes | None,
    link: bytes,
) -> LoggedEvidence:
    return LoggedEvidence(number, at, claim, subject, says, bool(ok), topic, by, body or b"", link.hex())


def flips(db: sqlite3.Connection, claim: str, since: float, limit: int) -> Sequence[FlipRow]:
    """Newest first, of all lives of a subject."""
    asked: list[tuple[str, object]] = [("claim = ?", claim)] if claim else []
    asked += [("at >= ?", since)] if since > 0 else []
    select = "SELECT claim, subject, sequence, at, before, after, body FROM flips"
    return [FlipRow(*row) for row in _newest(db, select, asked, limit)]


def notices(db: sqlite3.Connection, state: str, limit: int) -> Sequence[StoredNotice]:
    """Newest first."""
    asked = [("state = ?", state)] if state else []
    return [StoredNotice(*row) for row in _newest(db, _NOTICE, asked, limit)]


def records(db: sqlite3.Connection, bucket: str) -> Sequence[RecordRow]:
    """All of a bucket, by key."""
    found = db.execute("SELECT bucket, key, body FROM records WHERE bucket = ? ORDER BY key", (bucket,))
    return [RecordRow(*row) for row in found]


def unsound(db: sqlite3.Connection) -> str:
    """What SQLite itself finds wrong with the file, or ""."""
    found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    return "" if found == "ok" else found


def seals(db: sqlite3.Connection) -> Sequence[Mark]:
    """Every sealed day."""
    return [
        Mark(Head(number, link), f"day {day} was sealed")
        for day, number, link in db.execute("SELECT day, number, link FROM seals ORDER BY number")
    ]


def gone(db: sqlite3.Connection) -> Dropped:
    """What the log says was dropped from it."""
    found = db.execute(
        "SELECT topic, body FROM evidence JOIN bodies USING (number) WHERE topic IN (?, ?) AND topic <> ''",
        (EXPIRED, ERASED),
    )
    return dropped(found)


def linked(db: sqlite3.Connection, after: int, limit: int) -> Sequence[Linked]:
    """Rows behind number `after`, in order, with everything that the chain hashes."""
    sql = f"{_LINKED} WHERE evidence.number > ? ORDER BY evidence.number LIMIT ?"
    return [Linked(*row) for row in db.execute(sql, (after, limit))]


def older_bodies(db: sqlite3.Connection, before: float) -> bool:
    """Whether a body is there that an expiry of `before` would drop."""
    found = db.execute(
        "SELECT 1 FROM bodies JOIN evidence USING (number) WHERE at < ? AND topic NOT IN (?, ?) LIMIT 1",
        (before, EXPIRED, ERASED),
    )
    return found.fetchone() is not None
