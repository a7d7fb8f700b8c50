from __future__ import annotations

import yaml

from opsguide.core.block import Fence
from opsguide.core.settings import Settings, parse_settings
from opsguide.guide.native import native_file, settings_file


def test_a_native_file_is_one_block_with_its_own_lines() -> None:
    file, mends = native_file("conf/prometheus.yml", b"a: 1\r\nb: 2\n")
    (fence,) = file.root.blocks
    assert isinstance(fence, Fence)
    assert (file.native, fence.language, fence.place.line, fence.place.end_line, mends) == (True, "yaml", 1, 2, ())
    assert [(line.number, line.text) for line in fence.lines] == [(1, "a: 1"), (2, "b: 2")]


def test_a_native_file_that_is_no_text_is_a_mend() -> None:
    _, mends = native_file("p.yml", b"\xff\n\x00")
    assert [mend.rule for mend in mends] == ["file/utf8", "file/nul"]


def test_tables_of_the_settings_are_read_as_a_native_file_at_their_line() -> None:
    text = '[bindings]\na = "b"\n\n[[scrape_configs]]\njob_name = "api"\n\n[route]\nreceiver = "x"\n\n'
    text += '[[receivers]]\nname = "x"\n'
    file = settings_file(parse_settings(text, "opsguide.toml"))
    assert file is not None
    scrape, collect, alerting = file.root.blocks
    assert isinstance(collect, Fence)
    assert "collect:" in collect.text
    assert isinstance(scrape, Fence)
    assert isinstance(alerting, Fence)
    assert yaml.safe_load(scrape.text) == {"scrape_configs": [{"job_name": "api"}]}
    assert yaml.safe_load(alerting.text) == {"route": {"receiver": "x"}, "receivers": [{"name": "x"}]}
    assert {line.number for line in scrape.lines} == {4}
    assert (alerting.place.file, alerting.place.line, len(file.lines) >= 7) == ("opsguide.toml", 7, True)


def test_settings_without_such_tables_are_no_file() -> None:
    assert settings_file(Settings(native={})) is None
