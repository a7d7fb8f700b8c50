"""What a contact claims; its judge remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach somebody. by: email, phone, slack, pagerduty, url or the guide's own word. to: as written."""

    by: str
    to: str


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a rotation. after_s: how long the one before it has, where the guide says so."""

    role: str
    name: str = ""
    ways: tuple[Way, ...] = ()
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who can be reached, or a rotation of such.

    role: as written; of a rotation its heading. name: the person or team. address: the first way. availability: as
    written ("24/7"). contact: what the guide writes where an address should stand ("@slack / phone"). steps: the places
    of a rotation in their order, () of a single contact. open: what stands where a name or an address should ("TBD").
    """

    role: str
    name: str = ""
    address: str = ""
    availability: str = ""
    contact: str = ""
    ways: tuple[Way, ...] = ()
    steps: tuple[Step, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactMemory:
    """Nothing: the statement is about the guide itself."""
