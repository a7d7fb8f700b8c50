from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.fakes import NOW, TEXT, Stage, claim_at, seen, shop, stage

from opsguide.core.block import Place
from opsguide.core.guide import Coverage
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import State, Verdict
from opsguide.web.guidepage import figures

EVIL = "<script>alert(1)</script>"


def page(prepare: Any = None, path: str = "/", text: str = TEXT) -> str:
    async def scene() -> str:
        on = await stage(text=text)
        if prepare is not None:
            prepare(on)
        reply = await on.call.get(path)
        assert reply.status == 200, reply
        return reply.text

    return asyncio.run(scene())


def test_each_statement_has_its_note_behind_its_words() -> None:
    said = page()
    assert '<strong>CPU usage</strong>: below 70 %<span class="n holds"><a href="/c/threshold-shop-cpu-usage">' in said
    assert '- alert: Slow<span class="n broken">' in said
    assert said.count('<span class="n ') == 6
    assert '&lt; 80 %<span class="n unbound row">' in said


def test_the_value_comes_first_then_its_age_with_the_exact_time_then_why() -> None:
    said = page()
    note = said[said.index("<u>holds</u>") :]
    assert note.index("41 %</b>") < note.index("4 s ago") < note.index("41 % is below 70 %")
    assert 'title="2027-01-15T07:59:56Z">4 s ago' in note


def test_the_strip_says_what_goes_on_and_is_absent_when_nothing_does() -> None:
    assert 'class="now"' in page()

    def heal(on: Stage) -> None:
        on.running.views = [replace(view, verdict=Verdict(State.HOLDS, "")) for view in on.running.views]

    assert 'class="now"' not in page(heal)


def test_an_edit_that_cannot_go_live_is_told() -> None:
    def edit(on: Stage) -> None:
        on.running.broken_edits = {"guide.md": (Mend(Place("guide.md", 9, 9), f"bad {EVIL}", "", "x/y"),)}

    said = page(edit)
    assert "guide.md was edited and cannot go live" in said
    assert "guide.md:9: bad &lt;script&gt;" in said


def test_the_outline_counts_what_does_not_hold() -> None:
    said = page()
    assert '<a href="#health">Health<i class="broken" title="1 of 2 broken">1</i></a>' in said

    def mend(on: Stage) -> None:
        on.running.views = [view for view in on.running.views if view.verdict.state is not State.BROKEN]

    assert '<a href="#alerts">Alerts<i title="2 of 2 not known">2</i></a>' in page(mend)
    assert '<a href="#daily">Daily</a>' in said


def test_a_finding_stands_at_its_line_with_its_mend() -> None:
    def find(on: Stage) -> None:
        mend = Mend(Place("guide.md", 6, 6), "promises 500 ms", "write 0.5", "slo/gap", Level.WARNING)
        elsewhere = Mend(Place("opsguide.toml", 1, 1), "no receiver", "add one", "routing/none")
        on.running.guides = [replace(on.running.guides[0], findings=(mend, elsewhere))]

    said = page(find)
    assert "below 500 ms" in said
    at = said.index('<span class="n finding warning">')
    assert said.index('id="threshold-shop-response-time"') < at < said.index("</li>", at)
    assert said.index("Stated elsewhere") < said.index("no receiver")


def test_a_statement_without_a_place_on_the_page_is_not_lost() -> None:
    def elsewhere(on: Stage) -> None:
        claim = claim_at(3, "scrape", "native", place=Place("prometheus.yml", 3, 3))
        guide = on.running.guides[0]
        on.running.guides = [replace(guide, claims=(*guide.claims, claim))]
        on.running.views.append(seen(claim, Verdict(State.HOLDS, "up", "1 of 1")))

    said = page(elsewhere)
    assert said.index("Stated elsewhere") < said.index("/c/scrape-shop-native")


def test_figures_have_denominators() -> None:
    guide, views = shop()
    guide = replace(guide, coverage=(Coverage("A", 1, 20, 5, 1, 4, 10),))
    assert figures(guide, views) == [
        (10, 20, "lines state something"),
        (6, 10, "of these were read"),
        (5, 6, "statements are judged"),
        (4, 5, "of these are known"),
    ]


def test_several_guides_have_an_index_and_a_page_each() -> None:
    def two(on: Stage) -> None:
        guide = on.running.guides[0]
        on.running.guides = [guide, replace(guide, key="other", path="other.md", title=f"Other {EVIL}", claims=())]

    index = page(two)
    assert '<a href="/g/guide/">Fruit shop</a>' in index
    assert '<td class="broken">2</td>' in index
    assert "Other &lt;script&gt;" in index
    assert '<span class="n holds">' in page(two, "/g/guide/")
    assert '<span class="n holds">' not in page(two, "/g/other/")


def test_only_a_signed_in_person_can_tick_from_the_page() -> None:
    assert 'id="tick"' not in page()

    async def scene() -> str:
        on = await stage()
        await on.call.sign_in()
        return (await on.call.get("/")).text

    assert '<form id="tick" method="post" action="/tick">' in asyncio.run(scene())


def test_a_new_edition_is_rendered_anew() -> None:
    async def scene() -> tuple[str, str]:
        on = await stage()
        before = (await on.call.get("/")).text
        guide, views = shop(TEXT.replace("CPU usage", "Processor"))
        on.running.guides, on.running.views = [guide], views
        return before, (await on.call.get("/")).text

    before, after = asyncio.run(scene())
    assert "Processor" not in before
    assert "Processor" in after


HOSTILE = f"""# Shop {EVIL}

- **CPU {EVIL}**: below 70 % [x](javascript:alert(1)) <img src=x onerror=alert(1)>

| a{EVIL} | b |
|---|---|
| "><script>alert(2)</script> | <b onclick="x">c</b> |

```bash
curl {EVIL} "></code></pre><script>alert(3)</script>
```

<script>alert(4)</script>
<style>body {{ display: none }}</style>

[a](data:text/html;base64,PHNjcmlwdD4=) [b](JaVaScRiPt:alert(5)) [c](vbscript:x) ![d](javascript:x)
"""


def hostile(on: Stage) -> None:
    verdict = Verdict(State.BROKEN, f"because {EVIL}", f"value {EVIL}", f"limit {EVIL}")
    claim = claim_at(3, f"k{EVIL}", f"title {EVIL}", needs=(f"[{EVIL}]",), understood=EVIL, id=f'id"{EVIL}')
    mend = Mend(Place("guide.md", 3, 3), f"wrong {EVIL}", f"mend {EVIL}", f"r/{EVIL}")
    on.running.guides = [replace(on.running.guides[0], claims=(claim,), findings=(mend,), title=EVIL, service=EVIL)]
    on.running.views = [seen(claim, verdict, NOW - 5)]


@pytest.mark.parametrize("path", ["/", '/c/id"<script>alert(1)</script>', "/tasks", "/journal", "/api/claims?spec=1"])
def test_nothing_of_the_guide_or_the_world_runs_in_the_page(path: str) -> None:
    said = page(hostile, path, HOSTILE)
    live = said.lower()
    if path.startswith("/api"):
        return
    assert live.count("<script") == live.count('<script src="/static/')
    assert "<style" not in live
    assert "<img" not in live
    assert "<b onclick" not in live
    for scheme in ("javascript:", "vbscript:", "data:"):
        assert f'href="{scheme}' not in live
        assert f'src="{scheme}' not in live


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="<>\"'&=/ \nscriptonx#-*|`[]():", max_size=200))
def test_no_text_of_a_guide_opens_an_element_that_can_act(text: str) -> None:
    live = page(text=text).lower()
    assert live.count("<script") == 1
    assert "<iframe" not in live
    assert "<svg" not in live
