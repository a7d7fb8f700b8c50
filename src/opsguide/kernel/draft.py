"""What one turn, or one input of it, changes: it lies over the ledger or the turn's draft, and becomes `Changes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from opsguide.core.ports import Changes, MachineRow, RecordRow, VerdictRow
from opsguide.kernel.codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.machine import RunJob
    from opsguide.core.ports import DeliveryRow, EvidenceRow, FlipRow, NoticeRow
    from opsguide.kernel.codec import Kept
    from opsguide.kernel.ledger import Instance, Key, Ledger, Timer


class Floor(Protocol):
    """What a draft lies on."""

    def kept(self, claim: str, subject: str) -> Kept | None:
        """A subject's row."""
        ...

    def subjects(self, claim: str) -> Iterable[str]:
        """Subjects with a row."""
        ...

    def instance(self, machine: str, key: str) -> Instance | None:
        """A machine's instance."""
        ...

    def record(self, bucket: str, key: str) -> Any:
        """A document."""
        ...


class Draft:
    """Reads fall through to the floor below; writes stay here."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.changed_subjects: dict[str, dict[str, Kept | None]] = {}
        self.durable: set[Key] = set()
        self.changed_instances: dict[Key, Instance | None] = {}
        self.changed_records: dict[Key, Any] = {}
        self.evidence: list[EvidenceRow] = []
        self.flips: list[FlipRow] = []
        self.notices: list[NoticeRow] = []
        self.deliveries: list[DeliveryRow] = []
        self.runs: list[RunJob] = []
        self.timers: list[Timer] = []
        self.touched: dict[str, None] = {}

    def kept(self, claim: str, subject: str) -> Kept | None:
        """The subject's row as this draft leaves it."""
        changed = self.changed_subjects.get(claim)
        if changed is not None and subject in changed:
            return changed[subject]
        return self._floor.kept(claim, subject)

    def subjects(self, claim: str) -> Iterable[str]:
        """Subjects that have a row after this draft, in a steady order."""
        changed = self.changed_subjects.get(claim, {})
        below = [s for s in self._floor.subjects(claim) if s not in changed]
        return (*below, *(s for s, kept in changed.items() if kept is not None))

    def keep(self, claim: str, subject: str, kept: Kept | None, *, durable: bool) -> None:
        """Set a subject. durable: False where only shown values changed; then nothing is written for it."""
        self.changed_subjects.setdefault(claim, {})[subject] = kept
        self.touched[claim] = None
        if durable:
            self.durable.add((claim, subject))

    def instance(self, machine: str, key: str) -> Instance | None:
        """A machine's instance as this draft leaves it."""
        if (machine, key) in self.changed_instances:
            return self.changed_instances[machine, key]
        return self._floor.instance(machine, key)

    def place(self, machine: str, key: str, instance: Instance | None) -> None:
        """Set a machine's instance."""
        self.changed_instances[machine, key] = instance

    def record(self, bucket: str, key: str) -> Any:
        """A document as this draft leaves it."""
        if (bucket, key) in self.changed_records:
            return self.changed_records[bucket, key]
        return self._floor.record(bucket, key)

    def put(self, bucket: str, key: str, document: Any) -> None:
        """Set a document; None deletes it."""
        self.changed_records[bucket, key] = document

    def absorb(self, upper: Draft) -> None:
        """Take over what a draft above this one changed."""
        for claim, subjects in upper.changed_subjects.items():
            self.changed_subjects.setdefault(claim, {}).update(subjects)
        self.durable |= upper.durable
        self.changed_instances |= upper.changed_instances
        self.changed_records |= upper.changed_records
        self.touched |= upper.touched
        for name in ("evidence", "flips", "notices", "deliveries", "runs", "timers"):
            getattr(self, name).extend(getattr(upper, name))

    @property
    def is_durable(self) -> bool:
        """Whether there is anything to commit."""
        return bool(
            self.durable
            or self.changed_instances
            or self.changed_records
            or self.evidence
            or self.flips
            or self.notices
            or self.deliveries
        )

    def changes(self, ledger: Ledger) -> Changes:
        """This draft as one transaction over what the ledger says is on disk."""
        return Changes(
            evidence=tuple(self.evidence),
            verdicts=tuple(filter(None, (self._verdict(key, ledger) for key in sorted(self.durable)))),
            flips=tuple(self.flips),
            machines=tuple(filter(None, (self._machine(key, ledger) for key in self.changed_instances))),
            notices=tuple(self.notices),
            deliveries=tuple(self.deliveries),
            records=tuple(
                RecordRow(bucket, key, None if document is None else encode(document))
                for (bucket, key), document in self.changed_records.items()
            ),
        )

    def _verdict(self, key: Key, ledger: Ledger) -> VerdictRow | None:
        before, after = ledger.kept(*key), self.kept(*key)
        expected = 0 if before is None else before.known.sequence
        if after is None:
            return VerdictRow(*key, expected, expected, b"", None, delete=True) if before is not None else None
        known = after.known
        return VerdictRow(*key, expected, known.sequence, encode(after), known.look_again_at)

    def _machine(self, key: Key, ledger: Ledger) -> MachineRow | None:
        before, after = ledger.instance(*key), self.changed_instances[key]
        expected = 0 if before is None else before.sequence
        if after is None:
            return MachineRow(*key, expected, None, None) if before is not None else None
        return MachineRow(*key, expected, encode(after.state), after.wake_at)
