from __future__ import annotations

from opsguide.kernel.once import KEPT, Once


def test_each_text_is_first_once_and_memory_is_bounded() -> None:
    once = Once()
    assert [once.is_first(text) for text in ("a", "b", "a")] == [True, True, False]
    assert all(once.is_first(str(n)) for n in range(KEPT))
    assert once.is_first("a")
