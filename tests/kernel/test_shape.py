from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opsguide.core.block import Place
from opsguide.core.guide import Coverage, Guide, Unread
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import Claim, State
from opsguide.kernel.shape import claim_json, coverage_json, finding_json, guide_json, place_json, plain

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Step:
    text: str
    undo: str | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    op: str
    value: float
    quantile: float | None = None
    channels: tuple[str, ...] = ()
    unit: str = ""
    state: State = State.HOLDS
    values: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    reached: bool = False


def claim(spec: Spec) -> Claim[Spec]:
    return Claim("threshold", "CPU", "cpu", Place("g.md", 3, 4), spec, "CPU below 70 %", id="threshold-g-cpu")


def guide() -> Guide:
    mend = Mend(Place("g.md", 9, 9, 3, 7), "unit", "write 0.5", "alert/units", Level.WARNING, (Place("g.md", 3, 3),))
    return Guide(
        path="g.md",
        key="g",
        title="G",
        service="shop",
        files=(),
        claims=(claim(Spec("<", 0.7)),),
        findings=(mend,),
        unread=(Unread(Place("g.md", 12, 12), "CPU fine", "no number"),),
        coverage=(Coverage("A", 1, 10, 4, 1, 2, 3), Coverage("B", 11, 5, 1, 0, 0, 4)),
        placeholders={},
        unfilled=(),
        text_hash="h",
    )


def test_a_field_that_the_guide_does_not_state_is_absent() -> None:
    assert claim_json(claim(Spec("<", 0.7)))["spec"] == {"op": "<", "value": 0.7, "state": "holds", "reached": False}


def test_nested_specs_become_plain_and_stated_empty_values_stay() -> None:
    spec = Spec("=", 0, values={"save": ""}, steps=(Step("a"), Step("b", "c")), channels=("email",))
    said = claim_json(claim(spec))["spec"]
    assert said["values"] == {"save": ""}
    assert said["steps"] == [{"text": "a"}, {"text": "b", "undo": "c"}]
    assert said["channels"] == ["email"]
    assert said["value"] == 0


def test_a_claim_carries_the_fields_of_the_contract() -> None:
    said = claim_json(claim(Spec("<", 0.7)))
    assert list(said) == [
        *("id", "kind", "title", "line", "end_line", "file", "places", "status", "needs", "understood", "spec"),
    ]
    assert (said["line"], said["end_line"], said["status"]) == (3, 4, "active")


def test_a_finding_names_every_line_once_in_order() -> None:
    said = finding_json(guide().findings[0])
    assert said["lines"] == [3, 9]
    assert said["level"] == "warning"
    assert said["places"][0] == {"file": "g.md", "line": 9, "end_line": 9, "column": 3, "end_column": 7}


def test_a_place_without_columns_says_none() -> None:
    assert place_json(Place("g.md", 1, 2)) == {"file": "g.md", "line": 1, "end_line": 2}


def test_coverage_is_summed_and_kept_by_section() -> None:
    said = coverage_json(guide().coverage)
    assert (said["lines"], said["claimed"], said["prose"]) == (15, 5, 7)
    assert [section["heading"] for section in said["sections"]] == ["A", "B"]


def test_a_guide_is_json_all_through() -> None:
    said = json.loads(json.dumps(guide_json(guide())))
    assert list(said) == ["guide", "service", "claims", "findings", "unread", "coverage"]
    assert said["unread"] == [{"line": 12, "file": "g.md", "text": "CPU fine", "why": "no number"}]


def test_nothing_is_an_empty_spec_and_a_set_becomes_a_list() -> None:
    assert plain(frozenset({1})) == [1]
    assert plain(b"\x00") == "AA=="
