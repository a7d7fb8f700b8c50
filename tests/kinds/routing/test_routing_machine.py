"""The machine: who is told, when, and never twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from opsguide.core.block import Fence, Inherited, Line, Place
from opsguide.core.facts import AlertChanged, NoticeSettled, Woken
from opsguide.core.kind import Context, Filled
from opsguide.core.machine import Send, Signal, Withdraw
from opsguide.core.nouns import Claim
from opsguide.engines.routing import Route
from opsguide.kinds.routing import KIND
from opsguide.kinds.routing.machine import Book, Config, Plan, RoutingMachine

if TYPE_CHECKING:
    from opsguide.core.facts import Event
    from opsguide.core.machine import Effect
    from opsguide.core.nouns import Notice

HOOK = """
receivers:
- name: team
  webhook_configs:
  - url: http://hook/team
- name: quiet
  webhook_configs:
  - {url: http://hook/quiet, send_resolved: false}
"""
ROUTE = "route: {receiver: team, group_by: [alertname], group_wait: 10s, group_interval: 60s, repeat_interval: 1h%s}\n"


def fence(text: str) -> Fence:
    rows = tuple(Line(number, row) for number, row in enumerate(text.split("\n"), start=1))
    return Fence(Place("guide.md", 1, len(rows)), "yaml", rows)


def fill(text: str, *, code: bool = True) -> Filled:
    return Filled(text)


def config(text: str, *, receiver: str = "") -> Config:
    context = Context("guide.md", (), Inherited(), fill, {}, {})
    claims = [claim for claim in KIND.read(fence(text), context) if isinstance(claim, Claim)]
    return RoutingMachine().config(claims, {"guide/receiver": receiver, "receiver": receiver})


@dataclass
class House:
    """The kernel in small: timers, the queue of effects, the outbox, and a state that is encoded at every step."""

    config: Config
    now: float = 1000.0
    states: dict[str, tuple[bytes, float | None]] = field(default_factory=dict)
    outbox: list[tuple[str, Notice]] = field(default_factory=list)
    settled: int = 0
    answers: bool | None = True
    verdicts: dict[str, bool] = field(default_factory=dict)
    machine: RoutingMachine = field(default_factory=RoutingMachine)
    withdrawn: list[str] = field(default_factory=list)

    def signal(self, event: Event) -> None:
        for key in self.machine.keys(self.config, event):
            stored = self.states.get(key)
            state = msgspec.json.decode(stored[0], type=Book) if stored else None
            stepped = self.machine.step(self.config, key, state, event, self.now)
            self._keep(key, stepped.state, stepped.wake_at)
            self._work(key, stepped.effects)

    def _keep(self, key: str, state: Book | None, wake_at: float | None) -> None:
        self.states.pop(key, None)
        if state is not None:
            self.states[key] = (msgspec.json.encode(state), wake_at)

    def _work(self, key: str, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.outbox.append((key, effect.notice))
            elif isinstance(effect, Signal):
                self.signal(effect.event)
            elif isinstance(effect, Withdraw):
                self.withdrawn.append(effect.notice)

    def deliver(self) -> None:
        while self.answers is not None and self.settled < len(self.outbox):
            key, notice = self.outbox[self.settled]
            self.settled += 1
            self.verdicts[notice.id] = self.answers
            self.signal(NoticeSettled(notice.id, key, self.answers, self.now))

    def until(self, at: float) -> None:
        self.deliver()
        while (due := min((w for _, w in self.states.values() if w is not None), default=at + 1)) <= at:
            self.now = max(self.now, due)
            for key in [k for k, (_, w) in self.states.items() if w is not None and w <= self.now]:
                self.signal(Woken(key))
            self.deliver()
        self.now = at

    def reload(self, changed: Config) -> None:
        self.config = changed
        for key in list(self.states):
            state = msgspec.json.decode(self.states[key][0], type=Book)
            stepped = self.machine.reload(changed, key, state, self.now)
            self._keep(key, stepped.state, stepped.wake_at)
            self._work(key, stepped.effects)

    def alert(self, name: str = "Down", *, ends: bool = False, why: str = "", **labels: str) -> None:
        pairs = tuple(sorted({"alertname": name, **labels}.items()))
        ends_at = self.now if ends else 0.0
        self.signal(AlertChanged(pairs, (), self.now, ends_at, "alert/guide/down", why=why))

    def told(self) -> list[tuple[float, str, str, int]]:
        return [(n.at - 1000, n.receiver, n.status, len(n.alerts)) for _, n in self.outbox]


def test_an_alert_pages_once_after_group_wait_and_resolves_once() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert()
    house.until(1500)
    assert house.told() == [(10, "team", "firing", 1)]
    house.alert(ends=True)
    house.until(5000)
    assert house.told()[1:] == [(550, "team", "resolved", 1)]
    assert house.states == {}


def test_alerts_of_one_group_come_in_one_notice_and_late_ones_at_the_next_interval() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert(instance="a")
    house.until(1005)
    house.alert(instance="b")
    house.until(1020)
    house.alert(instance="c")
    house.until(1200)
    assert house.told() == [(10, "team", "firing", 2), (70, "team", "firing", 3)]
    notice = house.outbox[0][1]
    assert notice.key == '{}:{alertname="Down"}'
    assert notice.group_labels == (("alertname", "Down"),)
    assert notice.common_labels == (("alertname", "Down"),)


def test_a_firing_group_is_told_again_after_repeat_interval_exactly() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert()
    house.until(1000 + 2 * 3600 + 30)
    assert house.told() == [(at, "team", "firing", 1) for at in (10, 3610, 7210)]


def test_what_ends_before_anybody_was_told_is_never_told() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert()
    house.until(1005)
    house.alert(ends=True)
    house.until(3000)
    assert house.told() == []
    assert house.states == {}


def test_an_end_that_nobody_fired_makes_no_group() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert(ends=True)
    assert house.states == {}


def test_an_alert_from_outside_ends_by_itself_unless_its_sender_repeats_it() -> None:
    house = House(config(ROUTE % "" + HOOK))
    for at in (1000.0, 1060.0):
        house.until(at)
        house.signal(AlertChanged((("alertname", "Far"),), (), 1000.0, at + 240.0, ""))
    house.until(1290)
    assert [
        (status, n.alerts[0].ends_at) for (*_, status, _), (_, n) in zip(house.told(), house.outbox, strict=True)
    ] == [("firing", 0.0)]
    house.until(1500)
    assert [status for _, _, status, _ in house.told()] == ["firing", "resolved"]
    assert house.outbox[1][1].alerts[0].ends_at == 1300.0


MUTED = """
time_intervals:
- name: night
  time_intervals: [{times: [{start_time: "00:20", end_time: "01:00"}]}]
"""


def test_an_end_that_a_mute_hides_is_told_when_the_mute_is_over() -> None:
    house = House(config(ROUTE % ", routes: [{mute_time_intervals: [night]}]" + HOOK + MUTED))
    house.alert()
    house.until(1300)
    house.alert(ends=True)
    house.until(3590)
    assert [status for _, _, status, _ in house.told()] == ["firing"]
    house.until(3700)
    assert [status for _, _, status, _ in house.told()] == ["firing", "resolved"]
    house.until(3800)
    assert house.states == {}


def test_an_alert_that_comes_back_after_a_hidden_end_pages_again() -> None:
    house = House(config(ROUTE % ", routes: [{mute_time_intervals: [night]}]" + HOOK + MUTED))
    house.alert()
    house.until(1300)
    house.alert(ends=True)
    house.until(3550)
    house.alert()
    house.until(3700)
    assert [status for _, _, status, _ in house.told()] == ["firing", "firing"]


def test_a_refused_notice_is_tried_again_at_the_next_flush_under_a_new_id() -> None:
    house = House(config(ROUTE % "" + HOOK), answers=False)
    house.alert()
    house.until(1040)
    house.answers = True
    house.until(1200)
    assert [at for at, *_ in house.told()] == [10, 70]
    first, second = (notice.id for _, notice in house.outbox)
    assert first != second


def test_an_end_waits_for_the_page_before_it_and_is_told_at_once_after_that() -> None:
    house = House(config(ROUTE % "" + HOOK), answers=None)
    house.alert()
    house.until(1100)
    house.alert(ends=True)
    house.until(1500)
    assert house.told() == [(10, "team", "firing", 1)]
    house.answers = True
    house.until(1501)
    assert house.told()[1:] == [(500, "team", "resolved", 1)]


def test_a_receiver_without_send_resolved_hears_no_end_but_every_new_start() -> None:
    house = House(config(ROUTE.replace("team", "quiet") % "" + HOOK))
    house.alert()
    house.alert(instance="b")
    house.until(1100)
    house.alert(ends=True)
    house.until(1200)
    house.alert()
    house.until(1300)
    assert [status for _, _, status, _ in house.told()] == ["firing", "firing"]


def test_a_reason_for_an_end_is_shown() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert()
    house.until(1020)
    house.alert(ends=True, why="statement removed")
    house.until(1100)
    notice = house.outbox[1][1]
    assert notice.reason == "all alerts resolved (statement removed)"
    assert dict(notice.alerts[0].annotations) == {"ended": "statement removed"}


def test_a_guide_without_a_route_tells_the_default_receiver() -> None:
    house = House(config(HOOK, receiver="team"))
    house.alert(service="shop", instance="a")
    house.alert(service="shop", instance="b")
    house.until(1100)
    assert house.told() == [(30, "team", "firing", 2)]


def test_without_route_and_default_receiver_groups_are_kept_and_nobody_is_told() -> None:
    house = House(config("receivers: []"))
    house.alert()
    house.until(2000)
    assert house.told() == []
    assert len(house.states) == 1
    house.reload(config(HOOK, receiver="team"))
    house.until(3000)
    assert [status for _, _, status, _ in house.told()] == ["firing"]


INHIBIT = """
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [cluster]}
"""


def test_an_inhibited_alert_is_told_when_its_source_ends() -> None:
    house = House(config(ROUTE % "" + HOOK + INHIBIT))
    house.alert("Slow", severity="warning", cluster="x")
    house.alert("Dead", severity="critical", cluster="x")
    house.alert("Other", severity="warning", cluster="y")
    house.until(1100)
    assert sorted(n.key for _, n in house.outbox) == ['{}:{alertname="Dead"}', '{}:{alertname="Other"}']
    house.alert("Dead", severity="critical", cluster="x", ends=True)
    house.until(1300)
    assert [n.key for _, n in house.outbox if n.status == "firing"][-1] == '{}:{alertname="Slow"}'


def test_an_edit_of_the_tree_pages_nobody_again_and_ends_reach_who_was_told() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert(severity="critical")
    house.until(1100)
    edited = ROUTE % ", routes: [{matchers: ['severity=\"critical\"'], group_by: [severity]}]"
    house.reload(config(edited + HOOK))
    house.until(1500)
    assert house.told() == [(10, "team", "firing", 1)]
    house.alert(severity="critical", ends=True)
    house.until(1700)
    assert [status for _, _, status, _ in house.told()] == ["firing", "resolved"]
    assert house.states == {}


def test_an_inhibit_rule_added_while_alerts_fire_pages_nobody_again() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert(severity="critical")
    house.until(1100)
    house.reload(config(ROUTE % "" + HOOK + INHIBIT))
    house.until(1500)
    assert len(house.told()) == 1
    house.alert(severity="critical", ends=True)
    house.until(1700)
    assert [status for _, _, status, _ in house.told()] == ["firing", "resolved"]


def test_who_is_meant_no_more_hears_the_end_and_who_is_meant_now_is_paged() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.alert()
    house.until(1100)
    house.reload(config(ROUTE.replace("team", "quiet") % "" + HOOK))
    house.until(1300)
    assert sorted(house.told()) == [
        (10, "team", "firing", 1),
        (100, "quiet", "firing", 1),
        (100, "team", "resolved", 1),
    ]


def test_a_message_on_its_way_to_an_edited_receiver_is_taken_back_and_said_again() -> None:
    house = House(config(ROUTE % "" + HOOK))
    house.answers = None  # nobody answers at the old address
    house.alert()
    house.until(1100)
    ((_, first),) = house.outbox
    house.reload(config(ROUTE % "" + HOOK))
    assert house.withdrawn == []
    house.reload(config(ROUTE % "" + HOOK.replace("hook/team", "hook/squad")))
    assert house.withdrawn == [first.id]
    house.settled = 1
    house.answers = True
    house.until(1500)
    (_, second) = house.outbox[-1]
    assert house.told() == [(10, "team", "firing", 1), (100, "team", "firing", 1)]
    assert (second.settings["url"], second.id == first.id) == ("http://hook/squad", False)


def test_the_end_of_a_statement_that_is_gone_goes_to_the_guide_it_stood_in() -> None:
    found = Config({"first": Plan(Route(), {}), "second": Plan(Route(), {})}, {"second/alert/down": "second"})
    assert found.guide("second/alert/down") == "second"
    assert found.guide("second/alert/gone") == "second"
    assert found.guide("") == "first"


def test_a_heading_with_channels_routes_where_no_tree_stands() -> None:
    context = Context("guide.md", (), Inherited(), fill, {}, {})
    claims = [claim for claim in KIND.read(fence(HOOK), context) if isinstance(claim, Claim)]
    spec = type(claims[0].spec)(severity="critical", channels=("webhook",))
    claims.append(Claim("routing", "t", "s", Place("guide.md", 1, 1), spec, "u"))
    made = RoutingMachine().config(claims, {"guide/receiver": "", "receiver": ""})
    house = House(made)
    house.alert(severity="critical")
    house.alert("Slow", severity="warning")
    house.until(1100)
    assert sorted(receiver for _, receiver, _, _ in house.told()) == ["quiet", "team"]


Act = tuple[str, int, float]
acts = st.lists(
    st.tuples(st.sampled_from(["fire", "end", "accept", "refuse", "hang"]), st.integers(0, 3), st.floats(0, 200)),
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(acts)
def test_no_id_repeats_with_other_content_and_nothing_unchanged_is_sent_before_its_time(script: list[Act]) -> None:
    house = House(config(ROUTE % "" + HOOK))
    for what, which, wait in script:
        if what in {"fire", "end"}:
            house.alert(f"A{which % 2}", instance=str(which), ends=what == "end")
        else:
            house.answers = {"accept": True, "refuse": False, "hang": None}[what]
        house.until(house.now + wait)
    house.answers = True
    house.until(house.now + 400)
    contents: dict[str, bytes] = {}
    for _, notice in house.outbox:
        body = msgspec.json.encode(notice)
        assert contents.setdefault(notice.id, body) == body
    _nothing_said_twice(house)


def _nothing_said_twice(house: House) -> None:
    """Every notice says something that no accepted one said before it, or repeats it after repeat_interval."""
    firing: dict[str, set[str]] = {}
    last: dict[str, float] = {}
    for _, notice in house.outbox:
        known = firing.setdefault(notice.key, set())
        new = {a.fingerprint for a in notice.alerts if not a.ends_at} - known
        ended = {a.fingerprint for a in notice.alerts if a.ends_at}
        assert ended <= known, "an end of what nobody was told"
        assert new or ended or notice.at >= last[notice.key] + 3600
        if house.verdicts[notice.id]:
            known |= new
            known -= ended
            last[notice.key] = notice.at
