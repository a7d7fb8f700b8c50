from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.measuring import claims_of

from opsguide.kinds.dashboard import KIND
from opsguide.kinds.dashboard.panels import quantities, split_panels


def _found(text: str) -> list[tuple[int, int, str, tuple[str, ...]]]:
    claims = sorted(claims_of(KIND, text), key=lambda claim: claim.place.line)
    return [(c.place.line, c.place.end_line, c.spec.name, c.spec.panels) for c in claims]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "## Grafana\n**Key Dashboards:**\n\n1. **System Overview** - CPU, Memory and Disk\n",
            [(4, 4, "System Overview", ("CPU", "Memory", "Disk"))],
        ),
        (
            "## Grafana Dashboards\n1. **Message Flow**\n   - In/out messages\n   - Errors\n2. Queues\n   - Backlog\n",
            [(2, 4, "Message Flow", ("In/out messages", "Errors")), (5, 6, "Queues", ("Backlog",))],
        ),
        (
            "## System Dashboard\n- CPU usage\n- **Memory usage**: of the host\n",
            [(1, 3, "System", ("CPU usage", "Memory usage"))],
        ),
        (
            "## Dashboards\n| Dashboard | URL | Panels |\n|---|---|---|\n| API | http://g/1 | Error rate, latency |\n",
            [(4, 4, "API", ("Error rate", "latency"))],
        ),
    ],
)
def test_named_lists_of_panels(text: str, found: list[tuple[int, int, str, tuple[str, ...]]]) -> None:
    assert _found(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "## Grafana Dashboards\n- **URL**: grafana\n- **Overview**: http://grafana/d/1\n",
        "## Dashboards\n- **Overview**: shows the state of health of everything that this team is running today\n",
        "## Dashboard Access\n- **Grafana**: admin, viewer\n",
        "## Import Dashboards\n1. Open Grafana\n   - click Import\n",
        "## Metrics\n- **CPU**: user, system\n",
        "## Dashboards\n- [ ] **Overview**: CPU, memory\n",
        "## Dashboards\n1. Overview\n   - [Link](http://g)\n",
        "## Dashboards\n<!-- opsguide: ignore -->\n1. Overview\n   - CPU\n",
        "## System Dashboard\n- Go to Grafana\n- Open the folder\n",
    ],
)
def test_what_names_no_panels(text: str) -> None:
    assert _found(text) == []


def test_a_placeholder_in_a_panel_is_a_need() -> None:
    (claim,) = claims_of(KIND, "## Key Dashboards\n- **API**: `<service>` errors, latency\n")
    assert claim.needs == ("<service>",)


def test_the_read_back_names_every_panel() -> None:
    (claim,) = claims_of(KIND, "## Key Dashboards\n- **API**: Error rate, Latency\n")
    assert claim.understood == "dashboard API shows Error rate, Latency; holds when every panel has data"
    assert claim.id == "dashboard-api"


@pytest.mark.parametrize(
    ("panel", "asked"),
    [
        ("CPU/Memory/Disk usage", ("CPU usage", "Memory usage", "Disk usage")),
        ("Incoming/Outgoing messages", ("Incoming messages", "Outgoing messages")),
        ("Network I/O", ("Network I/O",)),
        ("Read/write operations", ("Read/write operations",)),
        ("requests/s", ("requests/s",)),
        ("api_requests_total", ("api_requests_total",)),
    ],
)
def test_the_quantities_of_a_panel(panel: str, asked: tuple[str, ...]) -> None:
    assert quantities(panel) == asked


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    quantities(text)
    assert all(part.strip() == part for part in split_panels(text))
    claims_of(
        KIND, f"## Dashboards\n- **{text}**: {text}\n1. {text}\n   - {text}\n### {text} Dashboard\n- {text}\n- {text}\n"
    )
