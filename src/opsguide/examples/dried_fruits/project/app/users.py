"""The shop's users for a person at a prompt: `reset_password`, `activity`, `unlock`, `locked`."""

from __future__ import annotations

import time

from opsguide.examples.dried_fruits.people import hashed

from .database import do, rows


def reset_password(email: str, password: str) -> None:
    """Give a user a new password and let them in again. Raises SystemExit where there is no such user."""
    _known(email)
    do("update users set password = ?, failed = 0, locked_until = 0 where email = ?", hashed(password), email)
    print("password updated")


def activity(email: str) -> None:
    """Print what is known of a user."""
    role, active, failed, locked_until, last = _known(email)
    seen = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(last)) if last else "never"
    print(f"role: {role}\nlast login: {seen}\nactive: {bool(active)}\nfailed logins since: {failed}")
    print(f"locked: {locked_until > time.time()}")


def unlock(email: str) -> None:
    """Let a user in again who guessed too often."""
    _known(email)
    do("update users set failed = 0, locked_until = 0 where email = ?", email)
    print("unlocked")


def locked() -> list[str]:
    """Who is locked out now."""
    return [str(row[0]) for row in rows("select email from users where locked_until > ?", time.time())]


def _known(email: str) -> tuple[str, int, int, float, float]:
    found = rows("select role, is_active, failed, locked_until, last_login from users where email = ?", email)
    if not found:
        raise SystemExit(f"no user {email}")
    role, active, failed, until, last = found[0]
    return str(role), int(active), int(failed), float(until), float(last)
