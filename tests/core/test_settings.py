"""opsguide.toml: what is read from it, and that every fault is named with its line."""

from __future__ import annotations

import pytest

from opsguide.core.mend import Unusable
from opsguide.core.settings import DEFAULTS_S, HOST, parse_settings

WHOLE = """
[bindings]
"[service-name]" = "inventory"
[secrets]
KEY = { env = "KEY", for = "pagerduty" }
[defaults]
probe_interval = "1s"
[email]
smarthost = "127.0.0.1:2525"
from = "ops@example.org"
[notify]
claims = ["probe"]
receiver = "team"
trial = "0s"
[watch]
url = "https://watch.example.org/x"
[collect]
postgres = "postgresql://shop@127.0.0.1/db"
[[scrape_configs]]
job_name = "api"
"""


def test_every_table_is_read() -> None:
    settings = parse_settings(WHOLE, "opsguide.toml")
    assert settings.bindings == {"[service-name]": "inventory"}
    assert settings.secrets["KEY"].env == "KEY"
    assert settings.secrets["KEY"].purpose == "pagerduty"
    assert settings.defaults == {**DEFAULTS_S, "probe_interval": 1.0}
    assert (settings.email.smarthost, settings.email.sender) == ("127.0.0.1:2525", "ops@example.org")
    assert (settings.notify.claims, settings.notify.receiver, settings.notify.trial_s) == (("probe",), "team", 0.0)
    assert settings.watch_url == "https://watch.example.org/x"
    assert [c["kind"] for c in settings.native["collect"]] == ["host", "postgresql"]
    assert settings.native["scrape_configs"] == [{"job_name": "api"}]


def test_an_empty_file_collects_the_host_and_keeps_a_day_of_trial() -> None:
    settings = parse_settings("", "opsguide.toml")
    assert settings.native["collect"] == [HOST]
    assert settings.notify.trial_s == 86400.0


def test_the_host_may_be_left_alone() -> None:
    assert parse_settings("[collect]\nhost = false\n", "x").native["collect"] == []


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[bindings\n", 1, "TOML"),
        ('[bindings]\na = "1"\n[defaults\n', 3, "TOML"),
        ('[bindings]\na = "1"\na = "2"\n', 3, "twice"),
        ('[watch]\nurl = "', 2, "TOML"),
        ('[auth]\nhosts = []\nreading = "no"\n', 3, "neither true nor false"),
        ('[email]\nstarttls = "false"\n', 2, "neither true nor false"),
        ("[collect]\nhost = 0\n", 2, "neither true nor false"),
        ("[bindings]\n\na = [1]\n", 3, "a is no text"),
        ("x = 3\n\n[bindings]\n", 1, "[x]"),
        ('\n[default]\nx = "1s"\n', 2, "default"),
        ('[defaults]\nprobe_interval = "soon"\n', 2, "soon"),
        ('[defaults]\nprobes = "1s"\n', 2, "probes"),
        ('[secrets]\nKEY = "value"\n', 1, "reference"),
        ('[secrets]\nKEY = { env = "A", file = "b" }\n', 1, "reference"),
        ('[collect]\nx = "ftp://h"\n', 2, "ftp"),
        ('[notify]\ntrial = "never"\n', 2, "never"),
        ('[notify]\nclaims = "probe"\n', 2, "list"),
        ('[state]\nkeep = "1h"\n', 2, "a day or more"),
        ("bindings = 3\n", 1, "table"),
    ],
)
def test_a_fault_names_its_line(text: str, line: int, word: str) -> None:
    with pytest.raises(Unusable) as caught:
        parse_settings(text, "opsguide.toml")
    assert caught.value.mends[0].at.line == line
    assert word in caught.value.mends[0].wrong
    assert caught.value.mends[0].mend


def test_a_secret_that_stands_in_the_settings_is_not_repeated_in_the_fault() -> None:
    with pytest.raises(Unusable) as caught:
        parse_settings('[secrets]\nKEY = "canary-7f3a"\n[collect]\nx = "odbc://u:canary-7f3a@h"\n', "opsguide.toml")
    assert len(caught.value.mends) == 2
    assert "canary-7f3a" not in str(caught.value)
    assert caught.value.mends[0].at.line == 1, "not the line that holds it, for that line is printed"


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(Unusable) as caught:
        parse_settings('[nonsense]\n[notify]\ntrial = "x"\n', "opsguide.toml")
    assert len(caught.value.mends) == 2


def test_evidence_is_kept_for_400_days_unless_the_settings_say_otherwise() -> None:
    assert parse_settings("", "opsguide.toml").state.keep_s == 400 * 86400
    assert parse_settings('[state]\nkeep = "2y"\n', "opsguide.toml").state.keep_s == 730 * 86400
