from __future__ import annotations

import pytest

from opsguide.core.block import Item, Paragraph
from opsguide.guide.markdown import parse_file


def item(text: str) -> Item:
    (block,) = parse_file("g.md", text.encode()).file.root.blocks
    assert isinstance(block, Item)
    return block


def labels(text: str) -> list[tuple[str, str, int]]:
    (block,) = parse_file("g.md", text.encode()).file.root.blocks
    assert isinstance(block, Paragraph)
    return [(label.name, label.value, label.place.line) for label in block.labels]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("- **CPU Usage**: < 70%", "CPU Usage", "< 70%"),
        ("- **CPU Usage:** < 70%", "CPU Usage", "< 70%"),
        ("- **CPU Usage** - < 70%", "CPU Usage", "< 70%"),
        ("- **CPU Usage** — < 70%", "CPU Usage", "< 70%"),
        ("- **CPU** **Usage**：70%", "Usage", ""),
        ("1. **SEV-1 (Critical)**: all down", "SEV-1 (Critical)", "all down"),
        ("- `api_requests_total` - All requests", "api_requests_total", "All requests"),
        ("- Configuration: 1 hour", "Configuration", "1 hour"),
        ("- Status page: see [here](x.md)", "Status page", "see here"),
        ("- [ ] **Owner**: team", "Owner", "team"),
        ("- **Diagnosis**:", "Diagnosis", ""),
        ("* __Target__: 99.9%", "Target", "99.9%"),
        ("- **Storage**: `/var/lib` on disk", "Storage", "/var/lib on disk"),
    ],
)
def test_an_item_begins_with_a_label(text: str, name: str, value: str) -> None:
    label = item(text).label
    if name == "Usage":
        assert label is None  # two bold runs with a blank between are no name
        return
    assert label is not None
    assert (label.name, label.value) == (name, value)


@pytest.mark.parametrize(
    "text",
    [
        "- Service down for > 1 minute",
        "- see http://localhost:8080/health",
        "- https://example.com",
        "- this sentence has far too many words before its colon: so it is none",
        "- `kubectl get pods`",
        "- High error rate (> 5%)",
        "- At 09:00 the backup runs",
        "- **bold** words go on",
    ],
)
def test_an_item_without_a_label_has_none(text: str) -> None:
    assert item(text).label is None


def test_the_place_of_a_label_is_exact() -> None:
    label = item("- **CPU Usage**: < 70%  ").label
    assert label is not None
    assert (label.place.column, label.place.end_column) == (5, 23)


def test_several_labels_stand_in_one_paragraph() -> None:
    text = "**RPO**: 5 minutes\n**RTO:** 15 minutes\nand no more  \n**Owner** - ops"
    assert labels(text) == [("RPO", "5 minutes", 1), ("RTO", "15 minutes and no more", 2), ("Owner", "ops", 4)]


def test_labels_on_one_line_are_told_apart() -> None:
    assert labels("**RPO**: 5 min | **RTO**: 1 h") == [("RPO", "5 min", 1), ("RTO", "1 h", 1)]


def test_bold_words_inside_a_sentence_are_no_label() -> None:
    assert labels("Do **not**: ever") == []


def test_front_matter_maps_own_label_names() -> None:
    text = "---\nopsguide:\n  labels: {Frist: retention}\n---\n- **Frist**: 30 Tage\n"
    block = parse_file("g.md", text.encode()).file.root.blocks[0]
    assert isinstance(block, Item)
    assert block.label is not None
    assert block.label.name == "retention"
