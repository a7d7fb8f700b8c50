"""What tests of a kind's `read` and `run` share: a context, blocks, and a batch."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from opsguide.core.block import EMPTY, Fence, Heading, Inherited, Line, Place
from opsguide.core.kind import Batch, Context, Filled
from opsguide.core.nouns import Job, Lane

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from opsguide.core.kind import AnyKind
    from opsguide.core.nouns import Claim

_OPEN = re.compile(r"\[[a-z][\w-]*\]|yourdomain\.com|service-name")


class Fills:
    """Fills names that are bound; `[name]`, yourdomain.com and service-name are open otherwise."""

    def __init__(self, bindings: Mapping[str, str]) -> None:
        self.bindings = bindings

    def __call__(self, text: str, *, code: bool = True) -> Filled:
        """`text` with the bound names replaced, longest first."""
        for name in sorted(self.bindings, key=len, reverse=True):
            text = text.replace(name, self.bindings[name])
        return Filled(text, tuple(dict.fromkeys(_OPEN.findall(text))) if code else ())


def heading(text: str, level: int = 2, line: int = 1) -> Heading:
    """A heading of the guide."""
    return Heading(level, text, text.lower(), Place("guide.md", line, line))


def context(
    *headings: str,
    bindings: Mapping[str, str] = EMPTY,
    defaults: Mapping[str, float] | None = None,
    annotation: Mapping[str, str] = EMPTY,
    title: str = "",
) -> Context:
    """Where a node stands."""
    path = tuple(heading(text, level) for level, text in enumerate(headings, start=2))
    return Context("guide.md", path, Inherited(), Fills(bindings), defaults or {}, annotation, title)


def fence(text: str, language: str = "bash", line: int = 10) -> Fence:
    """A fence whose first content line is `line + 1`."""
    rows = text.strip("\n").split("\n")
    lines = tuple(Line(number, row) for number, row in enumerate(rows, start=line + 1))
    return Fence(Place("guide.md", line, line + len(rows) + 1), language, lines)


def batch(claim: Claim[Any], name: str = "look", timeout_s: float = 10.0) -> Batch[Any]:
    """One job of one claim."""
    return Batch("key", ((claim, Job(claim.id, name, None, Lane.PROBE, timeout_s, "key")),))


def seed_lines(kind: AnyKind, path: Path) -> list[int]:
    """The lines of a guide at which a kind alone states something, further places included."""
    from opsguide.core.settings import parse_settings
    from opsguide.guide.compile import Source, compile_guide

    settings = replace(parse_settings("", "opsguide.toml"), native={})
    guide = compile_guide([Source("guide.md", path.read_bytes())], [kind], settings)
    return sorted(place.line for claim in guide.claims for place in (claim.place, *claim.places))
