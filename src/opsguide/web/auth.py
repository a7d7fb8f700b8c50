"""Who a request speaks for: one-time links, sessions and tokens. Only hashes are stored.

Secrets are 256 random bits, so a plain fast hash is enough: there is nothing to guess. A password hash would cost
a quarter of a second of a core for each request and add nothing.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING

import msgspec

from opsguide.core.ports import Changes, RecordRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.ports import Clock, State

LINK_S = 15 * 60.0
IDLE_S = 12 * 3600.0
LONGEST_S = 7 * 86400.0
_SEEN_EVERY_S = 300.0
_RELOAD_EVERY_S = 2.0
SESSIONS = "sessions"
TOKENS = "tokens"
_NAME = re.compile(r"[^\x00-\x1f\x7f<>\"]{1,64}")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in. csrf: what this session's forms must carry; "" for a bearer token, which no form can send."""

    name: str
    csrf: str = ""


class Session(msgspec.Struct, frozen=True):
    """A stored session; the record's key is the hash of its secret. Times are Unix seconds."""

    name: str
    begun: float
    seen: float


class Token(msgspec.Struct, frozen=True):
    """A stored token; the record's key is the hash of its secret. label: what the person called it."""

    name: str
    label: str
    made: float


@dataclass(frozen=True, slots=True)
class _Link:
    name: str
    until: float


def new_token(name: str, label: str, now: float) -> tuple[str, RecordRow]:
    """A fresh token for `name`: the secret, to be shown once, and the record that makes it valid."""
    secret = f"ogt_{secrets.token_urlsafe(32)}"
    return secret, RecordRow(TOKENS, _digest(secret), msgspec.json.encode(Token(name, label, now)))


def valid_name(name: str) -> bool:
    """Whether `name` may stand in the log as the one who acted: 1 to 64 characters without markup."""
    return _NAME.fullmatch(name) is not None and name == name.strip()


class Auth:
    """Links, sessions and tokens of one running opsguide. Call `open` once before use."""

    def __init__(self, state: State, clock: Clock) -> None:
        """state: where sessions and tokens are kept (buckets "sessions", "tokens"). Links live in memory alone."""
        self._state = state
        self.clock = clock
        self._links: dict[str, _Link] = {}
        self._sessions: dict[str, Session] = {}
        self._tokens: dict[str, Token] = {}
        self._loaded_at = 0.0

    async def open(self) -> None:
        """Load what is stored."""
        rows = await self._state.records(SESSIONS)
        self._sessions = {row.key: msgspec.json.decode(row.body, type=Session) for row in rows if row.body}
        await self._load_tokens()

    def link(self, name: str = "") -> str:
        """The secret of a link that signs one person in, once, within 15 minutes. name "": the person gives one."""
        secret = secrets.token_urlsafe(32)
        now = self.clock.now()
        self._links = {key: link for key, link in self._links.items() if link.until > now}
        self._links[_digest(secret)] = _Link(name, now + LINK_S)
        return secret

    def link_name(self, secret: str) -> str | None:
        """Whom the link is for ("" anybody), or None where it is not good (any more). Does not use it."""
        link = self._links.get(_digest(secret))
        return link.name if link is not None and link.until > self.clock.now() else None

    async def sign_in(self, link: str, name: str) -> str | None:
        """Use the link up; the new session's secret, or None where the link is not good."""
        whom = self.link_name(link)
        chosen = whom or name.strip()
        if whom is None or not valid_name(chosen):
            return None
        # Taken before the first await: of two that come at once, one signs in.
        del self._links[_digest(link)]
        secret, now = secrets.token_urlsafe(32), self.clock.now()
        session = Session(chosen, now, now)
        ended = [key for key, known in self._sessions.items() if not _alive(known, now)]
        rows = (RecordRow(SESSIONS, _digest(secret), msgspec.json.encode(session)), *_deleted(SESSIONS, ended))
        await self._state.commit(Changes(records=rows))
        for key in ended:
            del self._sessions[key]
        self._sessions[_digest(secret)] = session
        return secret

    async def by_session(self, secret: str) -> Person | None:
        """The person of a live session; being seen keeps it from going idle."""
        key, now = _digest(secret), self.clock.now()
        session = self._sessions.get(key)
        if session is None or not _alive(session, now):
            return None
        if now - session.seen >= _SEEN_EVERY_S:
            self._sessions[key] = seen = msgspec.structs.replace(session, seen=now)
            await self._state.commit(Changes(records=(RecordRow(SESSIONS, key, msgspec.json.encode(seen)),)))
        return Person(session.name, _csrf(secret))

    async def by_token(self, secret: str) -> Person | None:
        """The person of a token. One made by the command line beside us is found within two seconds."""
        key = _digest(secret)
        if key not in self._tokens and self.clock.now() - self._loaded_at >= _RELOAD_EVERY_S:
            await self._load_tokens()
        token = self._tokens.get(key)
        return None if token is None else Person(token.name)

    async def sign_out(self, secret: str) -> None:
        """End the session everywhere."""
        await self._state.commit(Changes(records=_deleted(SESSIONS, [_digest(secret)])))
        self._sessions.pop(_digest(secret), None)

    async def make_token(self, name: str, label: str) -> str:
        """A new token of `name`; its secret is returned this once."""
        secret, row = new_token(name, label, self.clock.now())
        await self._state.commit(Changes(records=(row,)))
        await self._load_tokens()
        return secret

    async def drop_token(self, name: str, key: str) -> bool:
        """Withdraw one of the person's own tokens by the first characters of its stored hash; whether it was there."""
        whole = [known for known, token in self._tokens.items() if known.startswith(key) and token.name == name]
        if len(whole) != 1:
            return False
        await self._state.commit(Changes(records=_deleted(TOKENS, whole)))
        del self._tokens[whole[0]]
        return True

    def tokens(self, name: str) -> Sequence[tuple[str, Token]]:
        """The person's tokens, each with the first 12 characters of its stored hash."""
        return [(key[:12], token) for key, token in self._tokens.items() if token.name == name]

    async def _load_tokens(self) -> None:
        rows = await self._state.records(TOKENS)
        self._tokens = {row.key: msgspec.json.decode(row.body, type=Token) for row in rows if row.body}
        self._loaded_at = self.clock.now()


def csrf_fits(person: Person, given: str) -> bool:
    """Whether a form carries its session's own word."""
    return bool(person.csrf) and compare_digest(person.csrf.encode(), given.encode())


def _alive(session: Session, now: float) -> bool:
    return now - session.seen < IDLE_S and now - session.begun < LONGEST_S


def _deleted(bucket: str, keys: Sequence[str]) -> tuple[RecordRow, ...]:
    return tuple(RecordRow(bucket, key, None) for key in keys)


def _digest(secret: str) -> str:
    return blake2b(secret.encode(), digest_size=32).hexdigest()


def _csrf(secret: str) -> str:
    # Derived from the session's secret: who does not have the cookie cannot make it, and nothing more is stored.
    return blake2b(b"form", key=secret.encode(), digest_size=32).hexdigest()
