"""The nouns: a guide is compiled into claims, a claim asks for jobs, a run job yields evidence, evidence is judged
into a verdict, a changed verdict is a flip, a flip has effects.

All of them are data. Inside, time is Unix seconds UTC as a float.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from opsguide.core.block import Inherited, Place, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opsguide.core.facts import Fact
    from opsguide.core.machine import Effect

S = TypeVar("S")
Labels = tuple[tuple[str, str], ...]
"""A label set, sorted by name."""


class State(StrEnum):
    """What is known of a statement. Unknown is never shown as holds."""

    HOLDS = "holds"
    WAITING = "waiting"
    UNBOUND = "unbound"
    UNKNOWN = "unknown"
    BROKEN = "broken"

    @property
    def badness(self) -> int:
        """0 for holds up to 4 for broken; a claim's verdict is the worst of its subjects'."""
        return list(State).index(self)


@dataclass(frozen=True, slots=True)
class Claim(Generic[S]):
    """One statement of the guide that was understood.

    subject: the words its identity is made of (quantity, alert name, command) as written, placeholders unfilled;
    never values, lines or headings. id: given by the compiler from kind, guide and subject; "" before.
    understood: the read-back sentence. needs: names of placeholders and bindings that have no value yet.
    spec: the kind's own frozen dataclass; `None` fields are absent from JSON.
    inferred: True where a condition was read from text, so that its pages pass the trial first.
    """

    kind: str
    title: str
    subject: str
    place: Place
    spec: S
    understood: str
    needs: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    status: Status = Status.ACTIVE
    inherited: Inherited = field(default_factory=Inherited)
    headings: tuple[str, ...] = ()
    inferred: bool = False
    id: str = ""
    text_hash: str = ""


class Lane(StrEnum):
    """Where a job waits for its turn; each lane has a limit of its own, so that slow ones hold up nobody else."""

    PROBE = "probe"
    SCRAPE = "scrape"
    RULE = "rule"
    DELIVER = "deliver"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Every:
    """An interval schedule. The first run is spread over the interval by the job's own hash (jitter), then exact."""

    interval_s: float


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar schedule: five cron fields in a time zone. Durable: a time missed while stopped is run once, late."""

    cron: str
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Job:
    """Something a claim wants run. Jobs of one kind with the same key, schedule and lane are run as one batch."""

    claim: str
    name: str
    schedule: Every | Calendar | None
    lane: Lane
    timeout_s: float
    key: str


@dataclass(frozen=True, slots=True)
class Want:
    """A topic that a claim wants to hear of; scope "" means any. A want that no claim serves is a finding."""

    topic: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a claim asks of the kernel. serves: the topics that its evidence carries."""

    jobs: tuple[Job, ...] = ()
    wants: tuple[Want, ...] = ()
    serves: tuple[Want, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run saw of one subject of one claim.

    says: an outcome class, compared; a row is written when it changes ("ok", "refused", "timeout", "firing").
    because: one sentence for people. values: numbers of this moment, by name with the unit in it; the first is shown.
    labels: the subject's labels (an alert's label set). subject "" is the claim itself.
    roll: where given (on subject ""), the complete list of subjects that exist now: the kernel folds
    `Evidence(says="absent")` into every stored subject that is not on it.
    spared: what the roll could not see: a subject off the roll is left alone unless a label of it differs from each.
    topic and fact: what other claims may want to hear. by: the signed-in person of an act, else "".
    """

    claim: str
    subject: str
    at: float
    ok: bool
    says: str
    because: str = ""
    values: tuple[tuple[str, float], ...] = ()
    labels: Labels = ()
    annotations: Labels = ()
    roll: tuple[str, ...] | None = None
    spared: tuple[Labels, ...] = ()
    topic: str = ""
    scope: str = ""
    fact: Fact | None = None
    by: str = ""


ABSENT = "absent"
"""`says` of the evidence that the kernel makes for a subject that is no longer on its claim's roll."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one subject now. value: as shown ("71 %"); limit: what it is held against ("< 70 %")."""

    state: State
    because: str
    value: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Flip:
    """A verdict whose state changed, written by compare-and-set on (claim, subject, sequence).

    sequence counts the flips of this subject from 1. evidence: the row it was judged on (0 where time alone did it).
    labels and annotations: those of the evidence that turned it, or the last known.
    """

    claim: str
    subject: str
    sequence: int
    at: float
    before: State
    after: State
    because: str
    labels: Labels = ()
    annotations: Labels = ()
    value: str = ""


@dataclass(frozen=True, slots=True)
class Judged(Generic[S]):
    """The outcome of one fold. look_again_at: when time alone may change the verdict; None: never.

    forget: the subject is gone; its row is deleted after the flip. effects: besides those of `react`, e.g. a
    repeated measure of something already broken; most kinds leave it empty.
    """

    verdict: Verdict
    memory: S
    look_again_at: float | None = None
    forget: bool = False
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A subject as stored: its verdict with `since`, and how often it flipped."""

    claim: str
    subject: str
    sequence: int
    since: float
    verdict: Verdict
    labels: Labels = ()
    annotations: Labels = ()
    memory: bytes = b""
    look_again_at: float | None = None
    at: float = 0.0
    says: str = ""
    values: tuple[tuple[str, float], ...] = ()
    proven_at: float | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """One alert as a notice shows it. ends_at 0 while firing. Times are Unix seconds."""

    labels: Labels
    annotations: Labels
    starts_at: float
    ends_at: float
    fingerprint: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What one receiver's integration is to be told. id is the same on every retry (it becomes `webhook-id`).

    integration: name of a file in tell/ ("webhook", "email"). settings: its keys as the guide's YAML has them,
    values as text; `${NAME}` is a reference that only the kernel's deliver resolves.
    status: firing or resolved. key: Alertmanager's groupKey. reason: why now, in words.
    """

    id: str
    receiver: str
    integration: str
    settings: Mapping[str, str]
    status: str
    key: str
    group_labels: Labels
    common_labels: Labels
    common_annotations: Labels
    alerts: tuple[Notified, ...]
    truncated: int = 0
    reason: str = ""
    external_url: str = ""
    guide: str = ""
    at: float = 0.0
    claims: tuple[str, ...] = field(default=())
