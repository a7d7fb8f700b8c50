"""Shell text to the commands in it, and `curl` commands to the requests they make. Nothing is expanded or run."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.units import duration_s
from opsguide.engines.weburl import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Labels = tuple[tuple[str, str], ...]

_PROMPT = re.compile(r"^\s*(?:\$|>|#(?=\s+curl\b)|[\w.@~:-]+[$#])\s+(?=\S)")
_OPERATOR = re.compile(r"[|&;]+|[<>]+&?")
_HOLE = re.compile(r"<([A-Za-z][\w-]*(?: [\w-]+)*)>")
"""`<host>` in a guide is a placeholder and no redirection; while a line is split it wears characters of no meaning."""
_BLANK = "\ue002"
_WRAPPERS = frozenset({"sudo", "time", "watch", "exec", "!", "if", "until", "while", "then", "do"})
_VALUED = frozenset(
    [
        *("-A", "-b", "-c", "-C", "-D", "-e", "-E", "-h", "-K", "-P", "-Q", "-r", "-T", "-t", "-x", "-y", "-Y", "-z"),
        *("-o", "-w", "-m", "-H", "-X", "-d", "-F", "-u", "--output", "--write-out", "--max-time", "--header"),
        *("--request", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "--form", "--user"),
        *("--user-agent", "--referer", "--cookie", "--cookie-jar", "--connect-timeout", "--retry", "--retry-delay"),
        *("--retry-max-time", "--cacert", "--cert", "--key", "--resolve", "--upload-file", "--url", "--proxy"),
        *("--interface", "--config", "--dump-header", "--oauth2-bearer", "--unix-socket", "--max-redirs", "--range"),
    ]
)
_SENDS = frozenset(
    ["-d", "-F", "-T", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "--form", "--upload-file"]
)
_FLAGS = {"-f": "fails", "--fail": "fails", "--fail-with-body": "fails", "-L": "follows", "--location": "follows"}
_INSECURE, _HEAD, _AS_QUERY = {"-k", "--insecure"}, {"-I", "--head"}, {"-G", "--get"}
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Shell:
    """One command of a block. line: where it starts, end_line: where its last continued line is (1-based, as given).

    comment: the comment lines right above it and behind it, joined by blanks, without `#`.
    """

    text: str
    line: int
    end_line: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Curl:
    """A request as `curl` would make it. timeout_s: of -m, else None. user: of -u, as written.

    sends: it carries a body or is neither GET nor HEAD. follows: -L. fails: -f. insecure: -k. ca_file: of --cacert.
    """

    url: str
    method: str = "GET"
    headers: Labels = ()
    user: str = ""
    timeout_s: float | None = None
    sends: bool = False
    follows: bool = False
    fails: bool = False
    insecure: bool = False
    ca_file: str = ""


def commands(lines: Iterable[tuple[int, str]]) -> list[Shell]:
    r"""The commands of a shell block given as (line number, text): `\` continued, prompts cut, comments kept beside.

    An empty line ends what a comment belongs to.
    """
    found: list[Shell] = []
    comment: list[str] = []
    held: tuple[int, str] | None = None
    for number, raw in lines:
        text = raw if held else _PROMPT.sub("", raw)
        bare = text.strip()
        if held is None and (not bare or bare.startswith("#")):
            comment = [*comment, bare.lstrip("# ").strip()] if bare else []
            continue
        start, text = (held[0], f"{held[1]} {bare}") if held else (number, bare)
        if text.endswith("\\"):
            held = (start, text[:-1].rstrip())
            continue
        held = None
        text, behind = _without_comment(text)
        found.append(Shell(text, start, number, " ".join([*comment, behind] if behind else comment)))
    if held is not None:
        found.append(Shell(held[1], held[0], held[0], " ".join(comment)))
    return found


def _without_comment(text: str) -> tuple[str, str]:
    quote = ""
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and at and text[at - 1].isspace():
            return text[:at].rstrip(), text[at:].lstrip("# ").strip()
    return text, ""


def words(text: str) -> list[list[str]]:
    """The simple commands of one line as words, split at `|`, `&&`, `;`, redirections dropped; [] where unreadable.

    `<some host>` stays one word, as a placeholder.
    """
    shielded = _HOLE.sub(lambda hole: "\ue000" + hole[1].replace(" ", _BLANK) + "\ue001", text)
    lexer = shlex.shlex(shielded, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:  # a quote that never closes
        return []
    found: list[list[str]] = [[]]
    skip = False
    for token in tokens:
        if skip:
            skip = False
        elif not _OPERATOR.fullmatch(token):
            found[-1].append(token.replace("\ue000", "<").replace("\ue001", ">").replace(_BLANK, " "))
        elif token[0] in "<>":
            skip = True
            if found[-1][-1:] in (["1"], ["2"]):  # `2>file` comes as two tokens
                found[-1].pop()
        else:
            found.append([])
    return [command for command in found if command]


def read_curl(text: str) -> Curl | None:
    """The request of the first `curl` in a line; None where there is none, or where its address is computed."""
    for command in words(text):
        while command and (command[0] in _WRAPPERS or re.fullmatch(r"[A-Za-z_]\w*=\S*", command[0])):
            command = command[1:]  # noqa: PLW2901 -- the wrapper is cut off, the rest is looked at again
        if command and command[0].rpartition("/")[2] == "curl":
            return _request(command[1:])
    return None


def _request(arguments: Sequence[str]) -> Curl | None:
    options, urls = _options(arguments)
    urls += [value for name, value in options if name == "--url"]
    url = urls[0] if urls else ""
    if not url or "$(" in url or "`" in url:
        return None
    names = {name for name, _ in options}
    sends = bool(names & _SENDS) and not names & _AS_QUERY
    method = "HEAD" if names & _HEAD else "POST" if sends else "GET"
    method = _last(options, "-X", "--request").upper() or method
    limit = _last(options, "-m", "--max-time")
    headers = tuple(_header(value) for name, value in options if name in {"-H", "--header"} and ":" in value)
    bearer = _last(options, "--oauth2-bearer")
    flags = {_FLAGS[name] for name in names if name in _FLAGS}
    return Curl(
        url=tidy(url),
        method=method,
        headers=(*headers, ("Authorization", f"Bearer {bearer}")) if bearer else headers,
        user=_last(options, "-u", "--user"),
        timeout_s=duration_s(f"{limit}s") if limit else None,
        sends=sends or method not in _SAFE_METHODS,
        follows="follows" in flags,
        fails="fails" in flags,
        insecure=bool(names & _INSECURE),
        ca_file=_last(options, "--cacert"),
    )


def _options(arguments: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options with their values ("" for flags), and what is none."""
    options: list[tuple[str, str]] = []
    plain: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word.startswith("--") and len(word) > 2:  # noqa: PLR2004 -- the dashes themselves
            name, equals, value = word.partition("=")
            options.append((name, value if equals or name not in _VALUED or not rest else rest.pop(0)))
        elif word.startswith("-") and len(word) > 1:
            _short(word[1:], rest, options)
        else:
            plain.append(word)
    return options, plain


def _short(letters: str, rest: list[str], options: list[tuple[str, str]]) -> None:
    """Short options run together: in -fsSXGET the X takes all that follows it."""
    for at, letter in enumerate(letters):
        name = f"-{letter}"
        if name not in _VALUED:
            options.append((name, ""))
            continue
        value = letters[at + 1 :]
        options.append((name, value or (rest.pop(0) if rest else "")))
        return


def _last(options: Sequence[tuple[str, str]], *names: str) -> str:
    return next((value for name, value in reversed(options) if name in names), "")


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()
