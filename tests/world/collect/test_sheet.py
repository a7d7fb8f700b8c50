from __future__ import annotations

import pytest

from opsguide.core.ports import WorldFault
from opsguide.world.collect.sheet import Dsn, Sheet, as_number, dsn_parts


def test_labels_are_sorted_and_escaped_and_a_key_stands_once() -> None:
    sheet = Sheet()
    sheet.gauge("a", 1.0, z='q"\\\n', b="x")
    sheet.gauge("a", 2.0, b="x", z='q"\\\n')
    sheet.counter("b_total", None)
    samples = sheet.samples()
    assert list(samples.keys) == ['a{b="x",z="q\\"\\\\\\n"}']
    assert samples.values.tolist() == [2.0]
    assert dict(samples.kinds) == {"a": "gauge"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("ON", 1.0), ("off", 0.0), ("ok", 1.0), ("12.5", 12.5), (3, 3.0), ("utf8", None), (None, None), ("", None)],
)
def test_words_of_servers_become_numbers(text: object, value: float | None) -> None:
    assert as_number(text) == value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "postgresql://u:${PW}@Db.Host:5433/app?sslmode=require",
            Dsn("Db.Host", 5433, "u", "p@ss/w:rd", "app", "postgresql", (("sslmode", "require"),)),
        ),
        ("redis://127.0.0.1/2", Dsn("127.0.0.1", 0, "", "", "2", "redis")),
        ("mysql://a%40b:c%2Fd@h", Dsn("h", 0, "a@b", "c/d", "", "mysql")),
        ("postgresql://[::1]:5432/x", Dsn("::1", 5432, "", "", "x", "postgresql")),
        ("", Dsn("127.0.0.1")),
    ],
)
def test_an_address_is_taken_apart_before_its_secrets_are_filled(text: str, parts: Dsn) -> None:
    assert dsn_parts(text, lambda part: part.replace("${PW}", "p@ss/w:rd")) == parts


def test_an_address_that_is_no_url_is_a_fault() -> None:
    with pytest.raises(WorldFault, match="no URL"):
        dsn_parts("postgresql://h:port/x", str)
