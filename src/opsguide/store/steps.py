"""Steps on their way to disk: each in a savepoint of its own, a group of them in one transaction.

The only writing connection belongs to one `StepWriter`, used by one thread at a time.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from opsguide.core.ports import Conflict, StoreFault
from opsguide.store.chain import EMPTY, Head, append, row_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.ports import Changes, DeliveryRow, EvidenceRow, FlipRow, MachineRow, NoticeRow, VerdictRow
    from opsguide.store.chain import Linked

Outcome = int | Exception
"""Number of the newest evidence row after the step, or why the step was not written."""
_OURS = (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError)
"""Values that no table takes: a fault of the step, not of the disk."""
_SENTENCES = {
    "SQLITE_FULL": "the disk is full: free some space, it then goes on by itself",
    "SQLITE_BUSY": "another program holds the file locked: end it",
    "SQLITE_READONLY": "the file is read-only: give opsguide the right to write it",
    "SQLITE_CANTOPEN": "the file cannot be opened: look at the rights on it and its folder",
    "SQLITE_CORRUPT": "the file is damaged: stop opsguide, put the file aside and restore a copy",
    "SQLITE_NOTADB": "the file is no database: put it aside and restore a copy",
}


def store_fault(path: object, error: sqlite3.Error) -> StoreFault:
    """The fault as a sentence that names the file and what would help."""
    name = getattr(error, "sqlite_errorname", "")
    sentence = next((text for key, text in _SENTENCES.items() if name.startswith(key)), str(error))
    return StoreFault(f"{path}: {sentence}" + (f" ({name})" if name else ""))


class StepWriter:
    """Writes steps through `db`. head: the chain's newest link that is on disk."""

    def __init__(self, db: sqlite3.Connection, path: object) -> None:
        self.db = db
        self.head = _head(db)
        self._path = path

    def write(self, group: Sequence[Changes]) -> list[Outcome]:
        """Write all in one transaction; one outcome for each: a number, or why it was not written."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            # Nobody is tried alone: each would wait as long for the same lock.
            return [store_fault(self._path, error) for _ in group]
        try:
            return self._together(group)
        except sqlite3.Error as error:
            self._rollback()
            if len(group) == 1:
                return [store_fault(self._path, error)]
        except BaseException:
            self._rollback()
            raise
        return [outcome for changes in group for outcome in self.write([changes])]

    def _together(self, group: Sequence[Changes]) -> list[Outcome]:
        head, outcomes = self.head, list[Outcome]()
        for changes in group:
            self.db.execute("SAVEPOINT step")
            try:
                head = _apply(self.db, changes, head)
                outcomes.append(head.number)
            except (Conflict, ValueError, TypeError, OverflowError, *_OURS) as fault:
                self.db.execute("ROLLBACK TO step")
                outcomes.append(fault)
            self.db.execute("RELEASE step")
        self.db.execute("COMMIT")
        self.head = head
        return outcomes

    def _rollback(self) -> None:
        # After some faults SQLite has rolled back by itself; where a rollback fails, the next BEGIN says so.
        with suppress(sqlite3.Error):
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")

    def drop_bodies(self, before: float, limit: int) -> int:
        """Delete up to `limit` bodies of rows older than `before`, in one transaction; how many there were."""
        return self._alone(
            "DELETE FROM bodies WHERE number IN ("
            "SELECT number FROM bodies JOIN evidence USING (number)"
            " WHERE at < ? AND topic NOT IN ('log.expired', 'log.erased') LIMIT ?)",
            (before, limit),
        )

    def drop_notices(self, before: float, limit: int) -> int:
        """Delete up to `limit` notices that were settled before `before`, in one transaction; how many there were."""
        return self._alone(
            "DELETE FROM notices WHERE number IN ("
            "SELECT number FROM notices WHERE state <> 'pending' AND settled_at < ? LIMIT ?)",
            (before, limit),
        )

    def erase(self, note: Changes, rows: Sequence[Linked]) -> None:
        """Write `note`, delete the rows' bodies and empty what may name a person, all in one transaction."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            head = _apply(self.db, note, self.head)
            for row in rows:
                _erase(self.db, row)
            self.db.execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            raise store_fault(self._path, error) from error
        self.head = head

    def seal(self, day: str) -> int:
        """Note the head under `day`; 0 where the day was sealed before."""
        return self._alone("INSERT INTO seals VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (day, *self.head))

    def _alone(self, sql: str, values: tuple[object, ...]) -> int:
        try:
            return self.db.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise store_fault(self._path, error) from error

    def truncate_log(self) -> None:
        """Write the write-ahead log back and empty it, as far as readers allow."""
        with suppress(sqlite3.Error):  # it is tried again with every later checkpoint
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _head(db: sqlite3.Connection) -> Head:
    row = db.execute("SELECT number, link FROM evidence ORDER BY number DESC LIMIT 1").fetchone()
    return Head(*row) if row else EMPTY


def _apply(db: sqlite3.Connection, changes: Changes, head: Head) -> Head:
    """Write one step; the head after it. Flips before verdicts: a deleted verdict closes the flip that ended it too."""
    for row in changes.evidence:
        head = _evidence(db, row, head)
    for flip in changes.flips:
        _flip(db, flip)
    for verdict in changes.verdicts:
        _verdict(db, verdict)
    for machine in changes.machines:
        _machine(db, machine)
    for notice in changes.notices:
        _notice(db, notice)
    for delivery in changes.deliveries:
        _delivery(db, delivery)
    for record in changes.records:
        if record.body is None:
            db.execute("DELETE FROM records WHERE bucket = ? AND key = ?", (record.bucket, record.key))
        else:
            db.execute("REPLACE INTO records VALUES (?, ?, ?)", (record.bucket, record.key, record.body))
    return head


def _evidence(db: sqlite3.Connection, row: EvidenceRow, head: Head) -> Head:
    linked = append(head, row)
    db.execute("INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", linked[:12])
    db.execute("INSERT INTO bodies VALUES (?, ?, ?)", (linked.number, linked.body_salt, linked.body))
    return Head(linked.number, linked.link)


def _erase(db: sqlite3.Connection, row: Linked) -> None:
    db.execute("DELETE FROM bodies WHERE number = ?", (row.number,))
    if row.salt is None:
        return  # erased before
    of_row = row_hash(row.salt, row.at, row.claim, row.subject, row.says, row.ok, row.topic, row.by)
    db.execute(
        "UPDATE evidence SET subject = '', \"by\" = '', salt = NULL, row_hash = ? WHERE number = ?",
        (of_row, row.number),
    )


def _must(done: sqlite3.Cursor, what: str, *names: object) -> None:
    if done.rowcount != 1:
        raise Conflict(f"{what} {' '.join(str(name) for name in names)} is not as this step expected it")


def _flip(db: sqlite3.Connection, row: FlipRow) -> None:
    values = (row.claim, row.subject, row.sequence, row.at, row.before, row.after, row.body)
    done = db.execute(
        "INSERT INTO flips (claim, subject, sequence, at, before, after, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        values,
    )
    _must(done, "flip", row.claim, row.subject, row.sequence)


def _verdict(db: sqlite3.Connection, row: VerdictRow) -> None:
    subject = (row.claim, row.subject)
    if row.delete:
        done = db.execute(
            "DELETE FROM verdicts WHERE claim = ? AND subject = ? AND sequence = ?", (*subject, row.expected)
        )
        _must(done, "verdict", *subject)
        db.execute("UPDATE flips SET closed = 1 WHERE claim = ? AND subject = ? AND closed = 0", subject)
        return
    if row.sequence < 1:
        # Sequence 0 would be taken for "does not exist", and the subject could never be written again.
        raise ValueError(f"verdict {subject}: sequences begin at 1, not {row.sequence}")
    values = (row.sequence, row.body, row.look_again_at, *subject)
    if row.expected == 0:
        done = db.execute(
            "INSERT INTO verdicts (sequence, body, look_again_at, claim, subject) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            values,
        )
    else:
        done = db.execute(
            "UPDATE verdicts SET sequence = ?, body = ?, look_again_at = ?"
            " WHERE claim = ? AND subject = ? AND sequence = ?",
            (*values, row.expected),
        )
    _must(done, "verdict", *subject)


def _machine(db: sqlite3.Connection, row: MachineRow) -> None:
    name = (row.machine, row.key)
    if row.state is None and row.expected == 0:
        # An instance that ended in its first step: nothing to write, but nobody else may have begun it.
        found = db.execute("SELECT 1 FROM machines WHERE machine = ? AND key = ?", name).fetchone()
        if found:
            raise Conflict(f"machine {row.machine} {row.key} is not as this step expected it")
        return
    if row.state is None:
        done = db.execute("DELETE FROM machines WHERE machine = ? AND key = ? AND sequence = ?", (*name, row.expected))
    elif row.expected == 0:
        done = db.execute(
            "INSERT INTO machines VALUES (?, ?, 1, ?, ?) ON CONFLICT DO NOTHING", (*name, row.state, row.wake_at)
        )
    else:
        done = db.execute(
            "UPDATE machines SET sequence = sequence + 1, state = ?, wake_at = ?"
            " WHERE machine = ? AND key = ? AND sequence = ?",
            (row.state, row.wake_at, *name, row.expected),
        )
    _must(done, "machine", *name)


def _notice(db: sqlite3.Connection, row: NoticeRow) -> None:
    values = (row.id, row.at, row.receiver, row.integration, row.machine, row.key, row.body, row.at)
    db.execute(
        "INSERT INTO notices (id, at, receiver, integration, machine, key, body, next_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        values,
    )


def _delivery(db: sqlite3.Connection, row: DeliveryRow) -> None:
    settled_at = None if row.state == "pending" else row.at
    done = db.execute(
        "UPDATE notices SET state = ?, attempts = ?, next_at = ?, reply = ?, settled_at = ? WHERE id = ?",
        (row.state, row.attempts, row.next_at, row.reply, settled_at, row.id),
    )
    _must(done, "notice", row.id)
