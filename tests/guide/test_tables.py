from __future__ import annotations

from opsguide.core.block import Table
from opsguide.guide.markdown import parse_file


def at(text: str, line: int) -> Table:
    """The table that begins on a line."""
    blocks = parse_file("g.md", text.encode()).file.root.blocks
    (found,) = [block for block in blocks if isinstance(block, Table) and block.place.line == line]
    return found


def test_table_cells_have_columns_and_text_without_markup() -> None:
    text = "Rules:\n\n| Name | When |\n|---|---|\n| **Up** | `a\\|b` > 1 |\n| [x](y.md) |\n"
    table = at(text, 3)
    assert ([cell.text for cell in table.header], table.intro, table.place.end_line) == (["Name", "When"], "Rules:", 6)
    up, when = table.rows[0].cells
    assert (up.text, when.text, [code.text for code in when.codes]) == ("Up", "a|b > 1", ["a|b"])
    line = text.split("\n")[4]
    assert line[when.place.column - 1 : when.place.end_column - 1] == "`a\\|b` > 1"
    assert [row.place.line for row in table.rows] == [5, 6]
    link, missing = table.rows[1].cells
    assert (link.links[0].target, link.links[0].place.column, missing.text) == ("y.md", 3, "")


def test_a_table_without_outer_bars_or_in_a_list_has_columns_too() -> None:
    row = at("- x\n\n  a | b\n  --|--\n  1 | 22\n", 3).rows[0]
    assert [(cell.text, cell.place.column, cell.place.end_column) for cell in row.cells] == [("1", 3, 4), ("22", 7, 9)]
