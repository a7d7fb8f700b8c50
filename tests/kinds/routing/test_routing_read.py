"""What is read as routing, from which line, and when it holds."""

from __future__ import annotations

import asyncio
import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from opsguide.core.facts import DeliveryDone
from opsguide.core.kind import Batch, Context, Filled
from opsguide.core.nouns import Evidence, State
from opsguide.core.settings import EmailSettings, Settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.kinds.routing import KIND
from opsguide.kinds.routing.judge import judge
from opsguide.kinds.routing.machine import RoutingMachine
from opsguide.kinds.routing.read import channels_of, read
from opsguide.kinds.routing.spec import RoutingMemory
from opsguide.world.sim.world import SimWorld

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.core.guide import Guide
    from opsguide.core.nouns import Claim, Verdict
    from opsguide.kinds.routing.spec import RoutingSpec

GUIDE = """# G

```yaml
# alertmanager.yml
route:
  group_by: ['alertname', 'service']
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
  receiver: 'team'
  routes:
  - match:
      service: '[service-name]'
    receiver: 'pager'

receivers:
- name: 'pager'
  pagerduty_configs:
  - service_key: '${PAGERDUTY_KEY}'

- name: 'team'
  webhook_configs:
  - url: 'http://${HOST}/hook'
```

### Critical Alerts (PagerDuty/Slack)

Text.

### Communication Channels
- **Slack**: #ops
- **Email**: ops@corp.test
"""


def guide(text: str = GUIDE, bindings: dict[str, str] | None = None) -> Guide:
    return compile_guide([Source("g.md", text.encode())], [KIND], Settings(bindings=bindings or {}))


def receiver(text: str) -> Claim[RoutingSpec]:
    (claim,) = guide(f"# G\n\n```yaml\nreceivers:\n- name: team\n{text}```\n").claims
    return claim


def test_the_tree_every_receiver_every_heading_and_every_channel_is_a_claim_at_its_line() -> None:
    found = guide(bindings={"[service-name]": "shop"})
    assert [(claim.place.line, claim.subject) for claim in found.claims] == [
        (5, "route"),
        (17, "receiver pager"),
        (21, "receiver team"),
        (26, "channels critical"),
        (31, "channel Slack"),
        (32, "channel Email"),
    ]
    tree, pager, team, heading, slack, _ = (claim.spec for claim in found.claims)
    assert (tree.receiver, tree.receivers, tree.group_by) == ("team", ("team", "pager"), ("alertname", "service"))
    assert (tree.group_wait_s, tree.group_interval_s, tree.repeat_interval_s) == (30.0, 300.0, 10800.0)
    assert (pager.receiver, pager.integration, team.integration) == ("pager", "pagerduty", "webhook")
    assert (heading.severity, heading.channels) == ("critical", ("pagerduty", "slack"))
    assert (slack.integration, slack.channel) == ("slack", "#ops")
    assert found.findings == ()
    assert found.claims[0].understood == (
        'alerts go to team (service="shop" to pager), grouped by alertname, service; '
        "told after 30 s, news every 5 min, again every 3 h"
    )


def test_a_matcher_that_is_not_bound_leaves_the_whole_tree_unbound() -> None:
    assert guide().claims[0].needs == ("[service-name]",)


@pytest.mark.parametrize(
    ("yaml", "line", "rule"),
    [
        ("route:\n  receiver: 'x\n", 5, "routing/yaml"),
        ("route:\n  receiver: x\n  receiver: y\n", 6, "routing/repeated-key"),
        ("route:\n  receiver: x\n  group_wait: soon\n", 6, "routing/config"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(yaml: str, line: int, rule: str) -> None:
    (mend,) = guide(f"# G\n\n```yaml\n{yaml}```\n").findings
    assert (mend.at.line, mend.rule) == (line, rule)
    assert mend.mend


def test_other_yaml_is_left_alone() -> None:
    assert guide("# G\n\n```yaml\nreceivers:\n  otlp: {}\n```\n\n```yaml\nroute: /x\n```\n").claims == ()


def test_channels_are_known_in_their_spellings() -> None:
    assert channels_of("Pager Duty, e-mail / MS Teams and SMS, Slack, slack") == (
        "pagerduty",
        "email",
        "msteams",
        "sms",
        "slack",
    )


def looked(claim: Claim[RoutingSpec], **secrets: str) -> Evidence:
    sim = SimWorld()
    sim.secrets.values.update(secrets)
    (job,) = KIND.plan(claim).jobs
    (evidence,) = asyncio.run(KIND.run(Batch(job.key, ((claim, job),)), sim.world))
    return evidence


def verdict(claim: Claim[RoutingSpec], *evidence: Evidence) -> Verdict:
    memory = RoutingMemory()
    for seen in evidence:
        memory = judge(claim, memory, seen, seen.at).memory
    return judge(claim, memory, None, 9.0).verdict


HOOK = "  webhook_configs:\n  - url: 'http://${HOST}/hook'\n"


def test_a_complete_receiver_holds_and_a_missing_secret_is_named() -> None:
    claim = receiver(HOOK)
    assert verdict(claim).state is State.UNKNOWN
    assert verdict(claim, looked(claim, HOST="h")).state is State.HOLDS
    lacking = verdict(claim, looked(claim))
    assert (lacking.state, "HOST" in lacking.because) == (State.UNBOUND, True)


def done(outcome: str, integration: str = "webhook") -> Evidence:
    fact = DeliveryDone("team", integration, outcome, "500 oops")
    return Evidence("", "", 5.0, ok=False, says=outcome, topic="delivery.done", scope="team", fact=fact)


def test_an_undelivered_notice_is_waiting_a_refused_one_broken_and_the_next_accepted_one_mends() -> None:
    claim = receiver(HOOK)
    complete = looked(claim, HOST="h")
    retried = verdict(claim, complete, done("retried"))
    assert (retried.state, retried.because) == (State.WAITING, "webhook retried: 500 oops")
    assert verdict(claim, complete, done("refused")).state is State.BROKEN
    assert verdict(claim, complete, done("refused"), done("accepted")).state is State.HOLDS
    assert [(want.topic, want.scope) for want in KIND.plan(claim).wants] == [("delivery.done", "team")]


def test_what_one_integration_took_does_not_hide_what_another_did_not() -> None:
    claim = receiver(HOOK)
    seen = (looked(claim, HOST="h"), done("refused", "pagerduty"), done("retried"))
    both = verdict(claim, *seen)
    assert (both.state, both.because) == (State.BROKEN, "pagerduty refused: 500 oops; webhook retried: 500 oops")
    one = verdict(claim, *seen, done("accepted"))
    assert (one.state, one.because) == (State.BROKEN, "pagerduty refused: 500 oops")
    assert verdict(claim, *seen, done("accepted"), done("accepted", "pagerduty")).state is State.HOLDS


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("  opsgenie_configs:\n  - {api_key: k}\n", "integration opsgenie is not served by this version"),
        ("  slack_configs:\n  - {channel: x}\n", "slack has no api_url"),
        ("  slack_configs:\n  - {api_url_file: f}\n", "api_url_file is not read: write api_url: ${NAME}"),
        ("  slack_configs:\n  - {app_token: t}\n", "app_token is not used: make an incoming webhook"),
        ("  pagerduty_configs:\n  - {severity: info}\n", "pagerduty has no routing_key or service_key"),
        ("  pagerduty_configs:\n  - {service_key_file: f}\n", "service_key_file is not read"),
        ("  webhook_configs:\n  - {send_resolved: true}\n", "webhook has no url"),
        ("  webhook_configs: []\n", "no integration"),
    ],
)
def test_an_incomplete_receiver_is_unbound_and_says_what_it_lacks(yaml: str, said: str) -> None:
    found = verdict(receiver(yaml))
    assert (found.state, said in found.because) == (State.UNBOUND, True)


def as_written(text: str, *, code: bool = True) -> Filled:
    return Filled(text)


def test_an_email_takes_its_server_from_the_settings_where_they_are_known() -> None:
    claim = receiver("  email_configs:\n  - to: a@b.test\n")
    file = guide("# G\n\n```yaml\nreceivers:\n- name: team\n  email_configs:\n  - to: a@b.test\n```\n").files[0]
    context = Context("g.md", (), claim.inherited, as_written, {}, {})
    (fence,) = file.root.sections[0].blocks
    lacks = [
        next(iter(read(fence, replace(context, email=email)))).spec.lacks  # type: ignore[union-attr]
        for email in (None, EmailSettings(), EmailSettings("mail:25", "g@b.test"))
    ]
    assert lacks == [
        (),
        ("email has no smarthost (or [email] of opsguide.toml)", "email has no from (or [email] of opsguide.toml)"),
        (),
    ]


def test_a_tree_is_in_force_as_soon_as_it_is_read_and_channels_name_nobody() -> None:
    tree, *_, heading, _, _ = guide(bindings={"[service-name]": "shop"}).claims
    assert judge(tree, RoutingMemory(), None, 1.0).verdict.state is State.HOLDS
    assert judge(heading, RoutingMemory(), None, 1.0).verdict.state is State.UNKNOWN
    (fragment,) = guide("# G\n\n```yaml\nroute: {group_by: [a]}\n```\n").claims
    assert judge(fragment, RoutingMemory(), None, 1.0).verdict.state is State.UNBOUND


def test_each_of_several_guides_has_its_own_tree_and_settings_hold_for_all() -> None:
    one, other = (
        compile_guide(
            [Source(f"{name}.md", f"# G\n\n```yaml\nroute: {{receiver: {name}}}\n```\n".encode())], [KIND], Settings()
        ).claims[0]
        for name in ("one", "other")
    )
    shared = replace(receiver(HOOK), place=replace(one.place, file="opsguide.toml"), id="shared")
    claims = [replace(one, id="1"), replace(other, id="2"), shared]
    config = RoutingMachine().config(claims, {"one/receiver": "", "other/receiver": "", "receiver": ""})
    assert {key: plan.tree.receiver for key, plan in config.plans.items()} == {"one": "one", "other": "other"}
    assert [list(plan.receivers) for plan in config.plans.values()] == [["team"], ["team"]]
    assert (config.guide("2"), config.guide("unheard of")) == ("other", "one")


@pytest.mark.seeds
def test_every_routing_row_of_the_seeds_is_read_at_its_line(seeds: Path) -> None:
    with (seeds / "CLAIMS.tsv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if "routing" in row["kind"]]
    for name in {row["guide"] for row in rows}:
        found = compile_guide([Source(f"{name}.md", (seeds / f"{name}.md").read_bytes())], [KIND], Settings())
        spans = [(claim.place.line, claim.place.end_line) for claim in found.claims]
        wanted = [int(row["line"]) for row in rows if row["guide"] == name]
        assert [line for line in wanted if not any(a <= line <= b for a, b in spans)] == [], name


@pytest.mark.seeds
def test_the_inventory_seeds_pager_is_complete_once_its_secret_has_a_value(seeds: Path) -> None:
    found = guide((seeds / "inventory-service.md").read_text())
    pager = next(claim for claim in found.claims if claim.subject == "receiver pager-duty")
    assert (pager.spec.lacks, pager.needs) == ((), ())
    assert "told by v1" in pager.understood
    lacking = verdict(pager, looked(pager))
    assert (lacking.state, "PAGERDUTY_KEY" in lacking.because) == (State.UNBOUND, True)
    assert verdict(pager, looked(pager, PAGERDUTY_KEY="k")).state is State.HOLDS
