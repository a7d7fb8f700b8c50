"""A kernel that only shows what a test put into it, and a client that calls the application without a socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np

from opsguide.core.block import Place
from opsguide.core.nouns import Claim, Known, State, Verdict
from opsguide.core.ports import Answer, Changes, EvidenceRow, FlipRow, Metric, Point, RangeAnswer, VerdictRow
from opsguide.core.settings import AuthSettings, Settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.kernel.view import Change, ClaimView, Foreseen, Health
from opsguide.store.sqlite import SqliteState
from opsguide.web.app import build
from opsguide.web.auth import Auth

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from starlette.applications import Starlette

    from opsguide.core.guide import Guide
    from opsguide.core.mend import Mend
    from opsguide.core.ports import LoggedEvidence, Samples, StoredNotice, Target
    from opsguide.core.ports import State as StatePort

NOW = 1_800_000_000.0
HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"
TEXT = """# Fruit shop

## Health

- **CPU usage**: below 70 %
- **Response time**: below 500 ms

## Alerts

```yaml
- alert: Slow
  expr: latency > 2
- alert: Down
  expr: up == 0
```

| metric | normal |
|--------|--------|
| disk   | < 80 % |

## Daily

- [ ] Read the log
"""


@dataclass(frozen=True, slots=True)
class Spec:
    name: str = ""
    expr: str = ""
    for_s: float | None = None
    severity: str | None = None
    command: str | None = None
    job: str | None = None
    path: str | None = None


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at


class FakeSeries:
    """Knows `up` and `latency`, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ranges = 0

    async def append(self, target: Target, at: float, samples: Samples) -> None:
        raise NotImplementedError

    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        self.asked += exprs
        return [self._answer(expr) for expr in exprs]

    def _answer(self, expr: str) -> Answer:
        if expr == "1+1":
            return Answer((Point((), 2.0),), scalar=True)
        if "up" in expr:
            labels = (("__name__", "up"), ("job", "shop"))
            return Answer((Point(labels, 1.0), Point((*labels, ("x", "y")), float("nan"))))
        if expr.startswith("count by (job)"):
            return Answer((Point((("job", "shop"),), 3.0), Point((("job", "db"),), 1.0)))
        return Answer((), error=f"1:1: parse error in {expr}")

    async def query_range(self, expr: str, start: float, end: float, step_s: float) -> RangeAnswer:
        self.ranges += 1
        if "bad" in expr:
            return RangeAnswer((), np.array([]), np.empty((0, 0)), error="1:1: parse error")
        times = np.arange(start, end + step_s / 2, step_s)
        rows = np.vstack([np.linspace(0, 1, len(times)), np.full(len(times), np.nan)])
        rows[0, 1] = np.nan
        if expr.startswith("opsguide_claim_value"):
            named = (("__name__", "opsguide_claim_value"), ("name", "value_ratio"))
            return RangeAnswer((named,), times, rows[:1])
        return RangeAnswer(((("job", "shop"),), (("job", "gone"),)), times, rows)

    async def catalogue(self) -> Mapping[str, Metric]:
        return {
            "up": Metric("up", "gauge", 2, NOW, {"job": ("shop",)}),
            "latency": Metric("latency", "histogram", 1, NOW, {"le": ("1",)}),
        }


@dataclass
class FakeRunning:
    """core of a test: set what it shows, look at what it was asked to do."""

    guides: Sequence[Guide]
    state: StatePort
    views: list[ClaimView]
    series: FakeSeries = field(default_factory=FakeSeries)
    broken_edits: Mapping[str, tuple[Mend, ...]] = field(default_factory=dict)
    acts: list[tuple[str, ...]] = field(default_factory=list)
    shown_health: Health = field(default_factory=lambda: Health(ready=True, stuck=(), counters={"steps_total": 3.0}))
    refuses: str = ""
    foreseen: dict[str, Foreseen | None] = field(default_factory=dict)
    listeners: list[asyncio.Queue[Change]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def claims(self) -> Sequence[ClaimView]:
        return self.views

    def claim(self, claim_id: str) -> ClaimView | None:
        if claim_id == "explode":
            raise RuntimeError("secret detail of ours")
        return next((view for view in self.views if view.claim.id == claim_id), None)

    def would_tell(self, claim_id: str) -> Foreseen | None:
        return self.foreseen.get(claim_id, Foreseen(why_not="it is shown, and pages nobody"))

    def health(self) -> Health:
        return self.shown_health

    async def changes(self) -> AsyncIterator[Change]:
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self.listeners.append(queue)
        self.heard.set()
        while True:
            yield await queue.get()

    def change(self, kind: str, claim: str = "") -> None:
        for queue in self.listeners:
            queue.put_nowait(Change(kind, claim, NOW))

    async def tick(self, claim_id: str, by: str, note: str) -> str:
        self.acts.append(("tick", claim_id, by, note))
        return self.refuses

    async def trust(self, claim_id: str, by: str, until: float) -> str:
        self.acts.append(("trust", claim_id, by, str(until)))
        return self.refuses

    async def run_now(self, claim_ids: Sequence[str]) -> None:
        raise NotImplementedError

    async def notices(self, limit: int = 100) -> Sequence[StoredNotice]:
        return await self.state.notices(limit=limit)

    async def evidence(self, claim_id: str, limit: int = 100) -> Sequence[LoggedEvidence]:
        return await self.state.evidence(claim=claim_id, limit=limit)

    async def flips(self, claim_id: str, limit: int = 100) -> Sequence[FlipRow]:
        return await self.state.flips(claim=claim_id, limit=limit)


def claim_at(line: int, kind: str, title: str, spec: Spec = Spec(), **more: Any) -> Claim[Spec]:
    identity = f"{kind}-shop-{title.lower().replace(' ', '-')}"
    place = Place("guide.md", line, line)
    return replace(Claim(kind, title, title.lower(), place, spec, f"{title} is watched", id=identity), **more)


def seen(claim: Claim[Any], verdict: Verdict, since: float = NOW - 600, subjects: tuple[Known, ...] = ()) -> ClaimView:
    return ClaimView("guide", claim, verdict, since, NOW - 4, subjects or (Known(claim.id, "", 1, since, verdict),))


def shop(text: str = TEXT) -> tuple[Guide, list[ClaimView]]:
    """A guide with one claim of each state that its text has a place for."""
    guide = compile_guide([Source("guide.md", text.encode())], (), Settings())
    firing = Verdict(State.BROKEN, "above 2 s for 6 min", "2.31 s", "<= 2 s")
    slow = claim_at(11, "alert", "Slow", Spec("Slow", "latency > 2", 300, "warning"))
    labels = (("instance", "a:1"),)
    firing_at = Known(slow.id, "a:1", 1, NOW - 360, firing, labels, (("summary", "slow"),), values=(("value", 2.31),))
    views = [
        seen(claim_at(5, "threshold", "CPU usage"), Verdict(State.HOLDS, "41 % is below 70 %", "41 %", "< 70 %")),
        seen(claim_at(6, "threshold", "Response time"), Verdict(State.BROKEN, "above 500 ms", "2.31 s"), NOW - 370),
        seen(slow, firing, NOW - 360, (firing_at,)),
        seen(claim_at(13, "alert", "Down", Spec("Down", "up == 0")), Verdict(State.UNKNOWN, "up was never seen")),
        seen(claim_at(19, "threshold", "disk", needs=("[disk]",)), Verdict(State.UNBOUND, "lacks [disk]")),
        seen(claim_at(23, "task", "Read the log"), Verdict(State.WAITING, "due at 09:00")),
    ]
    return replace(guide, claims=tuple(view.claim for view in views)), views


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Calls the application as a server would, each call with an ordinary client's headers unless told otherwise."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.headers: dict[str, str] = {"host": HOST}

    async def get(self, path: str, **headers: str | None) -> Reply:
        return await self.call("GET", path, b"", **headers)

    async def form(self, path: str, fields: Mapping[str, str], **headers: str | None) -> Reply:
        named = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN} | headers
        return await self.call("POST", path, urlencode(fields).encode(), **named)

    async def post(self, path: str, body: object, **headers: str | None) -> Reply:
        named = {"content-type": "application/json", "origin": ORIGIN} | headers
        return await self.call("POST", path, json.dumps(body).encode(), **named)

    async def call(self, method: str, path: str, body: bytes = b"", **headers: str | None) -> Reply:
        named = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(n.encode(), v.encode()) for n, v in named.items() if v is not None],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
        }
        sent: list[Any] = []
        inbox = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return inbox.pop() if inbox else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = sent[0]
        said = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], said, b"".join(message.get("body", b"") for message in sent[1:]))

    async def sign_in(self, name: str = "Ada") -> str:
        """Sign in; the further calls carry the session. Returns the session's word for forms."""
        auth: Auth = self.app.state.site.auth
        answer = await self.form("/sign-in", {"link": auth.link(name)})
        assert answer.status == 303, answer
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.headers["cookie"] = cookie
        person = await auth.by_session(cookie.partition("=")[2])
        assert person is not None
        return person.csrf


@dataclass(frozen=True, slots=True)
class Stage:
    """One running application of a test."""

    running: FakeRunning
    clock: Clock
    auth: Auth
    call: Caller


async def stage(*, settings: AuthSettings | None = None, text: str = TEXT) -> Stage:
    """The shop on a state of its own in memory, with a row of evidence and a flip for its slow alert."""
    guide, views = shop(text)
    state = SqliteState(Path(":memory:"))
    await state.open()
    running = FakeRunning([guide], state, views)
    clock = Clock()
    auth = Auth(state, clock)
    await auth.open()
    await state.commit(_history("alert-shop-slow"))
    app = build(running, auth, listen=HOST, settings=settings or AuthSettings())
    return Stage(running, clock, auth, Caller(app))


def _history(claim: str) -> Changes:
    body = json.dumps({"because": "2.31 s", "labels": [["instance", "a:1"]], "value": "2.31 s"}).encode()
    return Changes(
        evidence=(EvidenceRow(NOW - 360, claim, "a:1", "firing", ok=False, topic="", by="", body=body),),
        verdicts=(VerdictRow(claim, "a:1", 0, 1, b"{}", None),),
        flips=(FlipRow(claim, "a:1", 1, NOW - 360, "waiting", "broken", body),),
    )


def page(path: str, *, person: str = "", prepare: Callable[[Stage], object] | None = None) -> str:
    """The text of a page, as nobody in particular sees it, or as that person does."""

    async def scene() -> str:
        on = await stage()
        if prepare is not None:
            prepare(on)
        if person:
            await on.call.sign_in(person)
        reply = await on.call.get(path)
        assert reply.status == 200, reply
        return reply.text

    return asyncio.run(scene())
