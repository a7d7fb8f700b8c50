from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from opsguide.world.systemd import Systemd

if TYPE_CHECKING:
    from pathlib import Path


def test_the_service_manager_hears_what_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
        assert systemd.notify("READY=1")
        assert manager.recv(64) == b"READY=1"
        assert systemd.watchdog_s == 15.0


def test_without_a_service_manager_nobody_is_told(tmp_path: Path) -> None:
    assert not Systemd({}).notify("READY=1")
    assert not Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).notify("READY=1")
    assert Systemd({}).watchdog_s is None
