"""The shop's users: roles, sign-in that can fail, lock-out after five failures, last login."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsguide.examples.dried_fruits.shelf import Shelf

FAILURES = 5
LOCKED_S = 900.0
FIRST = (("admin@shop.test", "admin"), ("clerk@shop.test", "clerk"), ("customer@shop.test", "viewer"))
PASSWORD = "open sesame"
"""Of the demo's own users, who hold nothing."""
ROUNDS = 20_000


def hashed(password: str, salt: str = "") -> str:
    """A salted hash as it is stored."""
    salt = salt or secrets.token_hex(8)
    return f"{salt}${hashlib.pbkdf2_hmac('sha256', password.encode(), salt.encode(), ROUNDS).hex()}"


def matches(password: str, stored: str) -> bool:
    """Whether this is the password."""
    return hmac.compare_digest(hashed(password, stored.partition("$")[0]), stored)


async def enrol(shelf: Shelf) -> None:
    """The first users, one of each role."""
    if (await shelf.ask("select count(*) from users"))[0][0] == 0:
        for number, (email, role) in enumerate(FIRST, start=1):
            insert = "insert into users (id, email, role, password) values (?, ?, ?, ?)"
            await shelf.do(insert, number, email, role, hashed(PASSWORD))


async def sign_in(shelf: Shelf, email: str, password: str, now: float) -> str:
    """Sign in at `now`, Unix seconds; returns "" or why not. Five failures lock the account for 15 minutes."""
    rows = await shelf.ask("select password, is_active, failed, locked_until from users where email = ?", email)
    if not rows:
        return "unknown user"
    stored, active, failed, locked_until = rows[0]
    if not active:
        return "user is not active"
    if locked_until > now:
        return "account locked"
    if matches(password, stored):
        await shelf.do("update users set failed = 0, locked_until = 0, last_login = ? where email = ?", now, email)
        return ""
    until = now + LOCKED_S if failed + 1 >= FAILURES else 0.0
    await shelf.do("update users set failed = failed + 1, locked_until = ? where email = ?", until, email)
    return "wrong password"
