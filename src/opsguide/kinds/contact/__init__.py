"""Kind contact: who is reached, where and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.nouns import Plan
from opsguide.kinds.contact.judge import judge
from opsguide.kinds.contact.read import read
from opsguide.kinds.contact.spec import Contact, ContactMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.core.block import Node
    from opsguide.core.kind import AnyKind, Batch, Context
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Judged
    from opsguide.core.ports import World


class Contacts:
    """See `core.kind.Kind`."""

    name = "contact"
    spec = Contact
    memory = ContactMemory
    machine: AnyMachine | None = None

    def read(self, node: Node, context: Context) -> Iterable[Claim[Contact] | Mend]:
        """Tables, rotations and lists of addresses."""
        return read(node, context)

    def plan(self, claim: Claim[Contact]) -> Plan:
        """Nothing runs: what is lacking is known from the text."""
        del claim
        return Plan()

    async def run(self, batch: Batch[Contact], world: World) -> Sequence[Evidence]:
        """Nothing runs."""
        del batch, world
        return ()

    def judge(
        self, claim: Claim[Contact], memory: ContactMemory, evidence: Evidence | None, now: float
    ) -> Judged[ContactMemory]:
        """Somebody with an address."""
        return judge(claim, memory, evidence, now)

    def react(self, claim: Claim[Contact], flip: Flip) -> Iterable[Effect]:
        """Nothing: a gap shows, and pages nobody."""
        del claim, flip
        return ()


KIND: AnyKind = Contacts()
