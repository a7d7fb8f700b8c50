from __future__ import annotations

from tests.web.fakes import NOW, claim_at, seen

from opsguide.core.block import Place
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import State, Verdict
from opsguide.web.notes import claim_url, finding_note, note_of


def test_what_holds_says_its_value_and_how_old_it_is() -> None:
    note = note_of(seen(claim_at(1, "threshold", "CPU"), Verdict(State.HOLDS, "from node_cpu", "41 %")), NOW)
    assert (note.state, note.value, note.when, note.because) == ("holds", "41 %", "4 s ago", "from node_cpu")
    assert note.exact == "2027-01-15T07:59:56Z"


def test_what_is_broken_says_for_how_long() -> None:
    note = note_of(seen(claim_at(1, "threshold", "CPU"), Verdict(State.BROKEN, "above", "91 %"), NOW - 660), NOW)
    assert (note.value, note.when) == ("91 %", "for 11 min")


def test_without_a_value_the_state_stands_there() -> None:
    assert note_of(seen(claim_at(1, "alert", "Down"), Verdict(State.UNKNOWN, "never seen")), NOW).value == "unknown"


def test_what_is_unbound_names_what_it_lacks() -> None:
    claim = claim_at(1, "probe", "Health", needs=("[host]", "[port]"))
    assert note_of(seen(claim, Verdict(State.UNBOUND, "")), NOW).value == "needs [host], [port]"


def test_a_reason_that_repeats_the_value_is_not_said_twice_and_a_long_one_is_cut() -> None:
    assert note_of(seen(claim_at(1, "probe", "a"), Verdict(State.HOLDS, "200", "200")), NOW).because == ""
    long = note_of(seen(claim_at(1, "probe", "a"), Verdict(State.HOLDS, "x" * 500, "200")), NOW).because
    assert len(long) == 160
    assert long.endswith("…")


def test_a_task_that_is_due_can_be_ticked_and_one_that_is_done_cannot() -> None:
    task = claim_at(1, "task", "Read")
    assert note_of(seen(task, Verdict(State.WAITING, "due")), NOW).tick == task.id
    assert note_of(seen(task, Verdict(State.HOLDS, "done")), NOW).tick == ""


def test_an_id_with_a_slash_has_a_page() -> None:
    assert claim_url("probe-a/b c") == "/c/probe-a%2Fb%20c"


def test_a_finding_says_what_is_wrong_and_its_mend() -> None:
    note = finding_note(Mend(Place("g", 1, 1), "wrong", "write 0.5", "alert/units", Level.WARNING))
    assert (note.level, note.message, note.mend, note.rule) == ("warning", "wrong", "write 0.5", "alert/units")
