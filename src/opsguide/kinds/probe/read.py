"""Reads `curl` lines of health addresses, and check scripts that stand under a health check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Fence, Place
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import Claim
from opsguide.core.units import duration_s, said
from opsguide.engines.curl import commands, read_curl, words
from opsguide.engines.weburl import path_of, tidy
from opsguide.kinds.probe.spec import ProbeSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Node
    from opsguide.core.kind import Context
    from opsguide.engines.curl import Curl, Shell

SHELLS = frozenset({"", "bash", "sh", "shell", "zsh", "console", "terminal", "text", "shell-session"})
PROBE_EVERY_S = 15.0
PROBE_LIMIT_S = 10.0
COMMAND_EVERY_S = 60.0
COMMAND_LIMIT_S = 30.0

_HEALTH_PATH = re.compile(
    r"/-/(healthy|ready)\b|/(_?health(z|y|check|-check|_check)?|ready(z)?|readiness|live(z|ness)?|alive|ping|status|"
    r"heartbeat|up|actuator)(?=[/?]|$)",
    re.IGNORECASE,
)
_METRICS_PATH = re.compile(r"/(metrics|prometheus)(?=[/?]|$)", re.IGNORECASE)
_HEALTH_WORDS = re.compile(
    r"\bhealth[- ]?(check|endpoint|prob|status)|\b(liveness|readiness|uptime check)\b", re.IGNORECASE
)
_WATCH_WORDS = re.compile(r"\b(health|check|verify|monitor|dependenc\w+|readiness|liveness)\b", re.IGNORECASE)
_CHECK_SCRIPT = re.compile(
    r"(\./|\.\./|/)?([\w.-]+/)*[\w.-]*(check|health|verify|ready|ping|probe|smoke|status)[\w.-]*\.(sh|bash|py)",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"\.(sh|bash|py)\b")
_WRITES = re.compile(r"restart|deploy|backup|restore|delete|clean|migrat|fix|repair|install", re.IGNORECASE)
_INTERPRETERS = frozenset({"bash", "sh", "python", "python3"})
_EXPECTED = re.compile(
    r"\b(?:expect\w*|returns?|answers?|should\s+(?:be|return|answer|give)|must\s+(?:be|return|answer))\b\D{0,24}?\b([1-5]\d\d)\b",
    re.IGNORECASE,
)


def read(node: Node, context: Context) -> Iterator[Claim[ProbeSpec] | Mend]:
    """Probes of one shell block; an address that stands in it twice is one claim with two places."""
    if not isinstance(node, Fence) or node.language not in SHELLS:
        return
    for shell in commands((line.number, line.text) for line in node.lines):
        # Cheap looks first: taking a line apart costs a hundred times more.
        curl = read_curl(shell.text) if "curl" in shell.text else None
        place = Place(node.place.file, shell.line, shell.end_line)
        if curl is not None:
            yield from _address(curl, shell, place, context)
        elif _SCRIPT.search(shell.text) and (script := _script(shell, context)):
            yield _command(script, shell, place, context)


def _address(curl: Curl, shell: Shell, place: Place, context: Context) -> Iterator[Claim[ProbeSpec] | Mend]:
    raw_path = path_of(curl.url)
    if curl.sends or _METRICS_PATH.search(raw_path):
        return
    if not _HEALTH_PATH.search(raw_path) and not _HEALTH_WORDS.search(_around(shell, context)):
        return
    url = context.fill(curl.url)
    headers = [(name, context.fill(value)) for name, value in curl.headers]
    user = context.fill(curl.user)
    needs = dict.fromkeys((*url.needs, *(name for _, value in headers for name in value.needs), *user.needs))
    if any(_secret(name, value.text) for name, value in headers) or _secret("authorization", user.text):
        mend = "write ${NAME} and name its source under [secrets] of opsguide.toml"
        yield Mend(place, "a secret stands in the guide as plain text", mend, "probe/secret", Level.WARNING)
    spec = ProbeSpec(
        url=tidy(url.text),
        method=curl.method,
        path=path_of(tidy(url.text)),
        expect_status=_expected(shell, context),
        headers=tuple((name, _reference(value.text)) for name, value in headers),
        user=_reference(user.text),
        follow=curl.follows,
        insecure=curl.insecure,
        ca_file=curl.ca_file,
        every_s=_every(context, "probe_interval", PROBE_EVERY_S),
        limit_s=curl.timeout_s or context.defaults.get("probe_timeout", PROBE_LIMIT_S),
    )
    yield Claim(
        kind="probe",
        title=shell.comment.partition(". ")[0][:80] or f"{curl.method} {raw_path}",
        subject=f"{curl.method} {curl.url.partition('://')[2]}".removeprefix("GET "),
        place=place,
        spec=spec,
        understood=f"{curl.method} {spec.url} answers {_wanted(spec)} within {said(spec.limit_s, 'seconds')}, "
        f"looked at every {said(spec.every_s, 'seconds')}",
        needs=tuple(needs),
    )


def _wanted(spec: ProbeSpec) -> str:
    return f"{spec.expect_status}" if spec.expect_status else "below 400"


def _around(shell: Shell, context: Context) -> str:
    nearest = context.path[-1].text if context.path else ""
    return f"{shell.comment} {nearest}"


def _expected(shell: Shell, context: Context) -> int | None:
    stated = context.annotation.get("expect_status", "")
    found = _EXPECTED.search(shell.comment)
    return int(stated) if stated.isdigit() else int(found[1]) if found else None


def _every(context: Context, name: str, otherwise_s: float) -> float:
    stated_s = duration_s(context.annotation.get("every", ""))
    return stated_s if stated_s and stated_s > 0 else context.defaults.get(name, otherwise_s)


def _reference(text: str) -> str:
    """`$NAME` of the shell as the reference `${NAME}`."""
    return re.sub(r"\$([A-Za-z_]\w*)", r"${\1}", text)


def _secret(name: str, value: str) -> bool:
    """Whether a header carries a credential that is no reference and no placeholder."""
    secret = name.lower() in {"authorization", "x-api-key", "api-key", "x-auth-token", "cookie"}
    password = value.rpartition(":")[2] if name == "authorization" and ":" in value else value
    return secret and bool(password.strip()) and not re.search(r"\$|<|\[|\{|your|xxx|\.\.\.", value, re.IGNORECASE)


def _script(shell: Shell, context: Context) -> str:
    """The command line where it is one check script and the words around it say that it watches something."""
    simple = words(shell.text)
    if len(simple) != 1:
        return ""
    program = simple[0][1] if len(simple[0]) > 1 and simple[0][0] in _INTERPRETERS else simple[0][0]
    fits = _CHECK_SCRIPT.fullmatch(program) and not _WRITES.search(program)
    return shell.text if fits and _WATCH_WORDS.search(_around(shell, context)) else ""


def _command(text: str, shell: Shell, place: Place, context: Context) -> Claim[ProbeSpec]:
    filled = context.fill(text)
    every_s = _every(context, "", COMMAND_EVERY_S)
    spec = ProbeSpec(
        command=filled.text, every_s=every_s, limit_s=context.defaults.get("command_timeout", COMMAND_LIMIT_S)
    )
    return Claim(
        kind="probe",
        title=shell.comment[:80] or text,
        subject=text,
        place=place,
        spec=spec,
        understood=f"`{filled.text}` ends with 0 within {said(spec.limit_s, 'seconds')}, "
        f"run every {said(every_s, 'seconds')} once a person trusted it",
        needs=filled.needs,
    )
