from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.weburl import host_of, path_of, tidy


@pytest.mark.parametrize(
    ("written", "usable"),
    [
        ("http://a/b", "http://a/b"),
        ("localhost:8080/health", "http://localhost:8080/health"),
        ("//a/b", "http://a/b"),
        ("http://127.0.0.1:8443:3000", "http://127.0.0.1:3000"),
        ("http://127.0.0.1:8443:3000/x?y#z", "http://127.0.0.1:3000/x?y#z"),
        ("https://[::1]:1:2/", "https://[::1]:2/"),
        ("https://[::1]:1/", "https://[::1]:1/"),
        ("https://u:p@h:1:2/", "https://u:p@h:2/"),
    ],
)
def test_an_address_gets_a_scheme_and_keeps_the_port_of_the_guide(written: str, usable: str) -> None:
    assert tidy(written) == usable


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("http://u@h:1/a?b#c", "h:1", "/a?b"),
        ("http://h", "h", "/"),
        ("http://h?x", "h", "/?x"),
        ("nonsense", "", "/"),
    ],
)
def test_host_and_path_are_taken_apart(url: str, host: str, path: str) -> None:
    assert (host_of(url), path_of(url)) == (host, path)


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    assert "://" in tidy(text)
    host_of(text)
    path_of(text)
