"""Which groups an alert belongs to."""

from __future__ import annotations

import pytest

from opsguide.engines.marked import load
from opsguide.engines.routing import RoutingConfig, deliver_groups, fingerprint, inhibited, label_set, read_config
from opsguide.engines.routing.labels import Matcher, MatcherFault, printed, read_matchers
from opsguide.engines.routing.mutes import Silence
from opsguide.engines.routing.tree import Timings

TREE = """
route:
  receiver: root
  group_by: [alertname]
  group_wait: 1s
  repeat_interval: 1h
  routes:
  - match: {service: inventory, severity: critical}
    receiver: pager
    continue: true
  - match_re: {service: inv|inventory}
    receiver: team
    group_interval: 10s
    routes:
    - matchers: ['severity=~"crit.*"', 'env!="test"']
      receiver: team-crit
      group_by: ['...']
    - matchers: ['severity="none"']
      receiver: root
  - matchers: [service!~"inv.*"]
    receiver: other
    continue: true
  - matchers: [service="billing"]
    mute_time_intervals: [night]
"""


def config(text: str) -> RoutingConfig:
    (node,) = load(text)
    found, faults = read_config(node)
    assert faults == []
    return found


def places(**labels: str) -> list[tuple[str, str, str]]:
    tree = config(TREE).route
    assert tree is not None
    return [(place.path, place.receiver, place.key) for place in deliver_groups(tree, label_set(labels.items()))]


def test_the_first_child_that_matches_ends_the_search_unless_it_continues() -> None:
    assert places(alertname="B", service="inventory", severity="critical", env="test") == [
        ("0.0", "pager", '{}/{service="inventory",severity="critical"}:{alertname="B"}'),
        ("0.1", "team", '{}/{service=~"^(?:inv|inventory)$"}:{alertname="B"}'),
    ]


def test_a_child_list_replaces_group_by_and_three_dots_mean_every_label() -> None:
    assert places(alertname="A", service="inv", severity="critical") == [
        (
            "0.1.0",
            "team-crit",
            (
                '{}/{service=~"^(?:inv|inventory)$"}/{env!="test",severity=~"crit.*"}'
                ':{alertname="A", service="inv", severity="critical"}'
            ),
        ),
    ]


def test_an_expression_is_anchored_and_a_missing_label_is_the_empty_string() -> None:
    assert places(alertname="D", service="inventory2") == [("0", "root", '{}:{alertname="D"}')]
    assert places(alertname="F") == [("0.2", "other", '{}/{service!~"inv.*"}:{alertname="F"}')]


def test_two_routes_may_reach_an_alert_and_the_receiver_is_inherited() -> None:
    found = places(alertname="E", service="billing")
    assert [(path, receiver) for path, receiver, _ in found] == [("0.2", "other"), ("0.3", "root")]


def test_timings_are_inherited_and_intervals_are_not() -> None:
    tree = config(TREE).route
    assert tree is not None
    (team,) = deliver_groups(tree, (("alertname", "C"), ("service", "inv")))
    assert team.timings == Timings(1.0, 10.0, 3600.0)
    assert team.mute == ()
    billing = deliver_groups(tree, (("service", "billing"),))[-1]
    assert billing.mute == ("night",)
    assert billing.timings == Timings(1.0, 300.0, 3600.0)


@pytest.mark.parametrize(
    ("labels", "want"),
    [
        ({"alertname": "Disk", "cluster": "x", "instance": "c", "job": "zz"}, "4bdd18f16b9fff0a"),
        ({"alertname": "Disk", "cluster": "x", "instance": "a"}, "dfe35f33cef9c4fb"),
        ({"alertname": "Timeout"}, "f78166a4768dc48f"),
    ],
)
def test_the_fingerprint_is_alertmanagers(labels: dict[str, str], want: str) -> None:
    assert fingerprint(label_set(labels.items())) == want


def test_labels_without_a_value_are_no_labels() -> None:
    assert label_set({"b": "1", "a": "", "A": "2"}.items()) == (("A", "2"), ("b", "1"))


def test_values_are_quoted_as_go_quotes_them() -> None:
    assert printed((("a", 'say "hi"\n\\'),)) == '{a="say \\"hi\\"\\n\\\\"}'


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('a="x"', (Matcher("a", "x"),)),
        ("a=x", (Matcher("a", "x"),)),
        ('{a!="x", b=~"y|z{1,2}"}', (Matcher("a", "x", "!="), Matcher("b", "y|z{1,2}", "=~"))),
        ('a = "with, comma"', (Matcher("a", "with, comma"),)),
        ('a!~"\\"q\\""', (Matcher("a", '"q"', "!~"),)),
        ("a=", (Matcher("a", ""),)),
    ],
)
def test_matchers_are_read_in_every_spelling(text: str, want: tuple[Matcher, ...]) -> None:
    assert read_matchers(text) == want


@pytest.mark.parametrize("text", ["a", '="x"', 'a="x', 'a=~"("', ""])
def test_what_is_no_matcher_is_a_fault(text: str) -> None:
    if not text:
        assert read_matchers(text) == ()
        return
    with pytest.raises(MatcherFault):
        read_matchers(text)


INHIBIT = """
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity=~"warning|info"]
  equal: [cluster]
- source_match: {alertname: Self}
  target_match_re: {alertname: Self|Other}
  equal: [cluster]
"""


@pytest.mark.parametrize(
    ("target", "quiet"),
    [
        ({"alertname": "Warn", "severity": "warning", "cluster": "x"}, True),
        ({"alertname": "Warn", "severity": "warning", "cluster": "y"}, False),
        ({"alertname": "NoCluster", "severity": "info"}, True),
        ({"alertname": "Self", "cluster": "z", "instance": "2"}, False),
        ({"alertname": "Other", "cluster": "z"}, True),
        ({"alertname": "Crit", "severity": "critical", "cluster": "x"}, False),
    ],
)
def test_a_source_keeps_targets_quiet_that_agree_in_the_equal_labels(target: dict[str, str], quiet: bool) -> None:  # noqa: FBT001 -- a table's column
    firing = [
        (("alertname", "Crit"), ("cluster", "x"), ("severity", "critical")),
        (("alertname", "CritNoCluster"), ("severity", "critical")),
        (("alertname", "Self"), ("cluster", "z"), ("instance", "1")),
        (("alertname", "Self"), ("cluster", "z"), ("instance", "2")),
    ]
    assert inhibited(config(INHIBIT).inhibit, label_set(target.items()), firing) is quiet


def test_a_silence_covers_from_its_start_until_its_end() -> None:
    silence = Silence("s", (Matcher("job", "api"),), 10.0, 20.0)
    assert [silence.covers((("job", "api"),), at) for at in (9.0, 10.0, 19.9, 20.0)] == [False, True, True, False]
    assert not silence.covers((("job", "web"),), 15.0)
