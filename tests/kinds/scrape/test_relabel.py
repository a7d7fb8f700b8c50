from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.kinds.scrape.relabel import hashed, relabelled
from opsguide.kinds.scrape.spec import Relabel

LABELS = {"a": "foo", "b": "bar", "c": "baz", "__meta_my_x": "1"}


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        (Relabel(source_labels=("a",), regex="f(.*)", target_label="d", replacement="ch${1}-$1"), {"d": "choo-oo"}),
        (Relabel(source_labels=("a", "b"), target_label="a", regex="foo;(.*)", replacement="$1"), {"a": "bar"}),
        (Relabel(source_labels=("a",), regex="oo", target_label="a", replacement="x"), {}),  # anchored: no match
        (Relabel(source_labels=("a",), regex="f.*", target_label="b", replacement=""), {"b": ""}),
        (Relabel(source_labels=("a",), regex="(f).*", target_label="${1}x", replacement="$1"), {"fx": "f"}),
        (Relabel(source_labels=("a",), regex="(.*)", target_label="d", replacement="$1x"), {"d": ""}),
        (Relabel(source_labels=("a",), regex="(?P<n>.*)", target_label="d", replacement="${n}!$$"), {"d": "foo!$"}),
        (Relabel(target_label="d", replacement="constant"), {"d": "constant"}),
        (Relabel(source_labels=("a",), target_label="not a label", replacement="x"), {}),
        (Relabel("labelmap", regex="__meta_(my.*)"), {"my_x": "1"}),
        (Relabel("labeldrop", regex="(b|c)"), {"b": "", "c": ""}),
        (Relabel("labelkeep", regex="a"), {"b": "", "c": "", "__meta_my_x": ""}),
        (Relabel("lowercase", source_labels=("up",), target_label="d"), {}),
        (Relabel("uppercase", source_labels=("a",), target_label="d"), {"d": "FOO"}),
        (Relabel("hashmod", source_labels=("c",), target_label="d", modulus=1000), {"d": "976"}),
        (Relabel("keep", source_labels=("a",), regex="foo|x"), {}),
        (Relabel("drop", source_labels=("a",), regex="fo"), {}),
        (Relabel("dropequal", source_labels=("a",), target_label="b"), {}),
    ],
)
def test_a_rule_changes_what_it_says(rule: Relabel, after: dict[str, str]) -> None:
    expected = {name: value for name, value in {**LABELS, **after}.items() if value}
    assert relabelled(LABELS, [rule]) == expected


@pytest.mark.parametrize(
    "rule",
    [
        Relabel("keep", source_labels=("a",), regex="fo"),
        Relabel("keep", source_labels=("none",), regex=".+"),
        Relabel("drop", source_labels=("a", "b"), regex="foo;bar"),
        Relabel("drop", source_labels=("a",), regex="f.*"),
        Relabel("keepequal", source_labels=("a",), target_label="b"),
        Relabel("dropequal", source_labels=("a",), target_label="a"),
    ],
)
def test_a_rule_drops_the_target(rule: Relabel) -> None:
    assert relabelled(LABELS, [rule, Relabel(target_label="x", replacement="never")]) is None


def test_the_hash_is_prometheus_own() -> None:
    # Prometheus's own table of relabelling tests has "baz" end up as 976 of 1000.
    assert hashed("baz") % 1000 == 976


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9)), st.text(max_size=9))
def test_no_labels_crash_it(labels: dict[str, str], template: str) -> None:
    rules = [Relabel(source_labels=tuple(labels), target_label="x", replacement=template)]
    assert relabelled(labels, rules) is not None
