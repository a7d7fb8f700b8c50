from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.web.slots import Headline, Slot, cut, lean


def marked(html: str) -> str:
    return "".join(
        f"[{' '.join(p.ids)}]" if isinstance(p, Slot) else p for p in cut(html) if not isinstance(p, Headline)
    )


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<p data-claim="a">CPU <b>x</b></p>', '<p data-claim="a">CPU <b>x</b>[a]</p>'),
        ('<li data-claim="a">one</li>', '<li data-claim="a">one[a]</li>'),
        (
            '<li data-claim="a">one\n<ul><li data-claim="b">two</li></ul></li>',
            '<li data-claim="a">one\n[a]<ul><li data-claim="b">two[b]</li></ul></li>',
        ),
        ('<li data-claim="a"><p>one</p><pre>x</pre></li>', '<li data-claim="a"><p>one[a]</p><pre>x</pre></li>'),
        (
            '<tr data-claim="a"><td>x</td><td>y</td>\n</tr><tr><td>z</td></tr>',
            '<tr data-claim="a"><td>x</td><td>y[a]</td>\n</tr><tr><td>z</td></tr>',
        ),
        (
            '<pre><code><span data-claim="a">- alert: A</span>\n</code></pre>',
            '<pre><code><span data-claim="a">- alert: A[a]</span>\n</code></pre>',
        ),
        ('<pre data-claim="a"><code>x</code></pre>', '<pre data-claim="a">[a]<code>x</code></pre>'),
        ('<p data-claim="a" data-claims="a b">x</p>', '<p data-claim="a" data-claims="a b">x[a b]</p>'),
        ("<p>data-claim=&quot;a&quot;</p>", "<p>data-claim=&quot;a&quot;</p>"),
    ],
)
def test_a_note_stands_at_the_end_of_its_statements_own_words(html: str, wanted: str) -> None:
    assert marked(html) == wanted


def test_headings_are_given_with_their_anchors_and_plain_text() -> None:
    pieces = cut('<h2 id="a&amp;b">A <code>&lt;b&gt;</code></h2><h3>C</h3>')
    assert [piece for piece in pieces if isinstance(piece, Headline)] == [
        Headline(2, "a&b", "A <b>"),
        Headline(3, "", "C"),
    ]


@given(st.text(alphabet='<>/"= ptdrlihe1dacmn-') | st.text())
def test_no_text_is_lost_or_added(html: str) -> None:
    assert "".join(piece for piece in cut(html) if isinstance(piece, str)) == html


def test_the_marks_go_once_they_have_served() -> None:
    html = '<li id="a" data-claim="a" data-claims="a b" data-line="7">say data-line="7"</li>'
    kept = "".join(piece for piece in lean(cut(html)) if isinstance(piece, str))
    assert kept == '<li id="a">say data-line="7"</li>'
