"""The only sender: takes pending notices from the outbox, sends them, and has each attempt written before the next."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
from collections import Counter
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import msgspec

from opsguide.core.ports import HttpRequest, WorldFault
from opsguide.kernel.codec import notice_of
from opsguide.kernel.inputs import Attempted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opsguide.core.nouns import Notice
    from opsguide.core.ports import Clock, HttpReply, Mail, MailReply, StoredNotice, World
    from opsguide.core.settings import EmailSettings
    from opsguide.kernel.turns import Turns
    from opsguide.tell.outcome import Outcome

log = logging.getLogger("opsguide.kernel")
GIVE_UP_S = 86400.0
RETRY_LIMIT_S = 300.0
ENDPOINTS_AT_ONCE = 8
LOOK_AGAIN_S = 60.0


class Receiver(Protocol):
    """What a file of tell/ sets as `RECEIVER`."""

    @property
    def name(self) -> str:
        """The integration, as its file is called."""
        ...

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest | Mail:
        """The one exchange that tells it."""
        ...

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        """What the answer means."""
        ...


def receivers() -> Mapping[str, Receiver]:
    """Every receiver, by its file."""
    package = importlib.import_module("opsguide.tell")
    names = (m.name for m in pkgutil.iter_modules(package.__path__))
    found = {name: getattr(importlib.import_module(f"opsguide.tell.{name}"), "RECEIVER", None) for name in names}
    return {name: receiver for name, receiver in found.items() if receiver is not None}


@dataclass(frozen=True, slots=True)
class Post:
    """Where notices of a guide leave: its world, and its `[email]`."""

    world: World
    email: EmailSettings


@dataclass(frozen=True, slots=True)
class _Queued:
    stored: StoredNotice
    notice: Notice
    endpoint: str

    @property
    def about(self) -> frozenset[tuple[str, str, str]]:
        """What it speaks of: no notice overtakes an older one to the same receiver that shares some of it.

        Alerts count beside the group, for an edit may move an alert to another group while its page is on its way.
        """
        names = (self.notice.key, *(f"alert {alert.fingerprint}" for alert in self.notice.alerts))
        return frozenset((self.endpoint, self.notice.receiver, name) for name in names)


class Deliver:
    """One endpoint sends one notice at a time; a hanging one holds up nobody else."""

    def __init__(
        self,
        turns: Turns,
        clock: Clock,
        post_of: Callable[[str], Post],
        known: Mapping[str, Receiver],
        group: asyncio.TaskGroup,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._turns = turns
        self._clock = clock
        self._post_of = post_of
        self._known = known
        self._group = group
        self._busy: set[str] = set()
        self._decoded: dict[str, tuple[Notice, str]] = {}
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """The outbox changed."""
        self._bell.set()

    @property
    def oldest_s(self) -> float:
        """Age of the oldest pending notice, 0 where there is none."""
        pending = self._turns.ledger.notices.values()
        return max((self._clock.now() - n.at for n in pending), default=0.0)

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            self._bell.clear()
            due_at = self._start_due()
            left_s = LOOK_AGAIN_S if due_at is None else min(due_at - self._clock.now(), LOOK_AGAIN_S)
            try:
                async with asyncio.timeout(max(left_s, 0.0)):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _start_due(self) -> float | None:
        """Start every head that may go now; when the next of the others is due."""
        now = self._clock.now()
        later: list[float] = []
        for queued in self._heads():
            if queued.endpoint in self._busy or len(self._busy) >= ENDPOINTS_AT_ONCE:
                continue  # its end rings the bell
            if queued.stored.next_at > now:
                later.append(queued.stored.next_at)
                continue
            self._busy.add(queued.endpoint)
            self._group.create_task(self._deliver(queued))
        return min(later, default=None)

    def _heads(self) -> list[_Queued]:
        """The pending notices that no older one goes before, the one longest due first."""
        pending = self._turns.ledger.notices
        for gone in self._decoded.keys() - pending.keys():
            del self._decoded[gone]
        heads: list[_Queued] = []
        spoken_of: set[tuple[str, str, str]] = set()
        for queued in self._queued():
            if spoken_of.isdisjoint(queued.about):
                heads.append(queued)
            spoken_of |= queued.about
        return sorted(heads, key=lambda queued: queued.stored.next_at)

    def _queued(self) -> Iterator[_Queued]:
        for stored in self._turns.ledger.notices.values():
            if stored.id not in self._decoded:
                notice = notice_of(stored.body)
                where = msgspec.json.encode((notice.guide, notice.integration, dict(notice.settings)), order="sorted")
                self._decoded[stored.id] = notice, sha256(where).hexdigest()
            yield _Queued(stored, *self._decoded[stored.id])

    async def _deliver(self, queued: _Queued) -> None:
        """One attempt, written before the endpoint is free again."""
        try:
            attempted = await self._attempt(queued)
            self.counts[attempted.state] += 1
            await self._turns.submit(attempted)
            if self._is_unwritten(queued):
                await asyncio.sleep(LOOK_AGAIN_S)
        finally:
            self._busy.discard(queued.endpoint)
            self._bell.set()

    def _is_unwritten(self, queued: _Queued) -> bool:
        """Whether a fault of ours lost the attempt, so that it would be made again and again without a pause."""
        stored = self._turns.ledger.notices.get(queued.stored.id)
        return stored is not None and stored.attempts == queued.stored.attempts

    async def _attempt(self, queued: _Queued) -> Attempted:
        stored, notice = queued.stored, queued.notice
        post = self._post_of(notice.guide)
        receiver = self._known.get(stored.integration)
        if receiver is None:
            return self._settled(stored, "refused", f"opsguide has no receiver {stored.integration}")
        if self._clock.now() - stored.at >= GIVE_UP_S:
            # Also after a day of being off: what is so now is told under a new id, and must not come beside this.
            return self._settled(stored, "refused", f"given up after 24 h: {stored.reply or 'never sent'}")
        try:
            outcome = receiver.verdict(await _exchange(receiver, notice, post))
        except WorldFault as fault:
            return self._again(stored, f"{fault.says}: {post.world.secrets.mask(fault.detail)}", None)
        except Exception as fault:
            log.exception("delivering %s", stored.id)
            return self._again(stored, f"a fault of opsguide: {type(fault).__name__}", None)
        detail = post.world.secrets.mask(outcome.detail)
        if outcome.accepted:
            return self._settled(stored, "accepted", detail)
        if outcome.permanent:
            return self._settled(stored, "refused", detail)
        return self._again(stored, detail, outcome.retry_after_s)

    def _again(self, stored: StoredNotice, reply: str, retry_after_s: float | None) -> Attempted:
        now = self._clock.now()
        wait_s = max(backoff_s(stored.id, stored.attempts + 1), retry_after_s or 0.0)
        return Attempted(stored.id, "pending", min(now + wait_s, stored.at + GIVE_UP_S), reply, now)

    def _settled(self, stored: StoredNotice, state: str, reply: str) -> Attempted:
        now = self._clock.now()
        return Attempted(stored.id, state, now, reply, now)


def backoff_s(notice: str, attempts: int) -> float:
    """Seconds before the next attempt: 1, 2, 4 .. 300, each times 0.8 .. 1.2 as the notice's id decides."""
    part = int.from_bytes(sha256(f"{notice} {attempts}".encode()).digest()[:4], "big") / 2**32
    return min(2.0 ** min(attempts - 1, 16), RETRY_LIMIT_S) * (0.8 + 0.4 * part)


async def _exchange(receiver: Receiver, notice: Notice, post: Post) -> HttpReply | MailReply:
    """Fill the secrets into the settings, for this integration's use only, and send.

    The body is made afterwards: a `${NAME}` in an alert's own text stays as it is written.
    """
    secrets = post.world.secrets
    settings = {name: secrets.resolve(value, notice.integration) for name, value in notice.settings.items()}
    email = post.email
    if notice.integration == "email":
        email = replace(email, password=secrets.resolve(email.password, "email"))
    request = receiver.request(replace(notice, settings=settings), email)
    if isinstance(request, HttpRequest):
        # The status decides; a page of any length behind it must not make an accepted message be sent again.
        return await post.world.net.http(replace(request, cut=True))
    return await post.world.net.smtp(request)
