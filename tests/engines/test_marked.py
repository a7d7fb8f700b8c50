"""YAML with line marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.marked import YamlFault, load, repeated_keys

RULES = """# a comment
groups:
  - name: service
    rules:
    - alert: Down
      expr: up == 0
      labels: {severity: critical}
      annotations:
        summary: "quoted text"
        text: |
          first
            second

    - alert: Slow
"""


def test_every_scalar_key_and_sequence_knows_its_line_and_column() -> None:
    (root,) = load(RULES)
    down = root.at(["groups", 0, "rules", 0])
    assert down is not None
    assert (down.line, down.column, down.end_line) == (5, 7, 12)
    severity = down.at(["labels", "severity"])
    assert severity is not None
    assert (severity.line, severity.column, severity.text) == (7, 26, "critical")
    key = down.key("annotations")
    assert key is not None
    assert (key.line, key.column) == (8, 7)
    groups = root.get("groups")
    assert groups is not None
    assert groups.is_sequence
    assert (groups.line, groups.end_line) == (3, 14)


def test_values_are_plain_python() -> None:
    (root,) = load("a: 1\nb: [1.5, true, null, yes, '7']\nc: 2024-01-02\nd: 0x10\n")
    assert root.value == {"a": 1, "b": [1.5, True, None, True, "7"], "c": "2024-01-02", "d": 16}
    listed = root.get("b")
    assert listed is not None
    assert [child.text for child in listed.children] == ["1.5", "true", "null", "yes", "7"]


def test_a_place_inside_a_value_is_found_again_in_its_line() -> None:
    (root,) = load('a: up > 5\nb: "up > 5"\nc: |\n  up\n    > 5\nd: >\n  up\n  > 5\n')
    places = {name.text: value.locate(value.text.index(">")) for name, value in root.items()}
    assert places == {"a": (1, 7), "b": (2, 8), "c": (5, 5), "d": (8, 3)}


def test_a_block_text_at_the_very_end_needs_no_line_end() -> None:
    (root,) = load("a: |\n  up\n  > 5")
    value = root.get("a")
    assert value is not None
    assert (value.end_line, value.locate(3)) == (3, (3, 3))


def test_a_repeated_key_is_reported_with_both_lines_and_the_first_one_holds() -> None:
    (root,) = load("a:\n  x: 1\n  y: 2\n  x: 3\n")
    (fault,) = repeated_keys(root)
    assert (fault.line, fault.column) == (4, 3)
    assert fault.first == 2
    assert "line" not in fault.message, "lines of the text are not lines of the file"
    assert root.value == {"a": {"x": 1, "y": 2}}


def test_several_documents_come_one_by_one_and_empty_ones_not_at_all() -> None:
    first, second = load("a: 1\n---\n---\nb: 2\n")
    assert (first.value, second.value, second.line) == ({"a": 1}, {"b": 2}, 4)


def test_merge_keys_give_way_to_own_keys() -> None:
    (root,) = load("base: &base {a: 1, b: 2}\nmine:\n  <<: *base\n  b: 3\n")
    mine = root.get("mine")
    assert mine is not None
    assert mine.value == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: 1\n\tb: 2\n", 2, "tab"),
        ("a: b: c\n", 1, "quote"),
        ("a: [1, 2\nb: 3\n", 1, "close it with ]"),
        ("a: 1\nb: {x: 1\nc: 3\n", 2, "close it with }"),
        ("a: 1\nb: 'x\nc: 3\n", 2, "close it with '"),
        ("a:\n  - 1\n b: 2\n", 3, "indent"),
        ("a: @home\n", 1, "quote the value"),
        ("a: *nobody\n", 1, "&nobody"),
    ],
)
def test_broken_yaml_names_its_line_and_the_smallest_mend(text: str, line: int, hint: str) -> None:
    with pytest.raises(YamlFault) as caught:
        load(text)
    assert caught.value.line == line
    assert hint in caught.value.hint


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    rows = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"] + [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(YamlFault, match="aliases"):
        load("\n".join(rows))


def test_an_anchor_that_holds_itself_is_refused() -> None:
    with pytest.raises(YamlFault, match="names no anchor"):
        load("a: &a [*a]")


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(YamlFault, match=r"nested|nesting|no valid"):
        load("[" * 50_000)


@given(st.text(max_size=80) | st.lists(st.sampled_from(list(" -:[]{}&*a!|>\n'\"#\t")), max_size=60).map("".join))
def test_no_text_gets_anything_but_nodes_or_a_fault(text: str) -> None:
    rows = text.count("\n") + 1
    for line, end_line in _lines_of(text):
        assert 1 <= line <= max(line, end_line) <= rows + 1


def _lines_of(text: str) -> list[tuple[int, int]]:
    try:
        return [(node.line, node.end_line) for node in load(text)]
    except YamlFault as fault:
        return [(fault.line, fault.line)]
