from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest
from tests.web.fakes import shop

from opsguide.kernel.shape import claim_json
from opsguide.web.answers import body_of, claim_answer, claim_page


def test_with_spec_an_answer_is_what_check_says_and_a_verdict() -> None:
    _, views = shop()
    for view in views:
        said = json.loads(msgspec.json.encode(claim_answer(view, spec=True)))
        assert {name: said[name] for name in said if name not in {"guide", "verdict"}} == claim_json(view.claim)


def test_without_spec_an_answer_is_small() -> None:
    _, views = shop()
    said = json.loads(msgspec.json.encode(claim_answer(views[0])))
    assert list(said) == ["id", "guide", "kind", "line", "title", "verdict"]


def test_a_verdict_that_never_was_has_no_since() -> None:
    _, views = shop()
    page = claim_page(replace(views[0], since=0.0, at=0.0))
    assert (page.claim.verdict.since, page.at) == (None, None)


@pytest.mark.parametrize(
    ("body", "said"), [(b"", {}), (b"not json", {}), (b"[1]", {"value": [1]}), (b'{"a": 1}', {"a": 1})]
)
def test_a_body_that_has_expired_says_nothing(body: bytes, said: object) -> None:
    assert body_of(body) == said
