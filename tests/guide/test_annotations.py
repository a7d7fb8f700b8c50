from __future__ import annotations

from opsguide.guide.annotations import annotation_of


def test_keys_values_and_bare_words() -> None:
    text = "<!-- opsguide: kind=slo window=30d ignore title=\"two words\" id='a b' -->"
    assert annotation_of(text) == {"kind": "slo", "window": "30d", "ignore": "", "title": "two words", "id": "a b"}


def test_other_comments_are_none() -> None:
    assert annotation_of("<!-- opsguide is nice -->") is None
    assert annotation_of("opsguide: x=1") is None
    assert annotation_of("<!-- opsguide: x=1") is None
    assert annotation_of("") is None


def test_several_comments_add_up() -> None:
    assert annotation_of("<!--opsguide:a=1--> x <!-- opsguide:\n b=2\n-->") == {"a": "1", "b": "2"}
