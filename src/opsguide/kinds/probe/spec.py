"""What a probe claims, and what its judge remembers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """A health address that answers, or a check script that ends well (then `command` stands and `url` does not).

    expect_status: the status that the guide states; None: anything below 400, as `curl -f` has it. headers and user may
    hold `${NAME}` references. every_s, limit_s: how often it is looked at, and how long it may take.
    """

    url: str | None = None
    method: str | None = None
    path: str | None = None
    expect_status: int | None = None
    command: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user: str = ""
    follow: bool = False
    insecure: bool = False
    ca_file: str = ""
    every_s: float = 15.0
    limit_s: float = 10.0


@dataclass(frozen=True, slots=True)
class ProbeMemory:
    """failures: in a row, counted up to the number that breaks. held: whether it ever held under this text."""

    failures: int = 0
    held: bool = False
