"""What the API answers and takes, as types; their JSON schemas in /api/openapi.json are made of these very types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from opsguide.kernel.shape import claim_json
from opsguide.web.moment import iso

if TYPE_CHECKING:
    from opsguide.core.nouns import Known, Verdict
    from opsguide.core.ports import FlipRow, LoggedEvidence, StoredNotice
    from opsguide.kernel.view import ClaimView

StateName = Literal["holds", "waiting", "unbound", "unknown", "broken"]
Moment = Annotated[str, Meta(description="ISO 8601, UTC")]
Line = Annotated[int, Meta(ge=1, description="1-based, in the file as it is on disk")]


class VerdictAnswer(Struct):
    """What is known now. value: as shown; limit: what it is held against; both "" where there is none."""

    state: StateName
    since: Moment | None
    because: str
    value: str
    limit: str


class PlaceAnswer(Struct):
    """A stretch of a file of the guide."""

    file: str
    line: Line
    end_line: Line
    column: int | UnsetType = UNSET
    end_column: int | UnsetType = UNSET


class ClaimAnswer(Struct):
    """A statement of the guide and its verdict. The fields from file on are there with spec=1 only."""

    id: str
    guide: str
    kind: str
    line: Line
    title: str
    verdict: VerdictAnswer
    file: str | UnsetType = UNSET
    end_line: Line | UnsetType = UNSET
    places: list[PlaceAnswer] | UnsetType = UNSET
    status: str | UnsetType = UNSET
    needs: list[str] | UnsetType = UNSET
    understood: str | UnsetType = UNSET
    spec: dict[str, Any] | UnsetType = UNSET


class SubjectAnswer(Struct):
    """One subject of a claim: a label set of an alert, a target, or the claim itself (subject "")."""

    subject: str
    verdict: VerdictAnswer
    at: Moment | None
    labels: dict[str, str]
    values: dict[str, float | None]
    flips: int


class ClaimPage(Struct):
    """One claim with everything known of it."""

    claim: ClaimAnswer
    at: Moment | None
    subjects: list[SubjectAnswer]


class Claims(Struct):
    """All live claims, in the order of the guide."""

    claims: list[ClaimAnswer]


class EvidenceAnswer(Struct):
    """A row of the evidence log. body is null where it has expired; digest is the row's link of the chain."""

    number: int
    at: Moment | None
    claim: str
    subject: str
    says: str
    ok: bool
    topic: str
    by: str
    body: Any
    digest: str


class EvidenceLog(Struct):
    """Rows, newest first. next: what to give as `before` for older ones, null at the end."""

    evidence: list[EvidenceAnswer]
    next: int | None


class FlipAnswer(Struct):
    """A verdict that changed."""

    claim: str
    subject: str
    sequence: int
    at: Moment | None
    before: str
    after: str
    because: str
    value: str
    labels: dict[str, str]


class Flips(Struct):
    """Flips, newest first."""

    flips: list[FlipAnswer]


class IncidentAnswer(Struct):
    """Statements that broke within a minute of each other and are broken still."""

    id: str
    since: Moment | None
    state: Literal["open"]
    because: str
    claims: list[str]


class Incidents(Struct):
    """What is going on now; an empty list where nothing is."""

    incidents: list[IncidentAnswer]


class NoticeAnswer(Struct):
    """A notice of the outbox: whom it goes to and how that went."""

    id: str
    at: Moment | None
    receiver: str
    integration: str
    state: str
    status: str
    reason: str
    key: str
    claims: list[str]
    attempts: int
    next_at: Moment | None
    settled_at: Moment | None
    reply: str


class Notices(Struct):
    """The outbox, newest first."""

    notices: list[NoticeAnswer]


class FindingAnswer(Struct):
    """A fault of the guide, with its mend."""

    guide: str
    rule: str
    level: Literal["error", "warning", "note"]
    lines: list[Line]
    places: list[PlaceAnswer]
    message: str
    mend: str


class Findings(Struct):
    """Findings of all guides, and of edits on disk that could not go live."""

    findings: list[FindingAnswer]
    broken_edits: list[FindingAnswer]


class GuideAnswer(Struct):
    """A live guide with its figures; lines of coverage count those that are not blank."""

    key: str
    path: str
    title: str
    service: str
    url: str
    text_hash: str
    claims: int
    states: dict[str, int]
    findings: int
    unread: int
    unfilled: list[str]
    coverage: dict[str, int]


class Guides(Struct):
    """The live guides."""

    guides: list[GuideAnswer]


class Tick(Struct, forbid_unknown_fields=True):
    """That a task was done. note: what the person wants to have written beside it."""

    note: Annotated[str, Meta(max_length=2000)] = ""


class Trust(Struct, forbid_unknown_fields=True):
    """Consent to run exactly this command unattended. until: when it ends, at most 366 days from now."""

    until: Moment


def claim_answer(view: ClaimView, *, spec: bool = False) -> ClaimAnswer:
    """One claim with its verdict; with `spec` everything that `check --format json` has besides."""
    said = claim_json(view.claim)
    names = ("id", "kind", "line", "title") if not spec else tuple(said)
    known = {"guide": view.guide, "verdict": _verdict(view.verdict, view.since)}
    return msgspec.convert({name: said[name] for name in names} | known, ClaimAnswer)


def claim_page(view: ClaimView) -> ClaimPage:
    """One claim with its subjects, worst first."""
    return ClaimPage(claim_answer(view, spec=True), iso(view.at), [_subject(known) for known in view.subjects])


def evidence_answer(row: LoggedEvidence) -> EvidenceAnswer:
    """A row of the log, its body decoded."""
    return EvidenceAnswer(
        row.number,
        iso(row.at),
        row.claim,
        row.subject,
        row.says,
        row.ok,
        row.topic,
        row.by,
        body_of(row.body) or None,
        row.digest,
    )


def flip_answer(row: FlipRow) -> FlipAnswer:
    """A flip with what it was judged on."""
    body = body_of(row.body)
    labels = {str(name): str(value) for name, value in body.get("labels", ())}
    because, value = str(body.get("because", "")), str(body.get("value", ""))
    return FlipAnswer(row.claim, row.subject, row.sequence, iso(row.at), row.before, row.after, because, value, labels)


def notice_answer(row: StoredNotice) -> NoticeAnswer:
    """A notice without its settings: where it is sent may be a secret."""
    body = body_of(row.body)
    return NoticeAnswer(
        row.id,
        iso(row.at),
        row.receiver,
        row.integration,
        row.state,
        str(body.get("status", "")),
        str(body.get("reason", "")),
        row.key,
        [str(claim) for claim in body.get("claims", ())],
        row.attempts,
        iso(row.next_at),
        iso(row.settled_at or 0.0),
        row.reply,
    )


def body_of(body: bytes) -> dict[str, Any]:
    """A stored JSON body, {} where it has expired."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {"value": found}


def _verdict(verdict: Verdict, since: float) -> dict[str, Any]:
    return {
        "state": verdict.state.value,
        "since": iso(since),
        "because": verdict.because,
        "value": verdict.value,
        "limit": verdict.limit,
    }


def _subject(known: Known) -> SubjectAnswer:
    return SubjectAnswer(
        known.subject,
        msgspec.convert(_verdict(known.verdict, known.since), VerdictAnswer),
        iso(known.at),
        dict(known.labels),
        dict(known.values),
        known.sequence,
    )
