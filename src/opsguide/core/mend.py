"""The user-facing error: where, what is wrong, and the smallest change that would help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opsguide.core.block import Place


class Level(StrEnum):
    """How much a finding weighs. Errors make `check` exit 1; `--strict` counts warnings too."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Mend:
    """A fault of the guide (or of opsguide.toml), with its mend. A finding of `rules` is a Mend too.

    rule: `area/name`; `opsguide explain area/name` shows its page. others: further places of the same fault.
    """

    at: Place
    wrong: str
    mend: str
    rule: str
    level: Level = Level.ERROR
    others: tuple[Place, ...] = ()


class Unusable(Exception):  # noqa: N818 -- it is shown to the user, who reads a sentence and no class name
    """The input cannot be used at all (exit code 2): no such file, not text, too large, settings that do not parse.

    Not frozen: a frozen exception loses the user's sentence on its way through a context manager.
    """

    def __init__(self, mends: tuple[Mend, ...]) -> None:
        """Carry every fault that was found, not only the first."""
        super().__init__("; ".join(f"{mend.at}: {mend.wrong}" for mend in mends))
        self.mends = mends
