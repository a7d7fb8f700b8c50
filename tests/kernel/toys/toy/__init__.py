"""A toy kind: `- toy NAME every=60 for=120 ...` holds while GET http://toy/NAME answers 200."""

from __future__ import annotations

from .judge import judge, react
from .machine import Machine
from .run import run
from .spec import Memory, Toy, plan, read


class Kind:
    name = "toy"
    spec = Toy
    memory = Memory
    machine = Machine()
    read = staticmethod(read)
    plan = staticmethod(plan)
    run = staticmethod(run)
    judge = staticmethod(judge)
    react = staticmethod(react)


KIND = Kind()
