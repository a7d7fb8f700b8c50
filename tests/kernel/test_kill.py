"""kill -9 at random moments under load: nothing is lost, nothing is told under a second id, and clocks go on.

Ten kills by default; OPSGUIDE_KILLS=200 for the long form.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from opsguide.store.sqlite import SqliteState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opsguide.core.ports import FlipRow, Snapshot, StoredNotice

KILLS = int(os.environ.get("OPSGUIDE_KILLS", "10"))
ROOT = Path(__file__).resolve().parents[2]


class Sink(BaseHTTPRequestHandler):
    """Remembers what it was sent: (id, body), in order."""

    protocol_version = "HTTP/1.1"
    got: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers["webhook-id"], body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def sink() -> Iterator[int]:
    """A receiver on loopback; its port."""
    Sink.got.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server.server_address[1]
        server.shutdown()
        serving.join()


def _live(folder: Path, port: int, for_s: float) -> float:
    """One life, ended by kill -9 (for_s > 0: that long after it said it lives) or by itself; when it was ready."""
    command = [sys.executable, "-m", "tests.kernel.lives_until_killed", str(folder), str(port), "0" if for_s else "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"lives\n"
        ready = time.time()
        if for_s:
            time.sleep(for_s)
            child.send_signal(signal.SIGKILL)
        child.wait(60)
        assert child.returncode == (-signal.SIGKILL if for_s else 0)
    return ready


async def _read(folder: Path) -> tuple[tuple[int, str], Sequence[FlipRow], Sequence[StoredNotice], Snapshot]:
    state = SqliteState(folder / "state.db")
    snapshot = await state.open()
    try:
        return (
            await state.verify(),
            list(reversed(await state.flips(limit=1_000_000))),
            list(reversed(await state.notices(limit=1_000_000))),
            snapshot,
        )
    finally:
        await state.close()


@pytest.mark.server
def test_kill_9_at_random_moments_loses_nothing_and_tells_nothing_twice(tmp_path: Path, sink: int) -> None:
    chance = random.Random(20260101)
    for _ in range(KILLS):
        _live(tmp_path, sink, chance.uniform(0.02, 0.6))
    _live(tmp_path, sink, 0)  # the last one settles what is pending
    (rows, wrong), flips, notices, snapshot = asyncio.run(_read(tmp_path))

    assert wrong == ""
    assert rows > KILLS
    _unbroken(flips)
    _heard_once(flips, snapshot)
    _told_once(notices)
    _clocks_went_on(flips)


def _unbroken(flips: Sequence[FlipRow]) -> None:
    """Of each subject every flip begins where the one before ended, numbered without a gap.

    Only a part that was forgotten (it held) begins again from unknown, with a higher number.
    """
    by_subject: dict[tuple[str, str], list[FlipRow]] = defaultdict(list)
    for flip in flips:
        by_subject[flip.claim, flip.subject].append(flip)
    assert len(by_subject) >= 12
    for of_one in by_subject.values():
        for before, after in pairwise(of_one):
            forgotten = after.subject != "" and before.after == "holds"
            assert after.before == ("unknown" if forgotten else before.after)
            assert after.sequence > before.sequence if forgotten else after.sequence == before.sequence + 1
            assert after.at >= before.at


def _heard_once(flips: Sequence[FlipRow], snapshot: Snapshot) -> None:
    """The machine stepped exactly once for every flip that concerned it: flip and step are one transaction."""
    wanted: dict[str, int] = defaultdict(int)
    for flip in flips:
        name = flip.claim.removeprefix("toy-")
        wanted[name] += flip.after == "broken" or (flip.before, flip.after) == ("broken", "holds")
    heard = {row.key: msgspec.json.decode(row.state)["changes"] for row in snapshot.machines}
    assert heard == {name: count for name, count in wanted.items() if count}


def _told_once(notices: Sequence[StoredNotice]) -> None:
    """What was sent is what the outbox says, each id with one content, in order, firing and resolved by turns."""
    sent: dict[str, set[bytes]] = defaultdict(set)
    for name, body in Sink.got:
        sent[name].add(body)
    assert len(sent) > 10
    assert all(len(bodies) == 1 for bodies in sent.values())
    assert set(sent) == {notice.id for notice in notices if notice.state == "accepted"}
    assert all(notice.state == "accepted" for notice in notices)
    groups: dict[str, list[int]] = defaultdict(list)
    for notice in notices:
        groups[notice.key].append(int(notice.id.rpartition("-")[2]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in groups.values())
    for key, numbers in groups.items():
        heard = [n for n in dict.fromkeys(i for i, _ in Sink.got) if n.startswith(f"{key}-")]
        assert heard == [f"{key}-{n}" for n in numbers]


def _clocks_went_on(flips: Sequence[FlipRow]) -> None:
    """The one that is always bad waited once, over every kill, and broke as soon as its time was over."""
    slow = [flip for flip in flips if flip.claim.endswith("slow")]
    assert [flip.after for flip in slow] == ["waiting", "broken"]
    assert slow[1].at - slow[0].at >= 2.0
