"""systemd's notify protocol: READY=1, WATCHDOG=1, STOPPING=1 (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Systemd:
    """Tells the service manager what we do; without one (no NOTIFY_SOCKET) it tells nobody."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ is an abstract socket, whose name begins with a zero byte.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        limit = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s: float | None = int(limit) / 2e6 if limit.isdigit() and int(limit) else None
        """How often WATCHDOG=1 is to be told: half of what the unit allows; None where it has no watchdog."""

    def notify(self, message: str) -> bool:
        """Tell it, e.g. "READY=1"; whether somebody was there to hear."""
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.sendto(message.encode(), self._address)
        except OSError:
            return False
        return True
