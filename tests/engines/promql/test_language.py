"""The semantics of PromQL, as cases in Prometheus's own .test language (cases_own.test)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.promql import language

CASES = list(language.cases((Path(__file__).parent / "cases_own.test").read_text()))


@pytest.mark.parametrize(("case", "loaded"), CASES, ids=[f"line {case.line} {case.expr}" for case, _ in CASES])
def test_an_expression_answers_what_its_case_says(case: language.Case, loaded: language.Loaded) -> None:
    assert language.check(case, loaded) == ""


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("eval instant at 1m x\n  x 2", "is not"),
        ("eval instant at 1m x\n  y 1", "missing"),
        ("eval instant at 1m x", "too much"),
        ("eval instant at 1m x\n  expect fail", "should fail"),
        ("eval instant at 1m x +\n  x 1", "fault"),
        ("eval range from 0 to 2m step 1m x\n  x 1 _ 1", "step 1"),
    ],
)
def test_the_runner_can_fail(line: str, wrong: str) -> None:
    ((case, loaded),) = language.cases(f"load 1m\n  x 1 1 1\n\n{line}\n")
    assert wrong in language.check(case, loaded)


def test_values_expand_as_promtool_reads_them() -> None:
    assert language.read_values("1 2+3x2 4x1 5-1x1") == [1, 2, 5, 8, 4, 4, 5, 4]
    assert len(language.read_values("_x3 stale 1")) == 5
