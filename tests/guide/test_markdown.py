from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from opsguide.core.block import Block, Fence, Html, Item, Paragraph, Section, Table
from opsguide.guide.markdown import fence_info, parse_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opsguide.core.guide import GuideFile

B = TypeVar("B", bound=Block)


def parse(text: str | bytes) -> GuideFile:
    return parse_file("g.md", text.encode() if isinstance(text, str) else text).file


def seed(seeds: Path, name: str) -> GuideFile:
    return parse_file(f"{name}.md", (seeds / f"{name}.md").read_bytes()).file


def blocks(section: Section) -> Iterator[Block]:
    yield from section.blocks
    for inner in section.sections:
        yield from blocks(inner)


def at(file: GuideFile, line: int, of: type[B]) -> B:
    """The one block of a type that begins on a line."""
    (found,) = [block for block in blocks(file.root) if isinstance(block, of) and block.place.line == line]
    return found


def test_sections_nest_by_level_and_end_before_the_next() -> None:
    root = parse("intro\n# A\na\n## B\nb\n#### C\n## D\n\n# E\n").root
    assert (root.heading, root.place.line, root.place.end_line) == (None, 1, 9)
    first, second = root.sections
    assert [(s.heading and s.heading.words, s.place.line, s.place.end_line) for s in (first, second)] == [
        ("a", 2, 8),
        ("e", 9, 9),
    ]
    inner, other = first.sections
    assert [(s.place.line, s.place.end_line) for s in (inner, other)] == [(4, 6), (7, 8)]
    assert [s.heading and s.heading.level for s in inner.sections] == [4]


def test_an_underlined_heading_spans_its_two_lines() -> None:
    file = parse("Guide\n=====\ntext\n\nPart\n----\n")
    assert [(h.level, h.text, h.place.line, h.place.end_line) for h in file.headings] == [
        (1, "Guide", 1, 2),
        (2, "Part", 5, 6),
    ]


def test_a_heading_inside_a_list_or_quote_makes_no_section() -> None:
    file = parse("- # in a list\n\n> # in a quote\n")
    assert file.headings == ()
    assert [type(block) for block in file.root.blocks] == [Item, Paragraph]


def test_items_have_depth_ordinal_checkbox_and_intro() -> None:
    file = parse("Do this:\n\n3. one\n   - [ ] two\n     - [x] three\n4. four\n\n- five\n")
    items = [block for block in file.root.blocks if isinstance(block, Item)]
    assert [(i.place.line, i.text, i.depth, i.ordinal, i.checked, i.intro) for i in items] == [
        (3, "one", 0, 3, None, "Do this:"),
        (4, "two", 1, None, False, "one"),
        (5, "three", 2, None, True, "two"),
        (6, "four", 0, 4, None, "Do this:"),
        (8, "five", 0, None, None, ""),
    ]


def test_an_item_spans_its_own_lines_only() -> None:
    file = parse("- one\n  goes on\n  - two\n\n  a paragraph\n")
    one = at(file, 1, Item)
    assert (one.text, one.place.end_line) == ("one goes on", 2)
    assert at(file, 5, Paragraph).text == "a paragraph"


def test_a_fence_in_a_list_has_its_lines_and_cut_columns() -> None:
    file = parse('1. run\n\n   ```SH {"name":"x","n":2}\n   a\n     b\n\n   ```\n2. next\n')
    fence = at(file, 3, Fence)
    assert (fence.language, dict(fence.attributes), fence.intro) == ("sh", {"name": "x", "n": "2"}, "run")
    assert [(line.number, line.cut, line.text) for line in fence.lines] == [(4, 3, "a"), (5, 3, "  b"), (6, 0, "")]
    assert (fence.place.line, fence.place.end_line, fence.place.column) == (3, 7, 4)


def test_a_fence_that_opens_its_item_stands_after_an_empty_item() -> None:
    file = parse("- ```\n  x\n  ```\n")
    assert at(file, 1, Item).text == ""
    assert [(line.number, line.cut, line.text) for line in at(file, 1, Fence).lines] == [(2, 2, "x")]


def test_a_fence_without_an_end_reaches_to_the_end_of_the_file() -> None:
    fence = at(parse("a\n```yaml\nb: 1\nc: 2"), 2, Fence)
    assert (fence.place.end_line, [line.number for line in fence.lines], fence.text) == (4, [3, 4], "b: 1\nc: 2")


def test_an_indented_block_and_an_empty_fence_are_code() -> None:
    file = parse("text\n\n    code\n      more\n\n```\n```\n")
    assert [(line.number, line.cut, line.text) for line in at(file, 3, Fence).lines] == [
        (3, 4, "code"),
        (4, 4, "  more"),
    ]
    assert at(file, 6, Fence).lines == ()


def test_code_is_given_as_on_disk_even_where_a_line_was_repaired() -> None:
    file = parse("```\necho caf\u00c3\u00a9\n```\n")
    assert at(file, 1, Fence).lines[0].text == "echo caf\u00c3\u00a9"


def test_html_is_a_block_with_its_lines() -> None:
    html = at(parse("a\n\n<!-- opsguide:\nignore -->\n\nb"), 3, Html)
    assert (html.place.line, html.place.end_line) == (3, 4)


def test_front_matter_is_no_block() -> None:
    file = parse("---\ntitle: T\nopsguide:\n  service: s\n  vars: {a: 1}\n---\n# H\n")
    assert file.front == (("title", "T"), ("opsguide.service", "s"), ("opsguide.vars.a", "1"))
    assert (file.root.blocks, file.headings[0].place.line) == ((), 7)


@pytest.mark.parametrize(
    ("info", "language", "attributes"),
    [
        ("", "", {}),
        ("YAML", "yaml", {}),
        ('sh {"a": true, "b": {"c": 1}}', "sh", {"a": "true", "b": '{"c": 1}'}),
        ('sh{"a":"b"}', "sh", {"a": "b"}),
        ("sh { name=x interactive=false }", "sh", {"name": "x", "interactive": "false"}),
        ("sh {broken", "sh", {}),
        ("sh [1]", "sh", {}),
        ("sh title=x", "sh", {}),
    ],
)
def test_the_info_string_holds_language_and_attributes(info: str, language: str, attributes: dict[str, str]) -> None:
    assert fence_info(info) == (language, attributes)


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n", "\ufeff", "---\n", "---\n---", "\t", "-", "|", "```", "#"])
def test_almost_nothing_is_a_file_too(text: str) -> None:
    file = parse(text)
    assert file.root.place.end_line == len(file.lines) >= 1


def test_windows_line_ends_and_tabs_change_no_line() -> None:
    file = parse(b"# A\r\n\r\n-\tone\r\n\r\n\t```\r\n\tx\r\n\t```\r\n")
    assert at(file, 3, Item).text == "one"
    assert [(line.number, line.text) for line in at(file, 5, Fence).lines] == [(6, "x")]


@pytest.mark.seeds
def test_seed_dried_fruits_has_exact_lines(seeds: Path) -> None:
    file = seed(seeds, "dried-fruits")
    words = [heading.words for heading in file.headings]
    assert words[:3] == ["operations guide", "system monitoring", "health check endpoints"]
    assert {"security operations", "log analysis", "support procedures", "high cpu usage"} <= set(words)
    label = at(file, 23, Item).label
    assert label is not None
    assert (label.name, label.value) == ("CPU Usage", "< 70%")
    fence = at(file, 66, Fence)
    assert [line.text for line in fence.lines if line.number == 68] == ["- alert: HighCPUUsage"]
    assert at(file, 217, Item).checked is False
    assert at(file, 47, Item).intro == "Key Dashboards:"
    assert at(file, 453, Paragraph).links[0].target == "DEPLOYMENT.md"


@pytest.mark.seeds
def test_seed_maintenance_api_has_exact_lines(seeds: Path) -> None:
    file = seed(seeds, "maintenance-api")
    words = [heading.words for heading in file.headings]
    assert {"monitoring & alerting", "security operations", "service level objectives (slos)", "detection"} <= set(
        words
    )
    assert at(file, 49, Item).text == "High error rate (> 5%)"
    fence = at(file, 278, Fence)
    assert ([(line.number, line.cut) for line in fence.lines], fence.intro) == ([(279, 3), (280, 3)], "Diagnosis:")
    nested = at(file, 283, Item)
    assert (nested.depth, nested.intro) == (1, "Resolution:")
    assert [link.target for link in at(file, 324, Item).links] == ["architecture/README.md"]


@pytest.mark.seeds
def test_seed_core_services_has_a_fence_in_a_list(seeds: Path) -> None:
    fence = at(seed(seeds, "core-services"), 10, Fence)
    (curl,) = [line for line in fence.lines if line.number == 12]
    assert (curl.text, curl.cut, fence.intro) == ("curl -X GET http://service-name/health", 2, "Health Monitoring")


@pytest.mark.seeds
def test_seed_inventory_service_has_table_cells(seeds: Path) -> None:
    file = seed(seeds, "inventory-service")
    (row,) = [row for row in at(file, 22, Table).rows if row.place.line == 24]
    assert [cell.text for cell in row.cells] == ["http.server.requests", "HTTP request rate", "Varies", "> 1000 req/s"]
    line = file.lines[23]
    assert [line[cell.place.column - 1 : cell.place.end_column - 1] for cell in row.cells] == [
        "`http.server.requests`",
        "HTTP request rate",
        "Varies",
        "> 1000 req/s",
    ]


@pytest.mark.seeds
def test_seed_integration_engine_has_nested_lists_under_numbers(seeds: Path) -> None:
    file = seed(seeds, "integration-engine")
    panel = at(file, 50, Item)
    assert (panel.text, panel.depth, panel.intro) == ("CPU/Memory/Disk usage", 1, "System Health")
    label = at(file, 250, Item).label
    assert label is not None
    assert (label.name, label.value) == ("Configuration", "1 hour")
    assert [row.place.line for row in at(file, 318, Table).rows] == [320, 321, 322, 323]


@pytest.mark.seeds
def test_no_heading_of_a_seed_begins_with_decoration(seeds: Path) -> None:
    for path in sorted(seeds.glob("*.md")):
        for heading in parse_file(path.name, path.read_bytes()).file.headings:
            assert heading.words[0].isascii(), (path.name, heading)
            assert heading.words[0].isalpha(), (path.name, heading)
