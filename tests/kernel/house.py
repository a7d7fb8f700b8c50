"""A house of one toy guide in a folder, on a simulated world: what the kernel's tests start and stop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from opsguide.core.ports import HttpRequest
from opsguide.kernel.app import App, Parts
from opsguide.kernel.kinds import beside
from opsguide.store.sqlite import SqliteState
from opsguide.world.sim.loop import SimClock
from opsguide.world.sim.world import SimWorld, reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.kind import AnyKind
    from opsguide.core.nouns import Notice
    from opsguide.core.ports import HttpReply, MailReply
    from opsguide.core.settings import EmailSettings
    from opsguide.tell.outcome import Outcome

TOYS = Path(__file__).parent / "toys"


def toys(folder: Path = TOYS) -> tuple[AnyKind, ...]:
    """The toy kind alone, so that no real kind reads the toy guide."""
    return tuple(beside(folder))


@dataclass(frozen=True, slots=True)
class Answered:
    accepted: bool
    permanent: bool
    detail: str
    retry_after_s: float | None = None


class Receiver:
    """Posts the notice as JSON with its id; 200 is accepted, 4xx is for good."""

    name = "toy"

    def request(self, notice: Notice, email: EmailSettings) -> HttpRequest:
        body = msgspec.json.encode({"id": notice.id, "status": notice.status, "reason": notice.reason})
        return HttpRequest("POST", notice.settings["url"], (("webhook-id", notice.id),), body)

    def verdict(self, reply: HttpReply | MailReply) -> Outcome:
        status = getattr(reply, "status", 0)
        retry = dict(getattr(reply, "headers", ())).get("retry-after")
        answered: Any = Answered(
            status == 200, 400 <= status < 500 and status != 429, f"status {status}", float(retry) if retry else None
        )
        found: Outcome = answered
        return found


class House:
    """folder/guide.md and its settings, one simulated world, and as many lives as the test asks for."""

    def __init__(self, folder: Path, *lines: str, settings: str = "") -> None:
        self.folder = folder
        self.sim = SimWorld(clock=SimClock())
        self.sim.net.on("http://toy/", reply(200))
        self.sim.net.on("http://sink/", reply(200))
        self.write(*lines)
        (folder / "opsguide.toml").write_text(settings or '[notify]\ntrial = "0s"\n')

    def write(self, *lines: str) -> None:
        """A new edition of the guide."""
        (self.folder / "guide.md").write_text("# Toy shop\n\n## Toys\n\n" + "".join(f"- {line}\n" for line in lines))

    def app(self, paths: Sequence[str] = ("guide.md",), **more: Any) -> App:
        """One life of it; leaving it is as good as kill -9, for nothing is written at the end."""
        parts: dict[str, Any] = {
            "state": SqliteState(self.folder / "state.db", inline=True),
            "series": self.sim.series,
            "clock": self.sim.clock,
            "world": lambda edition, trusted: self.sim.world,
            "kinds": toys(),
            "receivers": {"toy": Receiver()},
            "watch_s": None,
        }
        return App([str(self.folder / path) for path in paths], Parts(**(parts | more)))

    def bad(self, name: str, status: int = 500) -> None:
        """From now on the toy answers so."""
        self.sim.net.on(f"http://toy/{name}", reply(status))

    def good(self, name: str) -> None:
        """From now on the toy is well."""
        self.sim.net.on(f"http://toy/{name}", reply(200))

    def parts(self, name: str, words: str) -> None:
        """From now on the toy names these bad parts ("none" for no part)."""
        self.sim.net.on(f"http://toy/{name}", reply(200, words))

    @property
    def sent(self) -> Sequence[dict[str, str]]:
        """Every notice that left, in order, also those not accepted."""
        return [msgspec.json.decode(r.body) for _, r in self.sim.net.requests if r.method == "POST"]


def states(app: App) -> dict[str, str]:
    """Claim's subject words -> state."""
    return {view.claim.subject: view.verdict.state.value for view in app.claims()}
