"""The ports: everything opsguide asks of the outside, as protocols. Adapters live in world/ and store/.

A port raises `WorldFault` for the world's faults, with an outcome class that is compared and a sentence that is shown.
The file is long because whoever writes an adapter reads all of it; it holds no logic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from opsguide.core.block import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from opsguide.core.nouns import Labels


class WorldFault(Exception):  # noqa: N818 -- a fault of the world, not of ours
    """The outside did not do as asked.

    says: refused, timeout, dns, tls, reset, too_large, nonsense, not_found or denied.
    """

    def __init__(self, says: str, detail: str, tls_not_after: float | None = None) -> None:
        """Keep both the class and the sentence."""
        super().__init__(detail)
        self.says = says
        self.detail = detail
        self.tls_not_after = tls_not_after


class Clock(Protocol):
    """Wall time."""

    def now(self) -> float:
        """Unix seconds UTC."""
        ...


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request. limit_bytes: a longer body is a fault `too_large`, read no further; with cut it ends there."""

    method: str
    url: str
    headers: Labels = ()
    body: bytes = b""
    timeout_s: float = 10.0
    limit_bytes: int = 1 << 20
    follow: bool = True
    verify_tls: bool = True
    ca_file: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer, whatever its status.

    phases: seconds of dns, connect, tls, first_byte and total, as far as they took place. tls_not_after: end of the
    certificate's validity, Unix seconds, or None without TLS.
    """

    status: int
    headers: Labels
    body: bytes
    phases: Mapping[str, float] = field(default_factory=dict)
    tls_not_after: float | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A message for an SMTP server.

    message: RFC 5322 bytes. password may hold a `${NAME}` reference until it is sent.
    """

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    message: bytes
    starttls: bool = False
    username: str = ""
    password: str = ""
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class MailReply:
    """The server's last answer to the message."""

    code: int
    text: str


class Net(Protocol):
    """The network, one call an exchange."""

    async def http(self, request: HttpRequest) -> HttpReply:
        """Send, and read the whole answer within the limits."""
        ...

    async def tcp(self, host: str, port: int, timeout_s: float) -> float:
        """Connect and close; seconds it took."""
        ...

    async def smtp(self, mail: Mail) -> MailReply:
        """Hand one message to an SMTP server. A refusal is a reply with its code, not a fault."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A command line that a person trusted exactly as it is. env: what it names, beside PATH, an own HOME, LANG."""

    text: str
    cwd: str
    env: Labels = ()
    timeout_s: float = 30.0
    limit_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended. code < 0: killed by that signal."""

    code: int
    output: str
    took_s: float
    truncated: bool = False


class Proc(Protocol):
    """Processes: no stdin, own process group, limits on time and output."""

    async def run(self, command: Command) -> Finished:
        """Run to the end or to the limit (fault `timeout`)."""
        ...


class Files(Protocol):
    """Files that the guide names, relative to its folder."""

    async def exists(self, path: str) -> bool:
        """Whether the path exists beside the guide."""
        ...

    async def read(self, path: str, limit_bytes: int = 1 << 20) -> bytes:
        """The content; fault `not_found`, `denied` or `too_large`."""
        ...

    async def program(self, name: str) -> bool:
        """Whether a program of this name would be found by a command; nothing is run."""
        ...


class Secrets(Protocol):
    """Secrets by reference. What was resolved is masked wherever it comes back."""

    def resolve(self, text: str, purpose: str) -> str:
        """`text` with every `${NAME}` filled; fault `not_found` where one is missing or not meant for `purpose`."""
        ...

    def missing(self, text: str) -> Sequence[str]:
        """Names in `text` that have no value."""
        ...

    def mask(self, text: str) -> str:
        """`text` with every known secret value replaced."""
        ...

    def hide(self, value: str) -> None:
        """Mask this value too from now on."""
        ...

    def trusted(self, claim: str, text: str) -> bool:
        """Whether a person trusted exactly this command text for unattended runs, and the consent has not ended."""
        ...


@dataclass(frozen=True, slots=True)
class Samples:
    """One scrape's worth of samples. keys[i] is `name{label="value",...}` as exposed, without the target's labels.

    kinds: metric family name -> counter, gauge, histogram, summary, unknown.
    """

    keys: Sequence[str]
    values: NDArray[np.float64]
    kinds: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Target:
    """A source of series: a scrape target, a collector, a claim's own measurements. labels: added to each series."""

    key: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class Point:
    """One element of an instant vector."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Blind:
    """A selector of the expression that has no fresh series though it should. why: a sentence.

    labels: of a target lost beside others, what its series had in common; () otherwise.
    """

    selector: str
    why: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An instant query's value and its blindness. error: the query cannot be evaluated (then points is empty).

    partly: targets that are down whose series are missing while a selector still has fresh ones of others; a subject
    whose labels include those of such a Blind is not known to have ended.
    """

    points: tuple[Point, ...]
    blind: tuple[Blind, ...] = ()
    error: str = ""
    scalar: bool = False
    partly: tuple[Blind, ...] = ()


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """A range query's value: values is float64 [series, steps], NaN where there is none."""

    labels: tuple[Labels, ...]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    blind: tuple[Blind, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """What is known of one metric name. labels: name -> up to 20 of its values. stale: no fresh series now."""

    name: str
    kind: str
    series: int
    last_at: float
    labels: Mapping[str, tuple[str, ...]]
    stale: bool = False


class Series(Protocol):
    """The time series. Expressions go in, vectors come out; so a remote Prometheus can serve the same port."""

    async def append(self, target: Target, at: float, samples: Samples) -> None:
        """Append one scrape; series of the target that are missing from it become stale at `at`."""
        ...

    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        """Evaluate all at one instant, sharing selectors and rates."""
        ...

    async def query_range(self, expr: str, start: float, end: float, step_s: float) -> RangeAnswer:
        """Evaluate at start, start + step, ... <= end."""
        ...

    async def catalogue(self) -> Mapping[str, Metric]:
        """Every metric name seen in the last 6 hours."""
        ...


@dataclass(frozen=True, slots=True)
class Collector:
    """A native collector: `kind` host, postgresql, mysql or redis; dsn may hold `${NAME}` references."""

    name: str
    kind: str
    dsn: str = ""


class Collect(Protocol):
    """Native collectors for what no exporter serves."""

    async def collect(self, collector: Collector, timeout_s: float) -> Samples:
        """Current samples under the common exporters' names."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside, passed to `run`; never imported, never global. folder: where the guide lies."""

    clock: Clock
    net: Net
    proc: Proc
    files: Files
    secrets: Secrets
    series: Series
    collect: Collect
    folder: Path


# ---- the state store -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A row of the evidence log as asked for; the store gives it its number and its place in the chain.

    body: msgspec JSON of what was seen, kept beside the chain so that it may expire. `days` 0: kept for ever.
    """

    at: float
    claim: str
    subject: str
    says: str
    ok: bool
    topic: str
    by: str
    body: bytes


@dataclass(frozen=True, slots=True)
class LoggedEvidence:
    """A row of the evidence log as stored. body b"" where it expired; digest: hex of this row's link in the chain."""

    number: int
    at: float
    claim: str
    subject: str
    says: str
    ok: bool
    topic: str
    by: str
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A subject's new state. `expected`: the sequence it must have now (0: it must not exist). state None: delete it.

    The row's new sequence is `sequence`; equal to `expected` where only memory or the shown value changed.
    """

    claim: str
    subject: str
    expected: int
    sequence: int
    body: bytes
    look_again_at: float | None
    delete: bool = False


@dataclass(frozen=True, slots=True)
class FlipRow:
    """A flip, unique by (claim, subject, sequence)."""

    claim: str
    subject: str
    sequence: int
    at: float
    before: str
    after: str
    body: bytes


@dataclass(frozen=True, slots=True)
class MachineRow:
    """A machine instance's new state, by compare-and-set on its sequence. state None: the instance ends."""

    machine: str
    key: str
    expected: int
    state: bytes | None
    wake_at: float | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice for the outbox; a second one with the same id is ignored."""

    id: str
    at: float
    receiver: str
    integration: str
    machine: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """The outcome of one attempt. state: pending (again at next_at), accepted or refused."""

    id: str
    state: str
    attempts: int
    next_at: float
    reply: str
    at: float


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A keyed document of a bucket (claims, tokens, trust, jobs, readings). body None: delete. No compare-and-set."""

    bucket: str
    key: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Changes:
    """One step, written as one transaction: all of it or nothing."""

    evidence: tuple[EvidenceRow, ...] = ()
    verdicts: tuple[VerdictRow, ...] = ()
    flips: tuple[FlipRow, ...] = ()
    machines: tuple[MachineRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    deliveries: tuple[DeliveryRow, ...] = ()
    records: tuple[RecordRow, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict row as stored."""

    claim: str
    subject: str
    sequence: int
    body: bytes
    look_again_at: float | None


@dataclass(frozen=True, slots=True)
class StoredMachine:
    """A machine instance as stored."""

    machine: str
    key: str
    sequence: int
    state: bytes
    wake_at: float | None


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """A notice of the outbox as stored. state: pending, accepted or refused."""

    id: str
    at: float
    receiver: str
    integration: str
    machine: str
    key: str
    body: bytes
    state: str
    attempts: int
    next_at: float
    reply: str
    settled_at: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the kernel needs in memory at the start."""

    verdicts: tuple[StoredVerdict, ...]
    machines: tuple[StoredMachine, ...]
    notices: tuple[StoredNotice, ...]
    records: tuple[RecordRow, ...]


class Conflict(Exception):  # noqa: N818 -- not a fault: somebody else was first
    """A compare-and-set of the step missed; nothing of it was written."""


class StoreFault(Exception):  # noqa: N818 -- a fault of the world
    """The store could not write (disk full, file gone, database locked by another run). Nothing was written."""


class State(Protocol):
    """state.db, or what stands in for it. One contract suite (tests/store/contract.py) runs on every backend."""

    async def open(self) -> Snapshot:
        """Migrate, verify what must be verified at start, and load."""
        ...

    async def commit(self, changes: Changes) -> int:
        """Write one step durably, in the order of the calls; returns the last evidence number.

        Raises Conflict or StoreFault. A commit that returned is on disk (synchronous FULL).
        """
        ...

    async def evidence(
        self,
        *,
        claim: str = "",
        subject: str | None = None,
        topic: str = "",
        since: float = 0.0,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[LoggedEvidence]:
        """Newest first."""
        ...

    async def flips(self, *, claim: str = "", since: float = 0.0, limit: int = 100) -> Sequence[FlipRow]:
        """Newest first."""
        ...

    async def notices(self, *, state: str = "", limit: int = 100) -> Sequence[StoredNotice]:
        """Newest first."""
        ...

    async def records(self, bucket: str) -> Sequence[RecordRow]:
        """All of a bucket."""
        ...

    async def verify(self) -> tuple[int, str]:
        """Walk the chain: how many rows, and "" or what is wrong with the first bad one."""
        ...

    async def seal_day(self, day: str) -> tuple[int, str]:
        """Note the chain's head under `day` (2026-11-21), once; returns the head (number, digest)."""
        ...

    async def expire(self, before: float, *, at: float | None = None, by: str = "") -> int:
        """Drop the bodies of evidence older than `before`; the chain still verifies. How many there were."""
        ...

    async def prune(self, before: float) -> int:
        """Delete notices that were settled before `before`; how many there were."""
        ...

    async def close(self) -> None:
        """Flush and close."""
        ...
