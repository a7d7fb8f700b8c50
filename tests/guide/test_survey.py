from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.guide.toy import PLAIN, guide

from opsguide.core.settings import SecretRef

if TYPE_CHECKING:
    from pathlib import Path


def test_placeholders_are_named_with_every_place_once() -> None:
    text = (
        "# [x] guide\n\nSee `[port]` and [docs](d.md).\n\n```yaml\na: '[port]'\nb: ${KEY} ${OTHER}\n```\n\n"
        "```sh\nH=1 $HOST_NAME [port]\n```\n"
    )
    found = guide(text, settings=replace(PLAIN, secrets={"KEY": SecretRef(env="KEY")}))
    lines = {name: [place.line for place in where] for name, where in found.placeholders.items()}
    assert lines == {"[port]": [3, 6, 11], "${KEY}": [7], "${OTHER}": [7], "$HOST_NAME": [11]}
    assert found.unfilled == ("[port]", "${OTHER}")


def test_a_bound_key_is_listed_where_it_stands_and_filled() -> None:
    found = guide(
        "```yaml\ntargets: ['api:8080']\n```\n", settings=replace(PLAIN, bindings={"api:8080": "127.0.0.1:1"})
    )
    assert ([place.line for place in found.placeholders["api:8080"]], found.unfilled) == ([2], ())


def test_a_placeholder_of_a_paragraph_is_on_its_own_line() -> None:
    found = guide("one\ntwo yourdomain.com\nthree `[port]`\n")
    assert {name: [place.line for place in where] for name, where in found.placeholders.items()} == {
        "yourdomain.com": [2],
        "[port]": [3],
    }


def test_what_is_ignored_asks_for_nothing() -> None:
    assert guide("<!-- opsguide: ignore -->\n- `[port]`\n").unfilled == ()


@pytest.mark.seeds
def test_seed_inventory_service_names_its_placeholders(seeds: Path) -> None:
    found = guide((seeds / "inventory-service.md").read_bytes())
    assert {36, 52, 68, 94} <= {place.line for place in found.placeholders["[service-name]"]}
    assert {"[port]", "[namespace]", "[db_name]", "[table_name]", "[realm]", "<pid>", "${PAGERDUTY_KEY}"} <= set(
        found.unfilled
    )
    assert not {"['alertname', 'service', 'severity']", "[5m]"} & set(found.unfilled)
