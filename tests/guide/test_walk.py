from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Item, Polarity, Section, Status
from opsguide.guide.markdown import parse_file
from opsguide.guide.walk import Step, walk

if TYPE_CHECKING:
    from collections.abc import Iterable


def steps(text: str) -> list[Step]:
    return list(walk(parse_file("g.md", text.encode()).file))


def blocks(found: Iterable[Step]) -> list[tuple[str, dict[str, str], bool]]:
    return [
        (getattr(step.node, "text", "table"), dict(step.annotation), step.ignored)
        for step in found
        if not isinstance(step.node, Section)
    ]


def test_sections_come_before_their_blocks_in_the_order_of_the_guide() -> None:
    found = steps("a\n# H\nb\n## I\nc\n# J\n")
    said = [step.node.heading.text if step.node.heading else "" for step in found if isinstance(step.node, Section)]
    assert said == ["", "H", "I", "J"]
    assert [type(step.node).__name__ for step in found] == [
        *("Section", "Paragraph", "Section", "Paragraph", "Section", "Paragraph", "Section"),
    ]
    assert [heading.text for heading in found[5].path] == ["H", "I"]


def test_a_comment_annotates_the_next_block() -> None:
    found = blocks(steps("<!-- opsguide: window=30d -->\n\na\n\nb\n"))
    assert found == [("a", {"window": "30d"}, False), ("b", {}, False)]


def test_a_comment_above_a_list_holds_for_its_items_and_its_id_for_the_first() -> None:
    found = blocks(steps("<!-- opsguide: id=x severity=info -->\n- a\n- b\n\nend\n"))
    assert found == [
        ("a", {"id": "x", "severity": "info"}, False),
        ("b", {"severity": "info"}, False),
        ("end", {}, False),
    ]


def test_a_comment_in_an_item_is_its_own() -> None:
    assert blocks(steps("- a <!-- opsguide: id=x -->\n- b\n")) == [("a", {"id": "x"}, False), ("b", {}, False)]


def test_attributes_of_a_fence_annotate_it() -> None:
    (step,) = [s for s in steps('<!-- opsguide: a=1 -->\n```sh {"b":"2"}\nx\n```\n') if isinstance(s.node, Fence)]
    assert dict(step.annotation) == {"a": "1", "b": "2"}


def test_ignore_stretches_blocks_and_whole_sections() -> None:
    text = (
        "<!-- opsguide: ignore -->\na\n\nb\n\n<!-- opsguide: ignore-start -->\n\nc\n\n# H\n\nd\n\n"
        "<!-- opsguide: ignore-end -->\n\ne\n\n<!-- opsguide: ignore -->\n\n# I\n\nf\n\n## J\n\ng\n\n# K\n\nh\n"
    )
    assert [(said, off) for said, _, off in blocks(steps(text))] == [
        ("a", True), ("b", False), ("c", True), ("d", True), ("e", False), ("f", True), ("g", True), ("h", False),
    ]  # fmt: skip


def test_an_annotation_before_a_heading_holds_for_its_section() -> None:
    found = steps("<!-- opsguide: status=planned cadence=weekly -->\n# H\n\n- a\n\n# I\n\n- b\n")
    said = [(s.inherited.status, s.inherited.cadence) for s in found if isinstance(s.node, Item)]
    assert said == [(Status.PLANNED, "weekly"), (Status.ACTIVE, None)]


def test_the_words_of_a_block_or_of_its_intro_give_its_status() -> None:
    found = steps("Example:\n\n```yaml\na: 1\n```\n\n- CPU alert (planned)\n- Memory alert\n")
    assert [s.inherited.status for s in found if isinstance(s.node, Fence | Item)] == [
        Status.EXAMPLE,
        Status.PLANNED,
        Status.ACTIVE,
    ]


def test_a_bold_line_or_an_item_above_a_list_is_read_like_a_heading() -> None:
    found = steps("# H\n\n1. **Weekly**:\n   - a\n2. **Monthly**:\n   - b\n\n**Critical alerts (SMS):**\n\n- c\n")
    said = [
        (s.inherited.cadence, s.inherited.severity) for s in found if isinstance(s.node, Item) and len(s.node.text) == 1
    ]
    assert said == [("weekly", None), ("monthly", None), (None, "critical")]


def test_the_title_of_a_file_gives_no_polarity() -> None:
    found = steps("# Alert guide\n- a\n# Alerts\n- b\n")
    assert [s.inherited.polarity for s in found if isinstance(s.node, Item)] == [None, Polarity.ALERT]
