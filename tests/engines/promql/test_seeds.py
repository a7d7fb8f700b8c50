"""Every PromQL expression that the five seed guides write evaluates, on the metrics it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from opsguide.engines.promql import QueryFault, instant, parse
from opsguide.engines.series import Head

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.engines.promql import Query

_EXPR = re.compile(r"^\s*expr:\s*(.+?)\s*$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LIMIT = re.compile(r"\s*(>|<|==)\s*[\d.]+$")


def expressions(text: str) -> list[str]:
    """What stands after `expr:`, and inline code that compares a metric with a number."""
    code = [found for found in _CODE.findall(text) if _LIMIT.search(found) and ("{" in found or "(" in found)]
    return [*_EXPR.findall(text), *code]


def with_metrics_of(query: Query) -> Head:
    """A head in which every selector of the query has a counter-like series that it matches."""
    head = Head()
    keys: dict[str, None] = {}
    for selector in query.selectors:
        labels = {
            m.name: m.value.replace("5..", "503").replace(".*", "x") for m in selector.ways[0] if m.op in {"=", "=~"}
        }
        name = labels.pop("__name__")
        for le in ("0.5", "1", "2", "5", "+Inf") if name.endswith("_bucket") else ("",):
            shown = {**labels, **({"le": le} if le else {})}
            keys[name + "{" + ",".join(f'{k}="{v}"' for k, v in shown.items()) + "}"] = None
    for i in range(41):
        head.append("t", (("instance", "h"),), i * 15.0, list(keys), np.arange(1.0, len(keys) + 1) * i)
    return head


@pytest.mark.seeds
def test_every_expression_of_the_seeds_evaluates(seeds: Path) -> None:
    found = {expr for path in seeds.glob("*.md") for expr in expressions(path.read_text(errors="replace"))}
    assert len(found) >= 9
    for expr in sorted(found):
        query = parse(expr)
        answer = instant(query, with_metrics_of(query), 600.0)
        assert answer.blind == (), expr
        # Without the limit that it is compared with, there is a value for every subject.
        alone = parse(_LIMIT.sub("", expr))
        assert len(instant(alone, with_metrics_of(query), 600.0).values), expr
        bare = instant(query, Head(), 600.0)
        assert len(bare.blind) == len({s.text for s in query.selectors}), expr


def test_a_fault_is_no_answer() -> None:
    with pytest.raises(QueryFault):
        parse("rate(up)")
