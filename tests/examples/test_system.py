"""What every example system rests on: parts by their pid, faults by the control socket, a folder that is ours."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from opsguide.examples.line import Refused, ask
from opsguide.examples.system import (
    PARTS,
    Fault,
    Part,
    System,
    claim_folder,
    controlled,
    end_leftovers,
    started,
)

if TYPE_CHECKING:
    from pathlib import Path

WAITS = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_part_that_ends_at_once_says_why(tmp_path: Path) -> None:
    part = Part("short", [sys.executable, "-c", "raise SystemExit('no room')"], tmp_path / "log", lambda: False)
    with pytest.raises(RuntimeError, match="no room"):
        part.start()


def test_a_fault_is_done_and_undone_by_a_second_command(tmp_path: Path) -> None:
    done: list[str] = []
    system = System(tmp_path)
    system.faults["tap"] = Fault("the tap drips", lambda: done.append("break"), lambda: done.append("heal"))
    with controlled(system):
        assert ask(tmp_path, {"do": "break", "what": "tap"})["said"] == "tap: the tap drips"
        with pytest.raises(Refused, match="broken already"):
            ask(tmp_path, {"do": "break", "what": "tap"})
        with pytest.raises(Refused, match="there are tap"):
            ask(tmp_path, {"do": "break", "what": "roof"})
        assert ask(tmp_path, {"do": "state"})["broken"] == ["tap"]
        assert ask(tmp_path, {"do": "heal"})["said"] == "healed: tap"
        assert ask(tmp_path, {"do": "heal"})["said"] == "nothing is broken"
    assert done == ["break", "heal"]


def test_where_no_demo_runs_nothing_is_broken(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no demo runs"):
        ask(tmp_path, {"do": "break", "what": "database"})


def test_a_socket_is_found_under_a_long_path_too(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    with controlled(System(deep)):
        assert ask(deep, {"do": "state"})["broken"] == []


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("mine")
    with pytest.raises(Refused, match="not empty"):
        claim_folder(tmp_path, ours=False)
    assert (tmp_path / "letter").read_text() == "mine"


def test_a_folder_where_a_demo_runs_is_refused(tmp_path: Path) -> None:
    with controlled(System(tmp_path)), pytest.raises(Refused, match="already"):
        claim_folder(tmp_path, ours=True)


def test_what_a_killed_demo_left_is_ended_and_nothing_else(tmp_path: Path) -> None:
    ours, other = subprocess.Popen(WAITS), subprocess.Popen(WAITS)
    try:
        known = [
            {"name": "a", "pid": ours.pid, "since": started(ours.pid)},
            {"name": "b", "pid": other.pid, "since": 1.0},
        ]
        (tmp_path / PARTS).write_text(json.dumps(known))
        end_leftovers(tmp_path)
        assert ours.poll() is not None
        assert other.poll() is None
    finally:
        for one in (ours, other):
            one.kill()
            one.wait()
