"""The step, pure: what follows from one input, as one draft. docs/design/step.md is its law."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from opsguide import __version__
from opsguide.core.facts import AlertChanged, DeliveryDone, NoticeSettled, Woken
from opsguide.core.machine import Record, RunJob, Send, Signal, Withdraw
from opsguide.core.nouns import Evidence, Flip, Known, State, Verdict
from opsguide.core.ports import DeliveryRow, EvidenceRow, FlipRow, NoticeRow
from opsguide.kernel.codec import FlipDoc, Kept, Registered, encode, notice_of
from opsguide.kernel.effects import ends_of, passed, raised_after
from opsguide.kernel.fold import absent, flip_of, folded, judged_of, lasting, reacted
from opsguide.kernel.inputs import Attempted, Faulted, Noted, Put, Seen, Told
from opsguide.kernel.ledger import Instance
from opsguide.kernel.trial import held, trial_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opsguide.core.facts import Event
    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Labels
    from opsguide.core.ports import StoredNotice
    from opsguide.kernel.draft import Draft
    from opsguide.kernel.inputs import Input
    from opsguide.kernel.ledger import Timer
    from opsguide.kernel.live import Live, LiveClaim

CASCADE_LIMIT = 10_000
UNSEEN = Verdict(State.UNKNOWN, "not looked at yet")


class Step:
    """Works one input, or timers that are due, into a draft."""

    def __init__(self, live: Live, draft: Draft, now: float, notices: Mapping[str, StoredNotice]) -> None:
        self.live = live
        self.draft = draft
        self.now = now
        self._notices = notices
        self._marks = 0
        self._queue: deque[tuple[Effect, tuple[str, str]]] = deque()

    # ---- inputs -----------------------------------------------------------------------------------------------------

    def work(self, given: Input) -> None:
        """What follows from one input."""
        match given:
            case Seen(evidence, documents):
                for seen in evidence:
                    self.see(seen)
                self._put(documents)
            case Noted(evidence=noted):
                self._log(noted)
            case Faulted(claims, text):
                for claim in claims:
                    self.fault(claim, text)
            case Attempted():
                self._attempted(given)
            case Told(machine, event):
                self.effect(Signal(machine, event))
            case Put(documents=documents):
                self._put(documents)
        self._drain()

    def wake(self, timers: Sequence[Timer]) -> None:
        """What follows from timers that are due; trials that end together share a digest."""
        trials = [timer.key[0] for timer in timers if timer.what == "trial"]
        for timer in timers:
            if timer.what == "wake":
                machine, key = timer.key
                self.effect(Signal(machine, Woken(key)))
            elif timer.what == "look":
                self.look(*timer.key)
        for signal in trial_over(self.draft, self.live, trials, self.now):
            self._queue.append((signal, ("", "")))
        self._drain()

    def postpone(self, timers: Sequence[Timer], until: float) -> None:
        """Have these timers come up again, for their work raised."""
        for timer in timers:
            if timer.what == "wake" and (instance := self.draft.instance(*timer.key)) is not None:
                self.draft.place(*timer.key, replace(instance, wake_at=until))
            elif timer.what == "look" and (kept := self.draft.kept(*timer.key)) is not None:
                later = replace(kept, known=replace(kept.known, look_again_at=until))
                self.draft.keep(*timer.key, later, durable=True)
            elif timer.what == "trial" and (waiting := self.draft.record("trial", timer.key[0])) is not None:
                self.draft.put("trial", timer.key[0], replace(waiting, until=until))
                self.draft.timers.append(replace(timer, at=until))

    def look(self, claim: str, subject: str) -> None:
        """Fold a subject by time alone."""
        live = self.live.claims.get(claim)
        if live is not None and live.bound:
            self._fold(live, subject, None, self.now)

    def see(self, evidence: Evidence) -> None:
        """Fold evidence into its own claim, then into whoever wants it, then what its roll lacks."""
        before = self._marks
        live = self.live.claims.get(evidence.claim)
        judged = live is not None and live.bound
        said = self._said(evidence)
        if live is not None and judged:
            self._fold(live, evidence.subject, evidence, evidence.at)
        for other in self.live.wanting(evidence):
            if other.bound:
                self._fold(other, "", evidence, evidence.at)
        if live is not None and judged and evidence.roll is not None:
            self._call_roll(live, evidence)
        if self._marks != before or said != evidence.says or evidence.by:
            self._log(evidence)

    # ---- folding ----------------------------------------------------------------------------------------------------

    def _call_roll(self, live: LiveClaim, evidence: Evidence) -> None:
        there = {"", *(evidence.roll or ())}
        for subject in self.draft.subjects(live.claim.id):
            kept = self.draft.kept(live.claim.id, subject)
            if subject not in there and kept is not None and not _spared(kept.known.labels, evidence.spared):
                self._fold(live, subject, absent(kept.known, evidence.at), evidence.at)

    def _fold(self, live: LiveClaim, subject: str, evidence: Evidence | None, now: float) -> None:
        """Judge, keep, and queue what a flip sets off. Every call of the kind comes before the first write."""
        before = self.draft.kept(live.claim.id, subject) or self._new(live, subject)
        judged, memory = judged_of(live, before.known, evidence, now)
        after = folded(live, before, judged, memory, evidence)
        flips = after.known.verdict.state is not before.known.verdict.state
        effects: list[Effect] = []
        flip = None
        if flips:
            after = self._numbered(after, now)
            flip = flip_of(before, after)
            effects += reacted(live, flip)
        effects += judged.effects
        if flip is not None:
            self.write_flip(flip, live, before.known.memory, evidence)
        after = self._raise(live, before, after, effects, ended=flips and after.known.verdict.state is State.HOLDS)
        if judged.forget and subject:
            self.forget(live.claim.id, after)
        else:
            self._keep(before, after)

    def _keep(self, before: Kept, after: Kept) -> None:
        """Keep a subject, durably where more than shown values changed."""
        durable = lasting(before) != lasting(after)
        if durable and after.known.sequence == 0:
            after = replace(after, known=replace(after.known, sequence=self._first(after.known.claim)))
        self.draft.keep(after.known.claim, after.known.subject, after, durable=durable)
        self._marks += durable

    def _numbered(self, after: Kept, at: float) -> Kept:
        known = after.known
        sequence = known.sequence + 1 if known.sequence else self._first(known.claim)
        return replace(after, known=replace(known, sequence=sequence, since=at))

    def write_flip(self, flip: Flip, live: LiveClaim | None, memory: bytes, evidence: Evidence | None) -> None:
        """Put a flip's row with what it was judged on."""
        body = FlipDoc(
            flip.because,
            flip.value,
            flip.labels,
            flip.annotations,
            msgspec.Raw(encode(evidence)),
            msgspec.Raw(memory or b"null"),
            live.text_hash if live else "",
            live.edition.guide.text_hash if live else "",
            __version__,
        )
        row = FlipRow(flip.claim, flip.subject, flip.sequence, flip.at, flip.before, flip.after, encode(body))
        self.draft.flips.append(row)
        self.draft.touched[flip.claim] = None
        self._marks += 1

    def _raise(self, live: LiveClaim, before: Kept, after: Kept, effects: Sequence[Effect], *, ended: bool) -> Kept:
        """Queue the effects as they may leave, and remember what is raised."""
        if not effects and not ended:
            return after
        why = after.known.verdict.because if before.carried and ended else ""
        origin = self._origin(live.claim.id)
        admitted = [e for effect in effects for e in passed(self.live, live, origin, effect, why)]
        raised = raised_after(before.raised, admitted)
        if ended:
            admitted += ends_of(raised, after.known.since, why)
            raised = ()
        for effect in admitted:
            self.effect(effect)
        return replace(after, raised=raised)

    def raise_now(self, live: LiveClaim, kept: Kept) -> None:
        """Raise what a broken subject would raise now: who was to hear of it before may have been edited away."""
        found = reacted(live, flip_of(replace(kept, known=replace(kept.known, verdict=UNSEEN)), kept))
        alerts = [e for e in found if isinstance(e, Signal) and isinstance(e.event, AlertChanged)]
        after = self._raise(live, kept, kept, alerts, ended=False)
        if after != kept:
            self._keep(kept, after)

    def _new(self, live: LiveClaim, subject: str) -> Kept:
        return Kept(Known(live.claim.id, subject, 0, self.now, UNSEEN), live.text_hash)

    def _first(self, claim: str) -> int:
        registered: Registered | None = self.draft.record("claims", claim)
        return 1 if registered is None else registered.high + 1

    def _origin(self, claim: str) -> str:
        registered: Registered | None = self.draft.record("claims", claim)
        return (registered.origin if registered is not None else "") or claim

    def forget(self, claim: str, kept: Kept) -> None:
        """Delete a subject's row, and remember its number, so that a flip's key is never used twice."""
        subject, sequence = kept.known.subject, kept.known.sequence
        self.draft.keep(claim, subject, None, durable=True)
        self._marks += 1
        registered: Registered | None = self.draft.record("claims", claim)
        if registered is not None and sequence > registered.high:
            self.draft.put("claims", claim, replace(registered, high=sequence))

    def restart(self, live: LiveClaim, kept: Kept, verdict: Verdict) -> None:
        """Back to unknown with an empty memory; no effect follows, for nothing was found out."""
        known = replace(kept.known, verdict=verdict, memory=b"", look_again_at=None, says="", values=())
        after = Kept(known, live.text_hash)
        if kept.known.verdict.state is not verdict.state:
            after = self._numbered(after, self.now)
            self.write_flip(flip_of(kept, after), live, kept.known.memory, None)
        self._keep(kept, after)

    def fault(self, claim: str, text: str) -> None:
        """Our fault: subject "" is unknown, unless it is broken; its memory stays."""
        live = self.live.claims.get(claim)
        if live is None:
            return
        kept = self.draft.kept(claim, "") or self._new(live, "")
        if kept.known.verdict.state is State.BROKEN:
            return
        seen = Evidence(claim, "", self.now, ok=False, says="fault", because=text)
        if kept.known.says != seen.says:
            self._log(seen)
        after = replace(kept, known=replace(kept.known, verdict=Verdict(State.UNKNOWN, text), says=seen.says))
        if kept.known.verdict.state is not State.UNKNOWN:
            after = self._numbered(after, self.now)
            self.write_flip(flip_of(kept, after), live, kept.known.memory, seen)
        self._keep(kept, after)

    # ---- effects ----------------------------------------------------------------------------------------------------

    def effect(self, effect: Effect) -> None:
        """Queue an effect that no machine and no claim caused."""
        self._queue.append((effect, ("", "")))

    def _drain(self) -> None:
        """Work the queue, first in, first out, until it is empty."""
        worked = 0
        while self._queue:
            worked += 1
            if worked > CASCADE_LIMIT:
                raise RuntimeError(f"more than {CASCADE_LIMIT} effects follow from one input")
            effect, source = self._queue.popleft()
            match effect:
                case Signal(machine, event):
                    self._signal(machine, event)
                case Send(notice):
                    self.draft.notices.append(
                        NoticeRow(notice.id, self.now, notice.receiver, notice.integration, *source, encode(notice))
                    )
                case Record(evidence):
                    self.see(evidence)
                case RunJob():
                    self.draft.runs.append(effect)
                case Withdraw(notice_id, why):
                    self._withdraw(notice_id, why)

    def _withdraw(self, notice: str, why: str) -> None:
        """Settle a pending notice unsent; an attempt that is under way then settles nothing."""
        stored = self._notices.get(notice)
        if stored is not None:
            row = DeliveryRow(notice, "refused", stored.attempts, self.now, f"withdrawn: {why}", self.now)
            self.draft.deliveries.append(row)

    def _signal(self, name: str, event: Event) -> None:
        if isinstance(event, AlertChanged) and held(self.draft, self.live, name, event, self.now):
            return
        if name not in self.live.machines:
            raise KeyError(f"no kind brings a machine {name}")
        machine, config = self.live.machines[name]
        for key in machine.keys(config, event):
            before = self.draft.instance(name, key)
            if before is None and isinstance(event, Woken | NoticeSettled):
                continue  # it ended meanwhile; what it asked for concerns nobody
            state = None if before is None else before.state
            stepped = machine.step(config, key, state, event, self.now)
            self.stepped(name, key, before, stepped.state, stepped.wake_at)
            self._queue.extend((effect, (name, key)) for effect in stepped.effects)

    def stepped(self, name: str, key: str, before: Instance | None, state: Any, wake_at: float | None) -> None:
        """Keep a machine's new state where it differs."""
        if state is None:
            if before is not None:
                self.draft.place(name, key, None)
        elif before is None or before.state != state or before.wake_at != wake_at:
            self.draft.place(name, key, Instance(state, before.sequence if before else 0, wake_at))

    def queue(self, effects: Iterable[Effect], machine: str, key: str) -> None:
        """Queue what a machine asked for."""
        self._queue.extend((effect, (machine, key)) for effect in effects)

    def drain(self) -> None:
        """Work what `effect` and `queue` were given."""
        self._drain()

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _attempted(self, tried: Attempted) -> None:
        """The row of the attempt, its evidence, and the machine's settled notice: together."""
        stored = self._notices.get(tried.notice)
        if stored is None:
            return
        self.attempt(tried)
        outcome = "retried" if tried.state == "pending" else tried.state
        notice = notice_of(stored.body)
        fact = DeliveryDone(notice.receiver, notice.integration, outcome, tried.reply)
        topic = "delivery.done"
        about = self.live.about(topic, notice.receiver)
        self.see(
            Evidence(
                about,
                "",
                tried.at,
                ok=outcome == "accepted",
                says=outcome,
                topic=topic,
                scope=notice.receiver,
                because=f"{notice.receiver} by {notice.integration}: {tried.reply or outcome}",
                fact=fact,
            )
        )
        self._settled(tried, stored)

    def attempt(self, tried: Attempted) -> None:
        """The row of an attempt alone."""
        stored = self._notices.get(tried.notice)
        if stored is not None:
            row = DeliveryRow(tried.notice, tried.state, stored.attempts + 1, tried.next_at, tried.reply, tried.at)
            self.draft.deliveries.append(row)

    def settle(self, tried: Attempted) -> None:
        """The row of an attempt, and what its machine makes of it, without the evidence."""
        self.attempt(tried)
        stored = self._notices.get(tried.notice)
        if stored is not None:
            self._settled(tried, stored)
        self._drain()

    def _settled(self, tried: Attempted, stored: StoredNotice) -> None:
        if tried.state == "pending" or stored.machine not in self.live.machines:
            return
        accepted = tried.state == "accepted"
        unsure = not accepted and stored.attempts > 0
        self.effect(Signal(stored.machine, NoticeSettled(stored.id, stored.key, accepted, tried.at, unsure)))

    def _put(self, documents: Iterable[tuple[str, str, Any]]) -> None:
        for bucket, key, document in documents:
            self.draft.put(bucket, key, document)

    def _said(self, evidence: Evidence) -> str:
        kept = self.draft.kept(evidence.claim, evidence.subject)
        return kept.known.says if kept is not None else ""

    def _log(self, evidence: Evidence) -> None:
        self.draft.evidence.append(
            EvidenceRow(
                evidence.at,
                evidence.claim,
                evidence.subject,
                evidence.says,
                evidence.ok,
                evidence.topic,
                evidence.by,
                encode(evidence),
            )
        )


def _spared(labels: Labels, unseen: Sequence[Labels]) -> bool:
    """Whether the subject may be one of those that could not be seen: no label of it speaks against that."""
    own = dict(labels)
    return any(all(own.get(name, value) == value for name, value in one) for one in unseen)
