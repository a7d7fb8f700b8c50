"""The log of samples: every damage costs what it must and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from opsguide.store.serieslog import MARKER, Scrape, SeriesLog

if TYPE_CHECKING:
    from pathlib import Path

HOURS_6 = 6 * 3_600_000
LABELS = (("job", "j"),)


def scrape(i: int, target: str = "t", keys: int = 5) -> Scrape:
    values = np.array([float(i), 1.5, *[float(i // 7)] * (keys - 2)])
    return Scrape(target, LABELS, 1_000_000 + i * 15_000, [f"k{n}" for n in range(keys)], values, {"k0": "counter"})


def written(folder: Path, count: int, start: int = 0) -> None:
    log = SeriesLog(folder, HOURS_6)
    list(log.read())
    for i in range(start, start + count):
        log.write(scrape(i))
    log.close()


def read(folder: Path) -> tuple[list[Scrape], SeriesLog]:
    log = SeriesLog(folder, HOURS_6)
    return list(log.read()), log


def numbers(found: list[Scrape]) -> list[int]:
    return [int(s.values[0]) for s in found]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"))


def test_what_is_written_is_read_back_exactly(tmp_path: Path) -> None:
    written(tmp_path, 100)
    found, log = read(tmp_path)
    for i, got in enumerate(found):
        want = scrape(i)
        assert (got.target, got.labels, got.at_ms, got.keys, got.kinds) == (
            want.target, want.labels, want.at_ms, want.keys, want.kinds,
        )  # fmt: skip
        np.testing.assert_array_equal(got.values, want.values)
    assert len(found) == 100
    assert (log.damage.lost, log.damage.bad_bytes, log.damage.torn_bytes) == ([], 0, 0)


def test_nans_and_infinities_keep_their_bits(tmp_path: Path) -> None:
    log = SeriesLog(tmp_path, HOURS_6)
    list(log.read())
    values = np.array([0x7FF0000000000002, 0x7FF8000000000001], dtype=np.int64).view(np.float64)
    for i in range(3):
        log.write(Scrape("t", (), i, ["a", "b"], values, {}))
    log.close()
    for got in read(tmp_path)[0]:
        np.testing.assert_array_equal(got.values.view(np.int64), values.view(np.int64))


def test_each_restart_begins_a_segment_and_the_order_is_kept(tmp_path: Path) -> None:
    for start in (0, 10, 20):
        written(tmp_path, 10, start)
    assert len(segments(tmp_path)) == 3
    assert numbers(read(tmp_path)[0]) == list(range(30))


def test_a_segment_is_closed_after_half_an_hour_and_deleted_after_the_retention(tmp_path: Path) -> None:
    written(tmp_path, 4 * 60 * 8)
    kept = segments(tmp_path)
    assert 12 <= len(kept) <= 14
    found = numbers(read(tmp_path)[0])
    assert found[-1] == 4 * 60 * 8 - 1
    assert found[0] <= 4 * 60 * 2


@pytest.mark.parametrize("cut", [1, 3, 11, 12, 13, 40])
def test_a_torn_tail_is_cut_off_and_costs_one_record(tmp_path: Path, cut: int) -> None:
    written(tmp_path, 30)
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    found, log = read(tmp_path)
    assert numbers(found) == list(range(29))
    assert log.damage.torn_bytes > 0
    assert log.damage.lost == []
    assert read(tmp_path)[1].damage.torn_bytes == 0


def test_a_torn_tail_of_zeroes_as_a_lost_power_leaves_it_is_cut_off(tmp_path: Path) -> None:
    written(tmp_path, 30)
    (path,) = segments(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(5000))
    found, log = read(tmp_path)
    assert numbers(found) == list(range(30))
    assert log.damage.torn_bytes == 5000


def starts(path: Path) -> list[int]:
    data, at, found = path.read_bytes(), 0, []
    while (at := data.find(MARKER, at)) >= 0:
        found.append(at)
        at += 1
    return found


def test_a_flipped_bit_in_the_middle_is_quarantined_and_the_loss_is_an_interval(tmp_path: Path) -> None:
    written(tmp_path, 100)
    (path,) = segments(tmp_path)
    data = bytearray(path.read_bytes())
    data[starts(path)[31] + 20] ^= 1  # record 0 is the layout, so this is scrape 30
    path.write_bytes(data)
    found, log = read(tmp_path)
    # The changed records after it depend on it; the next full one is scrape 40.
    assert numbers(found) == [*range(30), *range(40, 100)]
    assert log.damage.lost == [(scrape(29).at_ms, scrape(40).at_ms)]
    assert log.damage.torn_bytes == 0
    assert path.with_suffix(".bad").stat().st_size == log.damage.bad_bytes > 0


def test_a_lost_layout_costs_its_segment_and_is_told(tmp_path: Path) -> None:
    written(tmp_path, 20)
    written(tmp_path, 20, 20)
    first = segments(tmp_path)[0]
    data = bytearray(first.read_bytes())
    data[starts(first)[0] + 20] ^= 1
    first.write_bytes(data)
    found, log = read(tmp_path)
    assert numbers(found) == list(range(20, 40))
    assert log.damage.lost == [(scrape(0).at_ms, scrape(19).at_ms)]


def test_a_segment_of_rubbish_is_stepped_over(tmp_path: Path) -> None:
    written(tmp_path, 10)
    written(tmp_path, 10, 10)
    segments(tmp_path)[0].write_bytes(b"what is this" * 1000)
    found, log = read(tmp_path)
    assert numbers(found) == list(range(10, 20))
    assert log.damage.bad_bytes == 12_000


def test_any_single_flipped_byte_loses_little_and_crashes_nothing(tmp_path: Path) -> None:
    written(tmp_path, 45)
    (path,) = segments(tmp_path)
    whole = path.read_bytes()
    for at in range(0, len(whole), 37):
        data = bytearray(whole)
        data[at] ^= 0x41
        path.write_bytes(data)
        found = numbers(read(tmp_path)[0])
        assert found == sorted(set(found))
        assert len(found) >= 24 or at < 250  # before that lies the layout, without which nothing is known
        path.write_bytes(whole)


def test_targets_and_layouts_mix(tmp_path: Path) -> None:
    log = SeriesLog(tmp_path, HOURS_6)
    list(log.read())
    for i in range(60):
        log.write(scrape(i, "a", 5 + i // 25))
        log.write(scrape(i, "b", 3))
    log.close()
    found, _ = read(tmp_path)
    assert [(s.target, int(s.values[0]), len(s.keys)) for s in found] == [
        (target, i, 5 + i // 25 if target == "a" else 3) for i in range(60) for target in "ab"
    ]


def test_an_unchanged_scrape_costs_few_bytes(tmp_path: Path) -> None:
    log = SeriesLog(tmp_path, HOURS_6)
    list(log.read())
    keys = [f'm{{n="{n}"}}' for n in range(1000)]
    for i in range(100):
        values = np.ones(1000)
        values[:100] = i
        log.write(Scrape("t", LABELS, i * 1000, keys, values, {}))
    log.close()
    assert sum(path.stat().st_size for path in segments(tmp_path)) < 100 * 1000
