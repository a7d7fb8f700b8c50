"""What the store says now, in memory. Only `apply` changes it, after a commit."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from opsguide.core.ports import StoredNotice
from opsguide.kernel.codec import DOCUMENTS, Held, Kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opsguide.core.machine import AnyMachine
    from opsguide.core.ports import DeliveryRow, NoticeRow, Snapshot
    from opsguide.kernel.draft import Draft

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Instance:
    """A machine instance. sequence: as stored, 0 where it is not stored yet."""

    state: Any
    sequence: int
    wake_at: float | None


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """Something due at a time: `look` (claim, subject), `wake` (machine, key) or `trial` (record key, "")."""

    at: float
    what: str
    key: Key


class Ledger:
    """Subjects, machine instances, pending notices, documents and timers, as they are on disk."""

    def __init__(self) -> None:
        self.notices: dict[str, StoredNotice] = {}
        self._kept: dict[str, dict[str, Kept]] = {}
        self._instances: dict[Key, Instance] = {}
        self._records: dict[Key, Any] = {}
        self._timers: list[Timer] = []

    @classmethod
    def load(cls, snapshot: Snapshot, machines: Mapping[str, tuple[AnyMachine, Any]]) -> Ledger:
        """The ledger of a store. Instances of a machine that no kind brings any more are left where they are."""
        ledger = cls()
        for row in snapshot.verdicts:
            ledger._keep(row.claim, row.subject, msgspec.json.decode(row.body, type=Kept))
        for stored in snapshot.machines:
            if stored.machine in machines:
                state = msgspec.json.decode(stored.state, type=machines[stored.machine][0].state)
                ledger._place((stored.machine, stored.key), Instance(state, stored.sequence, stored.wake_at))
        for record in snapshot.records:
            if record.bucket in DOCUMENTS and record.body is not None:
                document = msgspec.json.decode(record.body, type=DOCUMENTS[record.bucket])
                ledger._records[record.bucket, record.key] = document
        for key, held in ledger.bucket("trial").items():
            ledger.arm(Timer(held.until, "trial", (key, "")))
        ledger.notices = {n.id: n for n in snapshot.notices if n.state == "pending"}
        return ledger

    def kept(self, claim: str, subject: str) -> Kept | None:
        """A subject's row."""
        return self._kept.get(claim, {}).get(subject)

    def subjects(self, claim: str) -> Iterable[str]:
        """The subjects of a claim that have a row."""
        return tuple(self._kept.get(claim, ()))

    def all_kept(self, claim: str) -> Sequence[Kept]:
        """The rows of a claim."""
        return tuple(self._kept.get(claim, {}).values())

    def instance(self, machine: str, key: str) -> Instance | None:
        """A machine's instance."""
        return self._instances.get((machine, key))

    def instances(self) -> Iterable[Key]:
        """Every (machine, key)."""
        return tuple(self._instances)

    def record(self, bucket: str, key: str) -> Any:
        """A document, or None."""
        return self._records.get((bucket, key))

    def bucket(self, bucket: str) -> dict[str, Any]:
        """All documents of a bucket by key."""
        return {key: document for (name, key), document in self._records.items() if name == bucket}

    def apply(self, draft: Draft) -> None:
        """Take over what was committed."""
        for claim, subjects in draft.changed_subjects.items():
            for subject, kept in subjects.items():
                self._keep(claim, subject, kept)
        for key, instance in draft.changed_instances.items():
            before = self._instances.get(key)
            sequence = 1 if before is None else before.sequence + 1
            self._place(key, instance and replace(instance, sequence=sequence))
        for key, document in draft.changed_records.items():
            self._records[key] = document
            if document is None:
                del self._records[key]
        for timer in draft.timers:
            heapq.heappush(self._timers, timer)
        for row in draft.notices:
            self.notices.setdefault(row.id, stored_notice(row))
        for delivery in draft.deliveries:
            self._deliver(delivery)

    def arm(self, timer: Timer) -> None:
        """Add a timer, or put one back whose turn came to nothing."""
        heapq.heappush(self._timers, timer)

    def due(self, now: float) -> list[Timer]:
        """Take every timer that is due, in order of time; those whose row has changed since are dropped."""
        found: list[Timer] = []
        while self._timers and self._timers[0].at <= now:
            timer = heapq.heappop(self._timers)
            if self._is_current(timer) and timer not in found[-1:]:
                found.append(timer)
        return found

    def next_at(self) -> float | None:
        """When the first timer is due."""
        while self._timers and not self._is_current(self._timers[0]):
            heapq.heappop(self._timers)
        return self._timers[0].at if self._timers else None

    def _is_current(self, timer: Timer) -> bool:
        if timer.what == "look":
            kept = self.kept(*timer.key)
            return kept is not None and kept.known.look_again_at == timer.at
        if timer.what == "wake":
            instance = self._instances.get(timer.key)
            return instance is not None and instance.wake_at == timer.at
        held: Held | None = self._records.get(("trial", timer.key[0]))
        return held is not None and held.until == timer.at

    def _keep(self, claim: str, subject: str, kept: Kept | None) -> None:
        if kept is None:
            self._kept.get(claim, {}).pop(subject, None)
            return
        before = self.kept(claim, subject)
        self._kept.setdefault(claim, {})[subject] = kept
        at = kept.known.look_again_at
        if at is not None and (before is None or before.known.look_again_at != at):
            heapq.heappush(self._timers, Timer(at, "look", (claim, subject)))

    def _place(self, key: Key, instance: Instance | None) -> None:
        if instance is None:
            self._instances.pop(key, None)
            return
        self._instances[key] = instance
        if instance.wake_at is not None:
            heapq.heappush(self._timers, Timer(instance.wake_at, "wake", key))

    def _deliver(self, delivery: DeliveryRow) -> None:
        notice = self.notices.get(delivery.id)
        if notice is None:
            return
        if delivery.state != "pending":
            del self.notices[delivery.id]
            return
        self.notices[delivery.id] = replace(
            notice, attempts=delivery.attempts, next_at=delivery.next_at, reply=delivery.reply
        )


def stored_notice(row: NoticeRow) -> StoredNotice:
    """A notice that was just put into the outbox, as the store will give it back."""
    return StoredNotice(
        id=row.id,
        at=row.at,
        receiver=row.receiver,
        integration=row.integration,
        machine=row.machine,
        key=row.key,
        body=row.body,
        state="pending",
        attempts=0,
        next_at=row.at,
        reply="",
        settled_at=None,
    )
