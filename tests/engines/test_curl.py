from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.curl import Curl, Shell, commands, read_curl, words


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("curl -f https://h/health", Curl("https://h/health", fails=True)),
        ("curl -X GET http://h/health", Curl("http://h/health")),
        ("curl -fsSL 'http://h/x?a=1&b=2'", Curl("http://h/x?a=1&b=2", fails=True, follows=True)),
        ("curl -sXGET h:8080/x | jq .status", Curl("http://h:8080/x")),
        ("curl -I http://h/", Curl("http://h/", "HEAD")),
        ("curl -s -o /dev/null -w '%{http_code}' http://h/", Curl("http://h/")),
        ("curl http://h/ > /dev/null 2>&1 || exit 1", Curl("http://h/")),
        ("sudo TOKEN=x curl http://h/", Curl("http://h/")),
        ("until curl -f http://h/; do sleep 1; done", Curl("http://h/", fails=True)),
        ("curl -m 5 -k --cacert ca.pem http://h/", Curl("http://h/", timeout_s=5.0, insecure=True, ca_file="ca.pem")),
        (
            'curl -H "X-Key: ${KEY}" -u me:${PW} http://h/',
            Curl("http://h/", headers=(("X-Key", "${KEY}"),), user="me:${PW}"),
        ),
        ("curl --oauth2-bearer=t --url http://h/", Curl("http://h/", headers=(("Authorization", "Bearer t"),))),
        ("curl -X POST http://h/reset", Curl("http://h/reset", "POST", sends=True)),
        ("curl -d a=1 http://h/", Curl("http://h/", "POST", sends=True)),
        ("curl -G -d a=1 http://h/", Curl("http://h/")),
        ("curl --json '{}' http://h/", Curl("http://h/", "POST", sends=True)),
        ("curl -X DELETE http://h/", Curl("http://h/", "DELETE", sends=True)),
        ("curl --retry 3 --connect-timeout 2 http://h/", Curl("http://h/")),
    ],
)
def test_a_curl_line_is_the_request_it_makes(text: str, request_: Curl) -> None:
    assert read_curl(text) == request_


@pytest.mark.parametrize(
    "text",
    ["", "wget http://h/", "echo curl", "curl", "curl -f", "curl $(cat url)", "curl `cat url`", "curl 'http://h"],
)
def test_what_makes_no_plain_request_is_none(text: str) -> None:
    assert read_curl(text) is None


def test_commands_know_their_lines_and_the_comment_above() -> None:
    text = r"""
# API Health Check
curl -f \
  -H 'A: # b' \
  http://h/health

$ ls -l   # behind
# A
# B
user@host:~$ ./run.sh
# alone
"""
    assert commands(enumerate(text.split("\n"), start=1)) == [
        Shell("curl -f -H 'A: # b' http://h/health", 3, 5, "API Health Check"),
        Shell("ls -l", 7, 7, "behind"),
        Shell("./run.sh", 10, 10, "A B"),
    ]


def test_a_line_that_goes_on_into_nothing_is_still_a_command() -> None:
    assert commands([(4, "curl \\")]) == [Shell("curl", 4, 4)]


def test_simple_commands_are_split_and_redirections_dropped() -> None:
    assert words("a b | c > f 2>&1 && d; e < g &") == [["a", "b"], ["c"], ["d"], ["e"]]


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    for command in commands(enumerate(text.split("\n"))):
        words(command.text)
        read_curl(command.text)
    read_curl(f"curl {text}")
