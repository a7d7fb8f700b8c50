from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from tests.kinds.measuring import claims_of

from opsguide.engines.promql import parse
from opsguide.kinds.dashboard import KIND
from opsguide.kinds.dashboard.export import grafana
from opsguide.kinds.dashboard.panels import curves

NAMES = {"mq_queue_length": "gauge", "api_requests_total": "counter", "api_request_duration_seconds": "histogram"}
LABELS = {"api_requests_total": {"status": ("200", "500")}}
CATALOGUE = {n: SimpleNamespace(name=n, kind=k, labels=LABELS.get(n, {}), stale=False) for n, k in NAMES.items()}


def _model(panels: str) -> dict[str, Any]:
    (claim,) = claims_of(KIND, f"# G\n## Key Dashboards\n- **Overview**: {panels}\n")
    return json.loads(json.dumps(grafana(claim, curves(claim.spec, CATALOGUE))))  # type: ignore[no-any-return]


def test_every_panel_is_a_time_series_with_promql() -> None:
    model = _model("Queue length, Error rate")
    assert (model["title"], model["schemaVersion"]) == ("Overview", 39)
    assert [(panel["title"], panel["type"]) for panel in model["panels"]] == [
        ("Queue length", "timeseries"),
        ("Error rate", "timeseries"),
    ]
    targets = [target for panel in model["panels"] for target in panel["targets"]]
    assert [bool(parse(target["expr"]).selectors) for target in targets] == [True, True]
    assert [panel["fieldConfig"]["defaults"]["unit"] for panel in model["panels"]] == ["short", "percentunit"]


def test_the_data_source_is_a_variable_and_no_uid_of_anybody() -> None:
    model = _model("Queue length, Error rate")
    assert model["templating"]["list"][0]["type"] == "datasource"
    sources = [one["datasource"] for panel in model["panels"] for one in (panel, *panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}


def test_panels_stand_beside_each_other_and_none_overlaps() -> None:
    cells = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in _model("Queue length, Error rate, Queue depth")["panels"]]
    assert cells == [(0, 0), (12, 0), (0, 8)]


def test_one_panel_of_several_quantities_has_a_target_each() -> None:
    (panel,) = _model("Queue/Replication length")["panels"]
    assert [target["refId"] for target in panel["targets"]] == ["A"]
    assert "Replication length" in panel["description"]


def test_a_panel_that_nothing_gives_is_a_text_that_says_so() -> None:
    (panel,) = _model("Replication lag")["panels"]
    assert panel["type"] == "text"
    assert panel["options"]["content"].startswith("Replication lag: ")
