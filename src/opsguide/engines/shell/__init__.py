"""Shell text of a guide: its steps, what each command would do, and which programs it needs. Nothing is run."""

from opsguide.engines.shell.effect import Effect, effect, worst
from opsguide.engines.shell.statements import EffectClass
from opsguide.engines.shell.steps import LANGUAGES, Block, Step, block, looks_run, programs, shape, steps

__all__ = [
    "LANGUAGES",
    "Block",
    "Effect",
    "EffectClass",
    "Step",
    "block",
    "effect",
    "looks_run",
    "programs",
    "shape",
    "steps",
    "worst",
]
