from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.ports import EvidenceRow
from opsguide.store.chain import (
    EMPTY,
    ERASED,
    EXPIRED,
    GENESIS,
    Dropped,
    Head,
    Linked,
    Mark,
    Walk,
    append,
    body_hash,
    dropped,
    erased,
    expired,
    row_hash,
)


def chain(count: int) -> list[Linked]:
    head, rows = EMPTY, []
    for number in range(1, count + 1):
        row = EvidenceRow(float(number), "c", "s", "ok", ok=True, topic="t", by="anna", body=b"body %d" % number)
        rows.append(append(head, row))
        head = Head(number, rows[-1].link)
    return rows


def walked(rows: list[Linked], gone: Dropped | None = None, marks: tuple[Mark, ...] = ()) -> tuple[int, str]:
    walk = Walk(gone or Dropped(), marks)
    walk.rows(rows)
    return walk.end()


def without_body(row: Linked) -> Linked:
    return row._replace(body=None, body_salt=None)


def erase(row: Linked) -> Linked:
    assert row.salt is not None
    kept = row_hash(row.salt, row.at, row.claim, row.subject, row.says, row.ok, row.topic, row.by)
    return without_body(row)._replace(subject="", by="", salt=None, row_hash=kept)


def test_a_chain_as_it_was_written_is_whole() -> None:
    assert walked(chain(5)) == (5, "")
    assert walked([]) == (0, "")


def test_the_link_is_what_the_design_page_says() -> None:
    def joined(use: bytes, *parts: bytes) -> bytes:
        text = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
        return hashlib.blake2b(text, digest_size=32, person=use).digest()

    row = chain(1)[0]
    assert row.salt is not None
    assert row.body_salt is not None
    assert row.body is not None
    of_row = joined(
        b"opsguide row", row.salt, struct.pack(">d", 1.0), b"c", b"s", b"ok", struct.pack(">Q", 1), b"t", b"anna"
    )
    of_body = joined(b"opsguide body", row.body_salt, row.body)
    assert row.body_hash == of_body
    assert row.link == joined(b"opsguide link", GENESIS, struct.pack(">Q", 1), of_row, of_body)


def test_equal_rows_have_unlike_hashes() -> None:
    assert chain(1)[0].body_hash != chain(1)[0].body_hash


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", 3.5),
        ("claim", "d"),
        ("subject", ""),
        ("says", "okk"),
        ("ok", 0),
        ("ok", 2),
        ("topic", ""),
        ("by", "bert"),
        ("salt", bytes(16)),
        ("row_hash", bytes(32)),
        ("body_hash", bytes(32)),
        ("link", bytes(32)),
        ("body_salt", bytes(16)),
        ("body", b"other"),
        ("body", b""),
        ("at", "3.0"),
        ("claim", b"c"),
        ("ok", -1),
        ("link", "text"),
        ("body", "body 3"),
        ("body", None),
    ],
)
def test_a_changed_column_is_found_at_its_row(column: str, value: object) -> None:
    rows = chain(5)
    rows[2] = rows[2]._replace(**{column: value})  # type: ignore[arg-type]  # wrong types are among the tampering
    count, wrong = walked(rows)
    assert count == 2
    assert wrong.startswith("row 3")


def test_text_moved_from_one_column_to_the_next_is_found() -> None:
    rows = chain(2)
    rows[0] = rows[0]._replace(claim="cs", subject="")
    assert walked(rows)[1].startswith("row 1 was changed")


def test_a_row_deleted_from_the_middle_is_found() -> None:
    rows = chain(5)
    del rows[2]
    assert walked(rows) == (2, "row 3 is missing")


def test_a_row_deleted_and_the_rest_renumbered_is_found() -> None:
    rows = chain(5)
    del rows[2]
    rows = [row._replace(number=number) for number, row in enumerate(rows, start=1)]
    assert walked(rows)[1].startswith("row 3 was changed")


def test_two_rows_that_changed_places_are_found() -> None:
    rows = chain(5)
    rows[1], rows[2] = rows[2]._replace(number=2), rows[1]._replace(number=3)
    assert walked(rows)[1].startswith("row 2 was changed")


def test_a_tail_cut_off_behind_a_seal_is_found() -> None:
    rows = chain(5)
    sealed = Mark(Head(4, rows[3].link), "day 2026-01-01 was sealed")
    assert walked(rows, marks=(sealed,)) == (5, "")
    assert walked(rows[:4], marks=(sealed,)) == (4, "")
    assert walked(rows[:3], marks=(sealed,)) == (3, "the log ends at row 3, but day 2026-01-01 was sealed at row 4")


def test_a_whole_new_chain_is_found_by_a_head_kept_elsewhere() -> None:
    kept = Mark(Head(3, chain(5)[2].link), "a kept head stood")
    assert walked(chain(5), marks=(kept,)) == (2, "row 3 is not the row at which a kept head stood")


def test_an_expired_body_leaves_the_chain_whole_and_its_columns_proven() -> None:
    rows = chain(5)
    rows[1] = without_body(rows[1])
    assert walked(rows, Dropped(before=2.5)) == (5, "")
    rows[1] = rows[1]._replace(says="fine")
    assert walked(rows, Dropped(before=2.5))[1].startswith("row 2 was changed")


def test_a_body_that_no_entry_of_the_log_took_is_missed() -> None:
    rows = chain(5)
    rows[1] = without_body(rows[1])
    assert walked(rows, Dropped(before=2.0))[1] == "row 2 lacks its body, and no entry of the log took it"


def test_an_erased_row_leaves_the_chain_whole_where_the_log_says_so() -> None:
    rows = chain(5)
    rows[3] = erase(rows[3])
    assert walked(rows, Dropped(numbers=frozenset({4}))) == (5, "")
    assert walked(rows, Dropped(before=9.0))[1] == "row 4 lacks its salt, and no entry of the log erased it"


def test_rows_that_record_what_was_dropped_never_lack_their_body() -> None:
    row = append(EMPTY, EvidenceRow(1.0, "", "", "expired", ok=True, topic=EXPIRED, by="", body=expired(9.0)))
    assert walked([row], Dropped(before=9.0)) == (1, "")
    assert "lacks its body" in walked([without_body(row)], Dropped(before=9.0, numbers=frozenset({1})))[1]


def test_entries_of_what_was_dropped_add_up() -> None:
    said = dropped([(EXPIRED, expired(5.0)), (EXPIRED, expired(3.0)), (ERASED, erased([7, 8])), (ERASED, erased([1]))])
    assert said == Dropped(5.0, frozenset({1, 7, 8}))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"before": "soon"}', b'{"before": null}', b"\xff"])
def test_an_entry_that_does_not_parse_says_nothing(body: bytes) -> None:
    assert dropped([(EXPIRED, body), (ERASED, body)]) == Dropped()


@given(st.floats(allow_nan=False), st.text(), st.text(), st.binary())
def test_any_row_follows_on_the_one_before(at: float, claim: str, says: str, body: bytes) -> None:
    try:
        row = EvidenceRow(at, claim, "", says, ok=not at, topic="", by="", body=body)
        first = append(EMPTY, row)
    except UnicodeEncodeError:
        return  # half a surrogate pair is no text
    second = append(Head(1, first.link), row)
    assert walked([first, second]) == (2, "")
    assert first.body_salt is not None
    assert first.body_hash == body_hash(first.body_salt, body)
