"""The group machine, one step at a time. What it does over time is proven with the machine of kind routing."""

from __future__ import annotations

from dataclasses import replace

from opsguide.engines.routing import Alert, Group, Integration, Timings, flush, settle, take
from opsguide.engines.routing.groups import LOST_AFTER_S, Message, Told, handed

HOOK = Integration("webhook", 0, {}, send_resolved=True)
CHAT = Integration("slack", 0, {}, send_resolved=False)
PACE = Timings(10.0, 60.0, 3600.0)


def alert(instance: str = "a", starts_at: float = 100.0, ends_at: float = 0.0, **more: str) -> Alert:
    return Alert((("alertname", "Down"), ("instance", instance), *sorted(more.items())), (), starts_at, ends_at)


def empty(now: float = 100.0) -> Group:
    return Group("0", "team", "{}:{}", (), born=now, flush_at=now)


def spoken(group: Group, now: float, *told: Integration, quiet: bool = False) -> tuple[Group | None, list[Message]]:
    return flush(group, told or (HOOK,), PACE, now, lambda _: quiet)


def test_a_new_group_waits_group_wait_and_an_old_alert_waits_no_more() -> None:
    assert take(empty(), alert(), PACE, 100.0).flush_at == 110.0
    assert take(empty(), alert(starts_at=97.0), PACE, 100.0).flush_at == 110.0
    assert take(empty(), alert(starts_at=5.0), PACE, 100.0).flush_at == 100.0


def test_an_alert_that_fires_on_keeps_its_start_and_takes_new_annotations() -> None:
    group = take(empty(), alert(starts_at=90.0), PACE, 100.0)
    again = replace(alert(starts_at=95.0), annotations=(("value", "2"),))
    (held,) = take(group, again, PACE, 101.0).alerts.values()
    assert (held.starts_at, held.annotations) == (90.0, (("value", "2"),))


def test_alerts_are_ordered_by_job_then_instance() -> None:
    group = empty()
    for one in (alert("b"), alert("a"), alert("c", job="zz")):
        group = take(group, one, PACE, 100.0)
    _, (message,) = spoken(group, 110.0)
    assert [dict(one.labels)["instance"] for one in message.alerts] == ["c", "a", "b"]


def test_each_integration_has_a_ledger_of_its_own() -> None:
    group = take(empty(), alert(), PACE, 100.0)
    after, messages = spoken(group, 110.0, HOOK, CHAT)
    assert after is not None
    assert [message.integration.key for message in messages] == ["webhook[0]", "slack[0]"]
    after = settle(after, messages[0].id, 111.0, accepted=True)
    after = settle(after, messages[1].id, 111.0, accepted=False)
    _, messages = spoken(after, 170.0, HOOK, CHAT)
    assert [message.integration.key for message in messages] == ["slack[0]"]


def test_a_flush_that_passes_by_a_message_on_its_way_is_made_up_for_when_it_settles() -> None:
    after, (message,) = spoken(take(empty(), alert(), PACE, 100.0), 110.0)
    assert after is not None
    after, none = spoken(take(after, alert("b"), PACE, 120.0), 170.0)
    assert none == []
    assert after is not None
    settled = settle(after, message.id, 180.0, accepted=True)
    assert settled.flush_at == 180.0
    _, (second,) = spoken(settled, 180.0)
    assert (second.reason, len(second.alerts)) == ("new alerts added", 2)


def test_a_message_that_nobody_settled_for_a_day_is_told_again() -> None:
    after, _ = spoken(take(empty(), alert(), PACE, 100.0), 110.0)
    assert after is not None
    _, (again,) = spoken(after, 110.0 + LOST_AFTER_S)
    assert again.reason == "first notification"


def test_a_muted_group_says_nothing_and_is_not_forgotten() -> None:
    after, messages = spoken(take(empty(), alert(), PACE, 100.0), 110.0, quiet=True)
    assert messages == []
    assert after is not None
    assert after.flush_at == 170.0


def test_a_partial_end_is_told_as_firing_with_the_ended_one_in_it() -> None:
    group = take(take(empty(), alert("a"), PACE, 100.0), alert("b"), PACE, 100.0)
    after, (message,) = spoken(group, 110.0)
    assert after is not None
    after = take(settle(after, message.id, 111.0, accepted=True), alert("a", ends_at=120.0), PACE, 120.0)
    _, (second,) = spoken(after, 170.0)
    assert (second.status, second.reason) == ("firing", "some alerts resolved")
    assert [one.ends_at for one in second.alerts] == [120.0, 0.0]


def test_up_down_up_between_two_flushes_says_nothing() -> None:
    after, (message,) = spoken(take(empty(), alert(), PACE, 100.0), 110.0)
    assert after is not None
    after = settle(after, message.id, 111.0, accepted=True)
    after = take(take(after, alert(ends_at=120.0), PACE, 120.0), alert(starts_at=130.0), PACE, 130.0)
    _, messages = spoken(after, 170.0)
    assert messages == []


def test_a_group_takes_over_what_another_hands_it() -> None:
    first = replace(take(empty(), alert("a"), PACE, 100.0), told={"webhook[0]": Told((alert("a").id,), (), 110.0, 1)})
    second = take(empty(105.0), alert("b"), PACE, 105.0)
    both = handed(second, first)
    assert set(both.alerts) == {alert("a").id, alert("b").id}
    assert both.told["webhook[0]"].firing == (alert("a").id,)
    assert handed(None, first) is first


def test_what_was_refused_after_a_lost_answer_is_said_again_and_its_end_too() -> None:
    after, (first,) = spoken(take(empty(), alert(), PACE, 100.0), 110.0)
    assert after is not None
    unsure = settle(after, first.id, 120.0, accepted=False, unsure=True)
    again, (second,) = spoken(unsure, 170.0)
    assert (second.status, second.reason) == ("firing", "new alerts added")
    assert second.id != first.id
    assert again is not None
    told = settle(again, second.id, 171.0, accepted=True)
    assert spoken(told, 230.0)[1] == []
    ended = take(unsure, alert(ends_at=150.0), PACE, 150.0)
    assert [message.status for message in spoken(ended, 170.0)[1]] == ["resolved"]
    sure = take(settle(after, first.id, 120.0, accepted=False), alert(ends_at=150.0), PACE, 150.0)
    assert spoken(sure, 170.0) == (None, [])
