"""Alertmanager's configuration, whole and in fragments."""

from __future__ import annotations

import pytest

from opsguide.engines.marked import load
from opsguide.engines.routing import Fault, RoutingConfig, is_routing, read_config


def read(text: str) -> tuple[RoutingConfig, list[Fault]]:
    (node,) = load(text)
    assert is_routing(node)
    return read_config(node)


def test_receivers_keep_their_lines_and_take_what_global_gives() -> None:
    config, faults = read(
        """global:
  smtp_smarthost: mail:25
  smtp_from: a@b.test
  slack_api_url: https://hooks.test/x
receivers:
- name: pager
  pagerduty_configs:
  - service_key: '${KEY}'

- name: team
  email_configs:
  - to: team@b.test
    send_resolved: yes
  - {to: boss@b.test, from: other@b.test}
  slack_configs:
  - channel: '#ops'
  webhook_configs:
  - url: http://h
    http_config: {basic_auth: {username: u, password: p}, follow_redirects: false}
"""
    )
    assert faults == []
    pager, team = config.receivers
    assert (pager.name, pager.line, pager.end_line) == ("pager", 6, 8)
    assert (team.line, team.end_line) == (10, 19)
    first, second, slack, hook = team.integrations
    assert (first.key, first.send_resolved, second.key, second.send_resolved) == ("email[0]", True, "email[1]", False)
    assert first.settings == {"to": "team@b.test", "smarthost": "mail:25", "from": "a@b.test"}
    assert second.settings["from"] == "other@b.test"
    assert slack.settings == {"channel": "#ops", "api_url": "https://hooks.test/x"}
    assert not slack.send_resolved
    assert hook.send_resolved
    assert hook.settings["http_config.basic_auth.username"] == "u"
    assert hook.settings["http_config.follow_redirects"] == "false"


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("route: {receiver: x}", True),
        ("receivers: []", True),
        ("receivers: [{name: x}]", True),
        ("- name: x\n  webhook_configs: []", True),
        ("inhibit_rules: [{equal: [a]}]", True),
        ("route: /api/x\n", False),
        ("groups: []\n", False),
        ("- alert: x\n", False),
        ("receivers: {a: b}\n", False),
    ],
)
def test_a_block_is_known_by_its_content(text: str, yes: bool) -> None:  # noqa: FBT001 -- a table's column
    (node,) = load(text)
    assert is_routing(node) is yes


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("route:\n  receiver: x\n  group_wiat: 5s\n", 3, "no key group_wiat"),
        ("route:\n  receiver: x\n  group_wait: soon\n", 3, "soon is no duration"),
        ("route:\n  receiver: x\n  group_interval: 0s\n", 3, "must not be zero"),
        ("route:\n  receiver: x\n  match: {a: b}\n", 2, "first route must match everything"),
        ("route:\n  receiver: x\n  routes:\n  - matchers: ['a=~\"(\"']\n", 4, "no regular expression"),
        ("route:\n  receiver: x\n  routes:\n  - match_re: {a: '['}\n", 4, "no regular expression"),
        ("route:\n  receiver: x\n  group_by: ['...', a]\n", 3, "beside other labels"),
        ("receivers:\n- name: x\n- name: x\n", 3, "stands twice"),
        ("receivers:\n- webhook_configs: []\n", 2, "has no name"),
        ("receivers:\n- name: x\n  carrier_pigeon_configs: []\n", 3, "no integration is called"),
        ("inhibit_rules:\n- source_matchers: [a=b]\n", 2, "needs a source and a target"),
        ("time_intervals:\n- name: n\n  time_intervals:\n  - weekdays: [caturday]\nroute: {}\n", 4, "no weekday"),
        ("route: {}\nfoo: 1\n", 2, "no key foo"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line_and_nothing_is_refused(text: str, line: int, said: str) -> None:
    _, faults = read(text)
    assert [(fault.line, said in fault.message) for fault in faults] == [(line, True)], faults
    assert faults[0].hint


def test_a_route_may_be_a_fragment() -> None:
    config, faults = read("route: {group_by: [a], routes: [{match: {s: x}, receiver: y}]}")
    assert faults == []
    assert config.route is not None
    assert (config.route.receiver, config.route.group_by) == (None, ("a",))
    assert [route.receiver for route in config.route.walk()] == [None, "y"]
