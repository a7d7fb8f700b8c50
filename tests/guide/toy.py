"""A kind for the compiler's tests: claims every block, with its text as the subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.block import Section
from opsguide.core.nouns import Claim, Judged, Plan, State, Verdict
from opsguide.core.settings import Settings
from opsguide.guide.compile import Source, compile_guide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.guide import Guide
    from opsguide.core.kind import Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Evidence, Flip
    from opsguide.core.ports import World

    Read = Callable[[Node, Context], Iterable[Claim["Words"] | Mend]]


PLAIN = Settings(native={})
"""Settings that state nothing themselves."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the toy understood."""

    text: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class NoMemory:
    """Nothing."""


def claim(node: Node, text: str, *, kind: str = "toy", subject: str | None = None, more: str = "") -> Claim[Words]:
    """A claim of the toy at a node."""
    return Claim(kind, text[:40], text if subject is None else subject, node.place, Words(text, more), f"says {text}")


def every_block(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
    """One claim for each block, with its placeholders as needs."""
    if isinstance(node, Section):
        return
    text = getattr(node, "text", "table")
    filled = context.fill(text)
    found = claim(node, text)
    yield Claim(found.kind, found.title, found.subject, found.place, found.spec, found.understood, filled.needs)


class Toy:
    """A kind that reads with a function of the test and does nothing else."""

    spec = Words
    memory = NoMemory
    machine: AnyMachine | None = None

    def __init__(self, read: Read = every_block, name: str = "toy") -> None:
        self.name = name
        self._read = read

    def read(self, node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        return self._read(node, context)

    def plan(self, claim: Claim[Words]) -> Plan:
        return Plan()

    async def run(self, batch: Batch[Words], world: World) -> Sequence[Evidence]:
        return ()

    def judge(self, claim: Claim[Words], memory: NoMemory, evidence: Evidence | None, now: float) -> Judged[NoMemory]:
        return Judged(Verdict(State.UNKNOWN, "it is a toy"), memory)

    def react(self, claim: Claim[Words], flip: Flip) -> Iterable[Effect]:
        return ()


def guide(text: str | bytes, *kinds: Toy, settings: Settings | None = None) -> Guide:
    """The guide of one file `g.md`."""
    data = text.encode() if isinstance(text, str) else text
    return compile_guide([Source("g.md", data)], kinds, settings or PLAIN)
