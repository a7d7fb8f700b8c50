from __future__ import annotations

from opsguide.core.block import Paragraph
from opsguide.guide.markdown import parse_file


def at(text: str, line: int) -> Paragraph:
    """The paragraph that begins on a line."""
    blocks = parse_file("g.md", text.encode()).file.root.blocks
    (found,) = [block for block in blocks if isinstance(block, Paragraph) and block.place.line == line]
    return found


def test_links_and_code_have_exact_places() -> None:
    text = "see [the *docs*](docs/a%20b.md) and `x y` and <https://a.b> and `x y`"
    paragraph = at(text, 1)
    assert [(link.text, link.target) for link in paragraph.links] == [
        ("the docs", "docs/a%20b.md"),
        ("https://a.b", "https://a.b"),
    ]
    places = [*(link.place for link in paragraph.links), *(code.place for code in paragraph.codes)]
    spans = [text[p.column - 1 : p.end_column - 1] for p in places]
    assert spans == ["[the *docs*](docs/a%20b.md)", "<https://a.b>", "`x y`", "`x y`"]
    assert paragraph.codes[0].place.column < paragraph.codes[1].place.column


def test_places_on_later_lines_of_a_paragraph_are_on_their_line() -> None:
    paragraph = at("one\ntwo `code` x\n", 1)
    (code,) = paragraph.codes
    assert (code.place.line, code.place.column, code.place.end_column) == (2, 5, 11)
    assert [(line.number, line.text) for line in paragraph.lines] == [(1, "one"), (2, "two `code` x")]


def test_words_in_angle_brackets_are_text_and_tags_are_not() -> None:
    assert at("run on <pod-name><br>now <!-- no -->", 1).text == "run on <pod-name> now"


def test_a_link_ends_behind_its_target_whatever_its_form() -> None:
    text = "[a][r] [`b`](x) [c] d\n\n[r]: /r\n[c]: /c\n"
    line = text.split("\n", maxsplit=1)[0]
    places = [link.place for link in at(text, 1).links]
    assert [line[place.column - 1 : place.end_column - 1] for place in places] == ["[a][r]", "[`b`](x)", "[c]"]


def test_a_paragraph_beyond_measure_is_text_without_markup() -> None:
    text = "**a** " * 5000
    assert at(text, 1).text == text.strip()
