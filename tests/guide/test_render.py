from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from opsguide.core.block import Place
from opsguide.guide.markdown import parse_file
from opsguide.guide.native import native_file
from opsguide.guide.render import Anchor, heading_ids, render, safe

if TYPE_CHECKING:
    from pathlib import Path


class Page(HTMLParser):
    """The elements of a page: tag and attributes, and whether the tags close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"br", "hr", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, claim: str) -> tuple[str, dict[str, str | None]]:
        (found,) = [element for element in self.elements if element[1].get("id") == claim]
        return found


def html(text: str, *anchors: tuple[str, int] | tuple[str, int, int]) -> str:
    file = parse_file("g.md", text.encode()).file
    places = [(a[0], Place("g.md", a[1], a[2] if len(a) > 2 else a[1])) for a in anchors]
    return render(file, [Anchor(name, place, "toy") for name, place in places])


def test_each_claim_has_its_anchor_at_the_nearest_block() -> None:
    text = "# H\n\npara\n\n- a\n  - b\n\n| x |\n|---|\n| y |\n\n```\ncode\nmore\n```\n"
    page = Page(html(text, ("h", 1), ("p", 3), ("a", 5), ("b", 6), ("y", 10), ("f", 12), ("c", 13)))
    assert page.open == []
    assert [page.of(name)[0] for name in ("p", "a", "b", "y", "f", "c")] == ["p", "li", "li", "tr", "pre", "span"]
    assert page.of("b")[1] == {"id": "b", "data-claim": "b", "data-line": "6"}
    heading = next(attributes for tag, attributes in page.elements if tag == "h1")
    assert (heading["data-claim"], page.of("h-1" if heading["id"] == "h-1" else "h")[0] in {"h1", "a"}) == ("h", True)


def test_a_claim_id_wins_over_a_heading_of_that_name() -> None:
    page = Page(html("# probe x\n\n- a\n", ("probe-x", 3)))
    assert page.of("probe-x")[0] == "li"
    assert page.of("probe-x-1")[0] == "h1"


def test_several_claims_on_one_row_each_have_an_anchor() -> None:
    page = Page(html("| x |\n|---|\n| y |\n", ("one", 3), ("two", 3)))
    assert page.of("one")[1]["data-claims"] == "one two"
    assert page.of("two")[0] == "a"
    assert "<td><a id=" in html("| x |\n|---|\n| y |\n", ("one", 3), ("two", 3))


def test_a_claim_with_several_places_has_one_id() -> None:
    page = Page(html("- a\n- b\n", ("one", 1), ("one", 2)))
    assert [(tag, a.get("id"), a.get("data-claim")) for tag, a in page.elements if tag == "li"] == [
        ("li", "one", "one"),
        ("li", None, "one"),
    ]


def test_every_claimed_line_of_code_is_marked() -> None:
    text = "- x\n\n  ```yaml\n  - alert: A\n    expr: up < 1\n  # end\n  ```\n"
    page = html(text, ("a", 4, 5), ("b", 5))
    assert '<span class="claimed" id="a" data-claim="a" data-line="4">- alert: A</span>\n' in page
    assert 'id="b" data-claim="a" data-claims="a b" data-line="5">  expr: up &lt; 1</span>\n# end\n' in page


def test_raw_html_is_shown_as_text_and_comments_are_left_out() -> None:
    page = html(
        "<script>alert(1)</script>\n\na <b onclick=x>c</b><br>d <!-- no --> <pod>\n\n<!-- opsguide: ignore -->\n"
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;b onclick=x&gt;" in page
    assert "<br>" in page
    assert "<!--" not in page
    assert "opsguide" not in page


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "java\tscript:x",
        "\x01javascript:x",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc",
    ],
)
def test_links_that_could_run_something_are_dropped(target: str) -> None:
    assert not safe(target)


@pytest.mark.parametrize("target", ["https://a", "http://a", "mailto:a@b", "#x", "../a.md", "//host/x", "a/b:c", ""])
def test_other_links_are_kept(target: str) -> None:
    assert safe(target)


def test_links_carry_rel_and_dropped_ones_no_address() -> None:
    page = html('[a](x.md "t") [b](javascript:alert(1)) <javascript:x> ![i](http://a/i.png)')
    assert '<a href="x.md" title="t" rel="noopener">a</a>' in page
    assert "javascript" not in page.replace(">javascript:x<", "")
    assert page.count("href") == 1
    assert '<span class="image">i</span>' in page


def test_tasks_show_disabled_boxes() -> None:
    page = html("- [ ] open **x**\n- [x] done\n- [y] no box\n")
    assert '<li><input type="checkbox" disabled> open <strong>x</strong></li>' in page
    assert '<input type="checkbox" disabled checked> done' in page
    assert "[y] no box" in page


def test_there_is_no_inline_style() -> None:
    page = html("| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n4. x\n")
    assert "style" not in page
    assert '<td class="align-center">' in page
    assert '<ol start="4">' in page


def test_headings_have_githubs_anchors_and_repaired_text() -> None:
    page = html("# \uf8ffüîß Backup & Recovery\n\n## A\n\n## A\n\n[l](#a-1)\n")
    assert '<h1 id="-backup--recovery">🔧 Backup &amp; Recovery</h1>' in page
    assert '<h2 id="a-1">' in page
    assert heading_ids(["A", "A-1", "A", "!"], ["section"]) == ["a", "a-1", "a-2", "section-1"]


def test_attributes_of_a_fence_cannot_leave_theirs() -> None:
    page = html('```a"><script>\nx\n```\n')
    assert "<script" not in page


def test_front_matter_is_not_shown() -> None:
    assert html("---\ntitle: secret\n---\n# H\n") == '<h1 id="h">H</h1>\n'


def test_a_native_file_is_one_block_of_code() -> None:
    file, _ = native_file("p.yml", b"a: <1>\nb: 2\n")
    page = render(file, [Anchor("x", Place("p.yml", 2, 2), "scrape"), Anchor("y", Place("other", 1, 1), "scrape")])
    assert page == (
        '<pre class="native"><code>a: &lt;1&gt;\n'
        '<span class="claimed" id="x" data-claim="x" data-line="2">b: 2</span>\n</code></pre>\n'
    )


@pytest.mark.seeds
def test_every_seed_renders_with_every_line_anchored(seeds: Path) -> None:
    for path in sorted(seeds.glob("*.md")):
        file = parse_file(path.name, path.read_bytes()).file
        anchors = [
            Anchor(f"l{n}", Place(path.name, n, n), "toy")
            for n in range(1, len(file.lines) + 1)
            if file.lines[n - 1].strip()
        ]
        page = Page(render(file, anchors))
        assert page.open == []
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
