"""The user-facing error."""

from opsguide.core.block import Place
from opsguide.core.mend import Mend, Unusable


def test_unusable_keeps_every_fault_and_says_them() -> None:
    first = Mend(Place("a.md", 1, 1), "not text", "save it as UTF-8", "file/utf8")
    fault = Unusable((first, Mend(Place("b.md", 2, 2), "gone", "name another", "file/missing")))
    assert str(fault) == "a.md:1:1: not text; b.md:2:1: gone"
    assert fault.mends[0] is first
