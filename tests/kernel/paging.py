"""A random operations day and a simple model of who must be told what: support of test_paging.py.

The day runs on the real kinds, kernel, store and series; only the network and the clock are simulated. The model knows
nothing of groups, ledgers or outboxes: it compares what each receiver believes with what was true and visible, once
things had stood still for long enough. Model times are loop seconds, which a gap of the wall clock does not move.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from opsguide.core.ports import WorldFault
from opsguide.kernel.app import App, Parts
from opsguide.kernel.kinds import discover
from opsguide.store.series import SeriesStore
from opsguide.store.sqlite import SqliteState
from opsguide.tell.webhook import RECEIVER
from opsguide.world.sim.loop import SimClock
from opsguide.world.sim.world import SimWorld, reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from opsguide.core.ports import HttpReply, HttpRequest, MailReply
    from opsguide.core.ports import Mail as Mailed

Key = tuple[str, ...]
"""An alert as the model names it: (alertname, instance), or (ClaimBroken, kind, subject)."""
KINDS = discover()
SETTLED_S = 720.0
"""Two scrapes and two evaluations, a start, a minute after a gap of the clock, and the longest pause of a retry."""
LOOK_S = 60.0
ACCEPTING = frozenset({"ok", "slow", "mute"})


# ---- what is stated ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """One rule of the guide. limit None: it watches `up` of one target instead of the load of all."""

    name: str
    for_s: int
    severity: str
    limit: int | None
    target: int = 0
    comment: int = 0
    there: bool = True

    def lines(self) -> list[str]:
        expr = f'up{{job="t{self.target}"}} == 0' if self.limit is None else f"load > {self.limit}"
        return [
            f"- alert: {self.name}",
            f"  # edition {self.comment}",
            f"  expr: {expr}",
            *([f"  for: {self.for_s}s"] if self.for_s else []),
            "  labels:",
            f"    severity: {self.severity}",
        ]

    def instances(self, targets: int) -> list[int]:
        return list(range(targets)) if self.limit is not None else [self.target] if self.target < targets else []


@dataclass(frozen=True)
class Stated:
    """The guide as it stands."""

    targets: int
    rules: tuple[Rule, ...]
    group_by: str
    wait_s: int
    interval_s: int
    repeat_s: int
    critical: str | None
    """The receiver of the child route for severity critical; None: there is no such route."""
    path: str = "hook"
    """Of the receivers' addresses; nobody answers at `typo`."""
    words: str = ""
    """Conditions in words, which opsguide infers alerts from."""

    def text(self) -> str:
        jobs = [f"  - job_name: t{n}\n    static_configs:\n      - targets: ['t{n}:80']" for n in range(self.targets)]
        rules = [line for rule in self.rules if rule.there for line in rule.lines()]
        route = [
            "route:",
            "  receiver: a",
            f"  group_by: {self.group_by}",
            f"  group_wait: {self.wait_s}s",
            f"  group_interval: {self.interval_s}s",
            f"  repeat_interval: {self.repeat_s}s",
        ]
        if self.critical is not None:
            route += ["  routes:", '    - matchers: [severity="critical"]', f"      receiver: {self.critical}"]
        hooks = [f"  - name: {n}\n    webhook_configs:\n      - url: http://{n}/{self.path}" for n in "ab"]
        blocks = [["scrape_configs:", *jobs], rules, [*route, "receivers:", *hooks]]
        return (
            "# Shop operations\n\n## Health checks\n\n```bash\ncurl -f http://t0:80/health\n```\n\n"
            "## Daily tasks\n\n- [ ] Read the log\n\n## Alerts\n\n"
            + self.words
            + "\n".join("```yaml\n" + "\n".join(lines) + "\n```\n" for lines in blocks if lines)
        )

    def receiver(self, severity: str) -> str:
        return self.critical if severity == "critical" and self.critical is not None else "a"

    def watches(self, target: int) -> bool:
        return any(r.there and r.limit is None and r.target == target for r in self.rules)


@dataclass(frozen=True)
class Event:
    """Something that happens, so many seconds after the event before."""

    after_s: float
    what: str
    which: int = 0
    how: Any = None


# ---- what happens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """One notice as it reached a receiver. accepted: the receiver has it, whatever opsguide learned of that."""

    at: float
    hook: str
    id: str
    made: float
    accepted: bool
    refused: bool
    body: Any


@dataclass
class Track:
    """What a thing was, from when on."""

    times: list[float] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def set(self, at: float, value: Any) -> None:
        self.times.append(at)
        self.values.append(value)

    def at(self, when: float) -> Any:
        return self.values[max(bisect_right(self.times, when) - 1, 0)]

    def during(self, start: float, end: float) -> list[Any]:
        """Every value it had in the closed interval."""
        return [self.at(start), *(v for t, v in zip(self.times, self.values, strict=True) if start < t <= end)]


class Net:
    """The targets and the receivers."""

    def __init__(self, day: Day) -> None:
        self.day = day

    async def http(self, request: HttpRequest) -> HttpReply:
        host, _, path = request.url.removeprefix("http://").partition("/")
        if request.method == "POST":
            return await self._hook(host, path, request)
        up, load = self.day.targets[int(host[1])].at(self.day.now)
        await asyncio.sleep(0.01)
        if not up:
            raise WorldFault("refused", f"{host} refused")
        if path == "health":
            return reply(200)
        exposed = f"# TYPE load gauge\nload {load}\n# TYPE queue_length gauge\nqueue_length {load}\n"
        return reply(200, exposed, (("content-type", "text/plain; version=0.0.4"),))

    async def _hook(self, name: str, path: str, request: HttpRequest) -> HttpReply:
        day, headers = self.day, dict(request.headers)
        mode = "hang" if path == "typo" else self.day.hooks[name].at(self.day.now)
        made = float(headers["webhook-timestamp"])
        body = json.loads(request.body)
        post = Post(day.now, name, headers["webhook-id"], made, mode in ACCEPTING, mode == "bad", body)
        day.posts.append(post)
        await asyncio.sleep({"slow": 5.0, "hang": request.timeout_s, "mute": request.timeout_s}.get(mode, 0.02))
        if mode in {"hang", "mute"}:
            raise WorldFault("timeout", f"{name} said nothing")
        return reply({"fail": 500, "bad": 400}.get(mode, 200))

    async def tcp(self, host: str, port: int, timeout_s: float) -> float:
        raise NotImplementedError

    async def smtp(self, mail: Mailed) -> MailReply:
        raise NotImplementedError


class Day:
    """One day: the guide in a folder, the events, and the record of all that was so."""

    def __init__(self, folder: Path, stated: Stated, events: Sequence[Event], trial: str = "0s") -> None:
        self.folder, self.events = folder, events
        self.clock = SimClock()
        self.posts: list[Post] = []
        self.stated, self.alive, self.offset = Track(), Track(), Track()
        self.targets = [Track() for _ in range(stated.targets)]
        self.hooks = {"a": Track(), "b": Track()}
        self.checks: list[float] = []
        for target in self.targets:
            target.set(0.0, (True, 0))
        for hook in self.hooks.values():
            hook.set(0.0, "ok")
        self.alive.set(0.0, value=False)
        self.offset.set(0.0, self.clock.base)
        self._state(stated)
        (folder / "opsguide.toml").write_text(f'[notify]\ntrial = "{trial}"\n[collect]\nhost = false\n')

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def _state(self, stated: Stated) -> None:
        self.stated.set(self.now, stated)
        (self.folder / "guide.md").write_text(stated.text())

    def _app(self) -> App:
        series = SeriesStore(self.folder / "series", inline=True)
        world = replace(SimWorld(clock=self.clock).world, series=series, net=Net(self))
        parts = Parts(
            state=SqliteState(self.folder / "state.db", inline=True),
            series=series,
            clock=self.clock,
            world=lambda edition, trusted: world,
            kinds=KINDS,
            receivers={"webhook": RECEIVER},
            watch_s=None,
        )
        return App([str(self.folder / "guide.md")], parts)

    async def live(self) -> None:
        """Every event in turn; then all stays as it is, and then all is well, each for long enough."""
        left = list(self.events)
        while left:
            async with self._life() as app:
                down_s = await self._until_killed(app, left)
            await asyncio.sleep(down_s)
        async with self._life():
            for hook in self.hooks.values():
                hook.set(self.now, "ok")
            await self._rest()
            for target in self.targets:
                target.set(self.now, (True, 0))
            await self._rest()

    def _life(self) -> _Life:
        return _Life(self, self._app())

    async def _rest(self) -> None:
        await asyncio.sleep(SETTLED_S + 1200)
        self.checks.append(self.now - 1e-6)

    async def _until_killed(self, app: App, left: list[Event]) -> float:
        while left:
            event = left.pop(0)
            await asyncio.sleep(event.after_s)
            self.checks.append(self.now - 1e-6)
            if event.what == "kill":
                return float(event.how)
            await self._happens(app, event)
        return 0.0

    async def _happens(self, app: App, event: Event) -> None:
        match event.what:
            case "load":
                target = self.targets[event.which % len(self.targets)]
                target.set(self.now, (target.at(self.now)[0], event.how))
            case "up":
                target = self.targets[event.which % len(self.targets)]
                target.set(self.now, (event.how, target.at(self.now)[1]))
            case "hook":
                self.hooks["ab"[event.which % 2]].set(self.now, event.how)
            case "gap":
                self.clock.base += event.how
                self.offset.set(self.now, self.clock.base)
            case "edit":
                self._state(edited(self.stated.at(self.now), event))
                await app.reload()
                assert not app.broken_edits, app.broken_edits

    def loop_time(self, wall: float) -> float:
        """The loop time of a wall time; inside a gap, that of the gap."""
        bases = zip(self.offset.times, self.offset.values, strict=True)
        return min(max(began, wall - float(base)) for began, base in bases)

    def lived(self, start: float, end: float) -> float:
        """Seconds of an interval in which opsguide ran."""
        cuts = [start, *(t for t in self.alive.times if start < t < end), end]
        return sum(b - a for a, b in pairwise(cuts) if self.alive.at(a))

    def back(self, end: float, lived_s: float) -> float:
        """The latest time before `end` since which opsguide ran for so many seconds (0.0 where it never did)."""
        cuts = [end, *(t for t in reversed(self.alive.times) if t < end), 0.0]
        for after, before in pairwise(cuts):
            here = self.lived(before, after)
            if here >= lived_s and here > 0:
                return after - lived_s
            lived_s -= here
        return 0.0


class _Life:
    """One process; leaving it is as good as kill -9, for nothing is written at the end."""

    def __init__(self, day: Day, app: App) -> None:
        self.day, self.app = day, app

    async def __aenter__(self) -> App:
        await self.app.__aenter__()
        self.day.alive.set(self.day.now, value=True)
        return self.app

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.day.alive.set(self.day.now, value=False)
        await self.app.__aexit__(kind, fault, trace)


def edited(stated: Stated, event: Event) -> Stated:
    """The guide after an edit."""
    which = event.which % len(stated.rules)
    rule = stated.rules[which]
    match event.how:
        case "limit":
            rule = replace(rule, limit=None if rule.limit is None else 130 - rule.limit)
        case "comment":
            rule = replace(rule, comment=rule.comment + 1)
        case "rule":
            rule = replace(rule, there=not rule.there)
        case "group_by":
            now = stated.group_by
            return replace(stated, group_by="[alertname, instance]" if now == "[alertname]" else "[alertname]")
        case "route":
            return replace(stated, critical={"a": "b", "b": None, None: "a"}[stated.critical])
        case "url":
            return replace(stated, path="typo" if stated.path == "hook" else "hook")
    return replace(stated, rules=(*stated.rules[:which], rule, *stated.rules[which + 1 :]))


# ---- what must follow ----------------------------------------------------------------------------------------------


def key_of(labels: dict[str, str]) -> Key:
    if labels["alertname"] == "ClaimBroken":
        return ("ClaimBroken", labels["kind"], labels.get("subject", ""))
    return (labels["alertname"], labels.get("instance", ""))


class Model:
    """Checks the posts of a day; `faults` are sentences."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.faults: list[str] = []
        self.beliefs: dict[tuple[str, Key], Track] = {}

    def check(self) -> list[str]:
        self._same_bodies()
        for hook in self.day.hooks:
            self._told_once(hook)
        for when in self.day.checks:
            self._settled(when)
        return self.faults

    def _fault(self, text: str) -> None:
        self.faults.append(text)

    def _same_bodies(self) -> None:
        bodies: dict[str, Any] = {}
        for post in self.day.posts:
            if bodies.setdefault(post.id, post.body) != post.body:
                self._fault(f"{post.at:.0f}: id {post.id} stands for two contents")

    def _told_once(self, hook: str) -> None:
        """What is new is told; what is not, only when repeat_interval is over; nothing ends that nobody was told of."""
        known: dict[Key, str] = {}
        last: dict[Key, float] = {}
        seen: set[str] = set()
        tried: set[str] = set()
        for post in self.day.posts:
            if post.hook == hook and post.refused and post.id in tried:
                # It said no after an attempt that may have arrived: whether it knows is anybody's guess.
                known |= {key_of(alert["labels"]): "unsure" for alert in post.body["alerts"]}
            tried |= {post.id} if post.hook == hook else set()
            if post.hook != hook or not post.accepted or post.id in seen:
                continue
            seen.add(post.id)
            news = False
            for alert in post.body["alerts"]:
                key, status = key_of(alert["labels"]), alert["status"]
                if status == "resolved" and known.get(key) not in {"firing", "unsure"}:
                    self._fault(f"{post.at:.0f}: {hook} is told the end of {key}, which it was not told of")
                if known.get(key, "resolved") != status:
                    news = True
                    self.beliefs.setdefault((hook, key), Track([0.0], ["resolved"])).set(post.at, status)
                    self._is_true(post, alert, key)
                known[key] = status
            ages = [post.made - last[key_of(a["labels"])] for a in post.body["alerts"] if key_of(a["labels"]) in last]
            repeat_s = min(s.repeat_s for s in self.day.stated.values)
            if not news and ages and min(ages) < repeat_s - 1:
                self._fault(f"{post.at:.0f}: {hook} is told again after {min(ages):.0f} s: {sorted(known)}")
            last |= {key_of(a["labels"]): post.made for a in post.body["alerts"]}

    # ---- the truth

    def _rule(self, key: Key, when: float) -> Rule | None:
        found = (r for r in self.day.stated.at(when).rules if r.there and r.name == key[0])
        return next(found, None)

    def _true(self, key: Key, when: float) -> bool | None:
        """Whether what the alert says was so; None: it could not be seen."""
        day = self.day
        if key[0] == "ClaimBroken":
            if key[1] == "task":
                return None
            return not day.targets[int(key[2][1]) if key[2] else 0].at(when)[0]
        rule = self._rule(key, when)
        if rule is None:
            return False
        up, load = day.targets[int(key[1][1])].at(when)
        if rule.limit is None:
            return not up
        return bool(load > rule.limit) if up else None

    def _moments(self, start: float, end: float) -> list[float]:
        """Times at which each state of the interval can be asked for."""
        tracks = [self.day.stated, *self.day.targets]
        return [start, *(t for track in tracks for t in track.times if start < t <= end)]

    def _is_true(self, post: Post, alert: dict[str, Any], key: Key) -> None:
        """A page is of something that was seen, an end of something that was seen to be over, or edited away."""
        day = self.day
        if alert["status"] == "resolved":
            end = day.loop_time(datetime.fromisoformat(alert["endsAt"]).timestamp())
            seen = {self._true(key, t) for t in self._moments(day.back(end, LOOK_S), end)}
            if False not in seen and "ended" not in alert["annotations"] and key[:2] != ("ClaimBroken", "task"):
                self._fault(f"{post.at:.0f}: {post.hook} is told that {key} ended at {end:.0f}, which nobody could see")
            return
        begin = day.loop_time(datetime.fromisoformat(alert["startsAt"]).timestamp())
        seen = {self._true(key, t) for t in self._moments(day.back(begin, LOOK_S), begin)}
        if True not in seen and key[:2] != ("ClaimBroken", "task"):
            self._fault(f"{post.at:.0f}: {post.hook} is paged for {key} since {begin:.0f}, when it was not so")

    def _settled(self, when: float) -> None:
        """Where all stood still for long enough, a receiver believes what is so."""
        stated: Stated = self.day.stated.at(when)
        keys: list[tuple[Key, str, int]] = [
            ((rule.name, f"t{n}:80"), rule.severity, rule.for_s)
            for rule in stated.rules
            for n in rule.instances(stated.targets)
        ]
        keys += [(("ClaimBroken", "scrape", f"t{n}:80"), "critical", 30) for n in range(stated.targets)]
        keys.append((("ClaimBroken", "probe", ""), "critical", 30))
        for key, severity, for_s in keys:
            since = self.day.back(when, for_s + max(stated.interval_s, stated.wait_s) + SETTLED_S)
            if since <= 0 or stated.path == "typo" or len(self.day.stated.during(since, when)) > 1:
                continue
            for hook in self.day.hooks:
                if set(self.day.hooks[hook].during(since, when)) <= {"ok", "slow"}:
                    self._believes(hook, key, stated, severity, since, when)

    def _believes(self, hook: str, key: Key, stated: Stated, severity: str, since: float, when: float) -> None:
        truths = {self._true(key, t) for t in self._moments(since, when)}
        track = self.beliefs.get((hook, key))
        belief = track.at(when) if track is not None else "resolved"
        meant = stated.receiver(severity) == hook
        watched = key[:2] == ("ClaimBroken", "scrape") and stated.watches(int(key[2][1]))
        if truths == {True} and meant and not watched and belief != "firing":
            self._fault(f"{when:.0f}: {hook} was not told of {key}, so since {since:.0f} or before")
        if (truths == {False} or not meant) and belief == "firing":
            self._fault(f"{when:.0f}: {hook} was not told the end of {key}, so since {since:.0f} or before")
