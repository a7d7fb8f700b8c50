"""The same timelines as a real Alertmanager was driven through, and the same notifications from the machine."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

from opsguide.core.block import Fence, Inherited, Line, Place
from opsguide.core.facts import AlertChanged, NoticeSettled, Woken
from opsguide.core.kind import Context, Filled
from opsguide.core.machine import Send
from opsguide.core.nouns import Claim, Notice
from opsguide.core.units import duration_s
from opsguide.kinds.routing import KIND
from opsguide.kinds.routing.machine import RoutingMachine
from opsguide.tell.webhook import payload

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.kinds.routing.machine import Book, Config

START = 1_790_000_000.0
TOLERANCE_S = 0.8
SAME = ("grouping", "group_by_all", "repeat_fraction", "inhibition", "continue", "resolve", "old_alert", "max_alerts")


def as_written(text: str, *, code: bool = True) -> Filled:
    return Filled(text)


def config(text: str) -> Config:
    rows = tuple(Line(number, row) for number, row in enumerate(text.split("\n"), start=1))
    context = Context("a.yml", (), Inherited(), as_written, {}, {})
    read = KIND.read(Fence(Place("a.yml", 1, len(rows)), "yaml", rows), context)
    return RoutingMachine().config([claim for claim in read if isinstance(claim, Claim)], {"/receiver": ""})


class Played:
    """A timeline against the machine; every notice is accepted at once."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.machine = RoutingMachine()
        self.states: dict[str, tuple[Book, float | None]] = {}
        self.sent: list[Notice] = []
        self.now = START

    def signal(self, event: AlertChanged | NoticeSettled | Woken) -> None:
        for key in self.machine.keys(self.config, event):
            state = self.states.pop(key, (None, None))[0]
            stepped = self.machine.step(self.config, key, state, event, self.now)
            if stepped.state is not None:
                self.states[key] = (stepped.state, stepped.wake_at)
            for effect in stepped.effects:
                assert isinstance(effect, Send)
                self.sent.append(effect.notice)
                self.signal(NoticeSettled(effect.notice.id, key, accepted=True, at=self.now))

    def until(self, at: float) -> None:
        while due := [(w, key) for key, (_, w) in self.states.items() if w is not None and w <= at]:
            self.now, key = max(self.now, min(due)[0]), min(due)[1]
            self.signal(Woken(key))
        self.now = at


def alerts(posts: list[tuple[float, list[dict[str, Any]]]], timeout_s: float) -> list[tuple[float, AlertChanged]]:
    """Posts as Alertmanager takes them in: without an end they end resolve_timeout after the last post."""
    events: list[tuple[float, AlertChanged]] = []
    ends: dict[tuple[tuple[str, str], ...], tuple[float, AlertChanged]] = {}
    for at, batch in posts:
        for post in batch:
            labels = tuple(sorted((k, v) for k, v in post["l"].items() if v))
            start = at if post["s"] is None else post["s"]
            end = post["e"]
            if not labels or (end is not None and end < start):
                continue
            annotations = tuple(sorted(post["a"].items()))
            fires = AlertChanged(labels, annotations, START + start, 0.0, "", source=post["g"] or "")
            ended = at + timeout_s if end is None else end
            ends[labels] = (ended, AlertChanged(labels, annotations, START + start, START + ended, ""))
            events.append((at, fires) if ended > at else (at, ends[labels][1]))
    return sorted([*events, *ends.values()], key=lambda event: event[0])


def play(scenario: dict[str, Any]) -> list[dict[str, Any]]:
    made = config(scenario["config"].replace("$HOOK", "http://hook"))
    timeout = scenario["config"].partition("resolve_timeout: ")[2].partition("}")[0]
    posts = [(step[0], step[2]) for step in scenario["steps"] if step[1] == "post"]
    played = Played(made)
    for at, event in alerts(posts, duration_s(timeout) or 300.0):
        if at > scenario["end"]:
            break
        played.until(START + at)
        played.signal(event)
    played.until(START + scenario["end"])
    return [{**payload(notice), "t": notice.at - START, "path": _path(notice)} for notice in played.sent]


def _path(notice: Notice) -> str:
    return notice.settings["url"].removeprefix("http://hook")


def told(notes: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Per path and group in order: what was said, without times and addresses."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    keys = ("receiver", "status", "groupLabels", "commonLabels", "commonAnnotations", "truncatedAlerts")
    shown = ("status", "labels", "annotations", "fingerprint", "generatorURL")
    for note in sorted(notes, key=lambda note: float(note["t"])):
        said = {key: note[key] for key in keys} | {"alerts": [{k: a[k] for k in shown} for a in note["alerts"]]}
        found.setdefault((note["path"], note["groupKey"]), []).append(said)
    return found


def times(notes: list[dict[str, Any]]) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {}
    for note in sorted(notes, key=lambda note: float(note["t"])):
        found.setdefault((note["path"], note["groupKey"]), []).append(float(note["t"]))
    return found


@pytest.mark.seeds
@pytest.mark.parametrize("name", SAME)
def test_the_machine_says_what_alertmanager_says_at_the_same_time(seeds: Path, name: str) -> None:
    accept = seeds.parent / "accept"
    spec = importlib.util.spec_from_file_location("alert_diff", accept / "alert_diff.py")
    assert spec is not None
    assert spec.loader is not None
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    wanted = json.loads((accept / "alert_expected" / f"{name}.json").read_text())["notifications"]
    found = play(harness.S[name])
    assert told(found) == told(wanted)
    for group, expected in times(wanted).items():
        late = [abs(a - b) for a, b in zip(times(found)[group], expected, strict=True)]
        assert max(late) <= TOLERANCE_S, (group, times(found)[group], expected)
