"""Says each fault of ours once, not every fifteen seconds for as long as it lasts."""

from __future__ import annotations

KEPT = 1000
"""Texts remembered; beyond that the list begins again: what raises a thousand texts is worth repeating."""


class Once:
    """Remembers what was said."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def is_first(self, text: str) -> bool:
        """Whether this text was not said before."""
        if text in self._said:
            return False
        if len(self._said) >= KEPT:
            self._said.clear()
        self._said.add(text)
        return True
