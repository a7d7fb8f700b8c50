from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.web.fakes import NOW, Spec, claim_at, page, seen, shop

from opsguide.core.block import Status
from opsguide.core.nouns import Known, State, Verdict
from opsguide.kernel.view import Foreseen, WouldTell
from opsguide.web.claimpage import consequence

if TYPE_CHECKING:
    from tests.web.fakes import Stage

TASK = "task-shop-read-the-log"


def test_a_statement_says_its_words_what_was_understood_and_what_is_known() -> None:
    said = page("/c/alert-shop-slow")
    for words in ("<i>11</i>- alert: Slow", "Slow is watched", "latency &gt; 2", "above 2 s for 6 min", "guide.md:11"):
        assert words in said
    assert said.index("<h2>Changes</h2>") < said.index("waiting</td>") < said.index("<h2>Evidence</h2>")
    assert said.index("<h2>Evidence</h2>") < said.rindex("firing")
    assert 'href="/#alert-shop-slow"' in said


def test_what_is_unbound_says_what_it_needs_and_where_that_is_set() -> None:
    said = page("/c/threshold-shop-disk")
    assert "<code>[disk]</code>" in said
    assert "[bindings]" in said


def test_a_task_can_be_ticked_by_a_person_alone() -> None:
    assert "Acting needs a signed-in person" in page(f"/c/{TASK}")
    assert 'action="/tick"' not in page(f"/c/{TASK}")
    assert 'action="/tick"' in page(f"/c/{TASK}", person="Ada")
    assert 'action="/trust"' not in page(f"/c/{TASK}", person="Ada")


def test_a_command_can_be_trusted_by_a_person() -> None:
    def command(on: Stage) -> None:
        claim = claim_at(5, "probe", "disk", Spec(command="df -h"))
        on.running.views.append(seen(claim, Verdict(State.WAITING, "its command is not trusted")))

    said = page("/c/probe-shop-disk", person="Ada", prepare=command)
    assert 'action="/trust"' in said
    assert "df -h" in said


def test_the_words_of_a_statement_in_another_file_are_its_place() -> None:
    def other(on: Stage) -> None:
        view = on.running.views[0]
        place = replace(view.claim.place, file="other.yml", line=7, end_line=7)
        on.running.views[0] = replace(view, claim=replace(view.claim, place=place))

    assert "other.yml:7:1" in page("/c/threshold-shop-cpu-usage", prepare=other)


def test_what_would_follow_names_the_receivers_of_the_real_route() -> None:
    def routed(on: Stage) -> None:
        told = (WouldTell("pager", "webhook", 10.0, "{}:{}"), WouldTell("team", "email", 30.0, "{}:{x}"))
        labels = (("alertname", "Slow"), ("severity", "critical"))
        on.running.foreseen["alert-shop-slow"] = Foreseen(labels, told, NOW + 3600)

    said = page("/c/alert-shop-slow", prepare=routed)
    assert "While it is broken" in said
    assert "It raises Slow (critical), and the guide&#39;s own route tells" in said
    assert said.index("<b>pager</b>") < said.index("10 s after the break") < said.index("<b>team</b>")
    assert "on trial until 2027-01-15T09:00:00Z" in said


def test_that_nobody_would_be_told_is_said_with_its_reason() -> None:
    _, (cpu, broken, *_) = shop()
    why = Foreseen(why_not="[notify] claims leaves out threshold")
    assert consequence(cpu, why).startswith("Nobody would be told: [notify] claims leaves out threshold.")
    assert consequence(broken, why).startswith("Nobody is told: ")
    planned = replace(cpu, claim=replace(cpu.claim, status=Status.PLANNED))
    assert consequence(planned, why) == "Nothing: the guide means it as planned."
    assert consequence(cpu, None) == "Nothing: it is not live."


def test_a_statement_with_figures_has_a_chart_with_how_it_stood() -> None:
    def measured(on: Stage) -> None:
        claim = claim_at(5, "threshold", "CPU usage", Spec(expr=""))
        known = Known(claim.id, "", 1, NOW - 600, Verdict(State.HOLDS, "", "41 %"), values=(("value_ratio", 0.41),))
        on.running.views[0] = seen(claim, known.verdict, subjects=(known,))

    said = page("/c/threshold-shop-cpu-usage?range=2h", prepare=measured)
    assert '<svg class="chart"' in said
    assert '<rect class="band holds"' in said
    assert 'aria-current="true">2h</a>' in said
    assert "1 of 1 series" in said
    assert "/graph?expr=opsguide_claim_value%7Bclaim%3D" in said
    assert '<svg class="chart"' not in page("/c/threshold-shop-cpu-usage")


def test_subjects_are_counted_with_their_denominator() -> None:
    def several(on: Stage) -> None:
        claim = claim_at(5, "scrape", "shop")
        states = (State.BROKEN, State.HOLDS, State.HOLDS)
        known = tuple(Known(claim.id, f"a:{n}", 1, NOW, Verdict(each, "")) for n, each in enumerate(states))
        on.running.views.append(seen(claim, known[0].verdict, subjects=known))

    assert "2 of 3 hold" in page("/c/scrape-shop-shop", prepare=several)
