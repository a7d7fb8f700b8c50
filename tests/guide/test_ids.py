from __future__ import annotations

from dataclasses import replace

from opsguide.core.block import Place
from opsguide.core.nouns import Claim
from opsguide.guide.ids import identified


def claim(subject: str, *headings: str, line: int = 1) -> Claim[None]:
    return Claim("probe", subject, subject, Place("g.md", line, line), None, "", headings=headings)


def ids(*claims: Claim[None], pins: tuple[str, ...] = ()) -> list[str]:
    return [found.id for found in identified(claims, pins or ("",) * len(claims))]


def test_an_id_is_kind_and_subject() -> None:
    assert ids(claim("GET https://yourdomain.com/health")) == ["probe-get-https-yourdomain-com-health"]


def test_equal_ones_take_the_nearest_heading_and_then_an_ordinal() -> None:
    found = ids(
        claim("cpu", "A", "📊 System"), claim("cpu", "A", "1. Pods"), claim("cpu", "A", "Pods"), claim("disk", "A")
    )
    assert found == ["probe-cpu-system", "probe-cpu-pods", "probe-cpu-pods-2", "probe-disk"]


def test_ids_know_no_line_and_no_order_of_other_subjects() -> None:
    one, two = claim("a", "H", line=3), claim("b", "H", line=9)
    moved = [replace(two, place=Place("g.md", 1, 1)), replace(one, place=Place("g.md", 50, 50))]
    assert ids(one, two) == list(reversed(ids(*moved)))


def test_a_pin_wins_over_whoever_came_first() -> None:
    assert ids(claim("cpu"), claim("x"), pins=("", "probe-cpu")) == ["probe-cpu-2", "probe-cpu"]
    assert ids(claim("a"), claim("b"), pins=("mine", "mine")) == ["mine", "mine-2"]


def test_a_subject_without_words_has_an_id_too() -> None:
    assert ids(claim("> 5 %"), claim("!!!"), claim("???")) == ["probe-5", "probe-statement", "probe-statement-2"]


def test_an_ordinal_never_meets_a_subject_that_looks_like_one() -> None:
    found = ids(claim("cpu 2"), claim("cpu"), claim("cpu"))
    assert len(set(found)) == 3
    assert found[0] == "probe-cpu-2"
