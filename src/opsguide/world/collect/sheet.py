"""What collectors share: a sheet of samples in the making, and the parts of a DSN."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np

from opsguide.core.ports import Samples, WorldFault

if TYPE_CHECKING:
    from collections.abc import Callable

_ODD = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Sheet:
    """Samples in the making, in the text form of the exposition format. A key given twice keeps its last value."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._kinds: dict[str, str] = {}

    def gauge(self, name: str, value: float | None, /, **labels: str) -> None:
        """Note a gauge; None (nothing known) is left out."""
        self._note("gauge", name, value, labels)

    def counter(self, name: str, value: float | None, /, **labels: str) -> None:
        """Note a counter; None is left out."""
        self._note("counter", name, value, labels)

    def _note(self, kind: str, name: str, value: float | None, labels: dict[str, str]) -> None:
        if value is None:
            return
        self._kinds[name] = kind
        inside = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in sorted(labels.items()))
        self._values[f"{name}{{{inside}}}" if inside else name] = float(value)

    def samples(self) -> Samples:
        """All that was noted, in that order."""
        return Samples(list(self._values), np.fromiter(self._values.values(), np.float64), self._kinds)


def metric_name(text: str) -> str:
    """`text` as part of a metric name: lower case, odd characters as underscores."""
    return _ODD.sub("_", text).lower()


def as_number(text: object) -> float | None:
    """A server's value as a number: numbers, on/off, yes/no, true/false, ok/err; None where it is none of them."""
    if isinstance(text, bool | int | float):
        return None if isinstance(text, float) and math.isnan(text) else float(text)
    word = str(text).strip().lower()
    if word in {"on", "yes", "true", "ok", "up", "connect"}:
        return 1.0
    if word in {"off", "no", "false", "err", "down"}:
        return 0.0
    try:
        return float(word)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Dsn:
    """A database's address with its secrets filled. port 0: the usual one."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    database: str = ""
    scheme: str = ""
    options: tuple[tuple[str, str], ...] = ()


def dsn_parts(text: str, resolve: Callable[[str], str]) -> Dsn:
    """The parts of `scheme://user:${PASSWORD}@host:port/database?x=y`.

    References are filled part by part, so that a password may hold any character. Raises WorldFault("nonsense").
    """
    try:
        url = urlsplit(text)
        port = url.port or 0
    except ValueError as error:
        raise WorldFault("nonsense", f"the collector's address is no URL: {error}") from None

    def part(value: str | None) -> str:
        return resolve(unquote(value or ""))

    # urlsplit lower-cases host names, which would spoil a reference's name.
    host = url.netloc.rpartition("@")[2]
    host = host.rpartition(":")[0] if url.port else host
    return Dsn(
        host=part(host.strip("[]")) or "127.0.0.1",
        port=port,
        user=part(url.username),
        password=part(url.password),
        database=part(url.path.lstrip("/")),
        scheme=url.scheme,
        options=tuple((name, resolve(value)) for name, value in parse_qsl(url.query)),
    )
