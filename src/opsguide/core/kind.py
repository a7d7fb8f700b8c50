"""The interface of a kind of claim. One folder under kinds/ holds one kind; its `__init__` sets `KIND`.

All but `run` are pure: they take data and `now` and return data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opsguide.core.block import Heading, Inherited, Node
    from opsguide.core.machine import AnyMachine, Effect
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim, Evidence, Flip, Job, Judged, Plan
    from opsguide.core.ports import World
    from opsguide.core.settings import EmailSettings

S = TypeVar("S")
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text of the guide with its placeholders filled. needs: names of those that have no value yet, as written."""

    text: str
    needs: tuple[str, ...] = ()


class Fill(Protocol):
    """Fills placeholders from `[bindings]`; longest names first; `${NAME}` references to secrets stay as they are."""

    def __call__(self, text: str, *, code: bool = True) -> Filled:
        """Fill `text`. code: False in prose, where `[x]` is a link or a checkbox and no placeholder."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Where a node stands.

    path: headings from the outermost to the nearest. inherited: what they say. annotation: `opsguide:` comment or
    fence attributes that belong to this node. fill: the placeholders. defaults: `[defaults]` of opsguide.toml, seconds.
    email: `[email]`; None where the settings are not known.
    """

    file: str
    path: tuple[Heading, ...]
    inherited: Inherited
    fill: Fill
    defaults: Mapping[str, float]
    annotation: Mapping[str, str]
    title: str = ""
    email: EmailSettings | None = None


@dataclass(frozen=True, slots=True)
class Batch(Generic[S]):
    """Jobs of one kind that share a key (a rule group, a host), run together."""

    key: str
    jobs: tuple[tuple[Claim[S], Job], ...]


class Kind(Protocol[S, M]):
    """A kind of claim with spec S and judging memory M (both frozen dataclasses that msgspec encodes; M() is empty)."""

    @property
    def name(self) -> str:
        """The kind's one name everywhere: folder, id, CLI, URL, docs page, metric label."""
        ...

    @property
    def spec(self) -> type[S]:
        """The class of its spec."""
        ...

    @property
    def memory(self) -> type[M]:
        """The class of its judging memory; at most 4 kB a subject when encoded."""
        ...

    @property
    def machine(self) -> AnyMachine | None:
        """The machine that this kind brings, if any."""
        ...

    def read(self, node: Node, context: Context) -> Iterable[Claim[S] | Mend]:
        """Claims that this node states, without ids. Called once for every section and once for every block."""
        ...

    def plan(self, claim: Claim[S]) -> Plan:
        """What a live claim asks for. Not called while `claim.needs` is not empty."""
        ...

    async def run(self, batch: Batch[S], world: World) -> Sequence[Evidence]:
        """Observe or act. The world's faults become evidence with ok=False; nothing is raised for them."""
        ...

    def judge(self, claim: Claim[S], memory: M, evidence: Evidence | None, now: float) -> Judged[M]:
        """Fold one piece of evidence, or the mere passing of time (None), into the subject's verdict."""
        ...

    def react(self, claim: Claim[S], flip: Flip) -> Iterable[Effect]:
        """What a flip sets off."""
        ...


AnyKind = Kind[Any, Any]
"""Kinds together, as the kernel holds them: a spec or memory only meets the kind it came from."""
