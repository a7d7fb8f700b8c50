"""Wall time; the one place that reads it."""

from __future__ import annotations

import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix seconds UTC."""
        return time.time()
