"""Placeholders: finding what a guide leaves open, and filling it from `[bindings]`.

References (`$X`, `${X}`) are found too, but never filled unless a binding names them as written: they are the
environment's business, or a secret's. `{{ x }}` is a template of Prometheus or Alertmanager and no placeholder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.kind import Filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opsguide.core.kind import Fill

_SINGLE_WORDS = (
    *("service", "service name", "port", "host", "hostname", "namespace", "realm", "user", "username", "password"),
    *("database", "db", "table", "region", "cluster", "bucket", "version", "tag", "pid", "pod", "container", "email"),
    *("domain", "token", "url", "path", "file", "filename", "date", "timestamp", "env", "environment", "app"),
    *("project", "org", "organization", "team", "ip", "branch", "commit", "hash", "image", "node", "topic", "queue"),
    *("repo", "repository", "account", "secret", "server", "instance", "name", "id", "key", "channel", "deployment"),
    *("replicas", "revision", "address", "company"),
)
_BARE = (
    *("service-name", "cache-host", "db-host", "database-host", "redis-host", "pod-name", "deployment-name"),
    *("app-name", "cluster-name", "bucket-name", "server-name", "host-name", "project-name", "namespace-name"),
    *("container-name", "image-name", "instance-name", "node-name", "backup-file"),
)
_YOUR = (
    *("domain", "org", "organization", "company", "username", "user", "app", "service", "server", "host", "project"),
    *("team", "registry", "bucket", "cluster", "email", "site", "repo", "account", "namespace", "database", "db"),
    *("api", "token", "key", "password", "name", "region", "instance", "image"),
)
_HTML_WORDS = frozenset(
    [
        *("a", "b", "br", "code", "details", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p"),
        *("pre", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
    ]
)
_LIST_KEYS = re.compile(r"(?:group_by|equal|source_labels|labels|by|names|verbs|resources|branches|tags)\s*[:=]\s*$")
_BARE_WORDS = "|".join(map(re.escape, _BARE))
_YOUR_WORDS = "|".join(sorted(_YOUR, key=len, reverse=True))

# Cheap look first: most lines of a guide hold none of these characters or words. Every repeat below is bounded or
# cannot overlap with itself, so that no text takes more than linear time.
_HINT = re.compile(rf"[\[<{{$]|your|YOUR|XXX|example\.|company\.com|\.\.\.|path/to|{_BARE_WORDS}")
_FOUND = re.compile(
    r"(?P<square>(?<![\w\])$.@%])\[(?P<in_square>[A-Za-z][\w .-]{0,60})\](?![\[(]|:\s))"
    r"|(?P<angle>(?<![\w<])<(?P<in_angle>[A-Za-z][\w .-]{0,60})>(?!>))"
    r"|(?P<brace>(?<![\w${%@\\])\{(?P<in_brace>[a-z][\w-]{0,60})\}(?!\}))"
    r"|(?P<reference>\$\{[A-Za-z_]\w*\}|\$[A-Z_][A-Z0-9_]+\b)"
    r"|(?P<path>(?<!\w)(?:/)?path/to/[\w.-]*[\w-])"
    r"|(?P<example>[\w.+-]{1,64}@(?:[\w-]{1,63}\.){0,6}(?:example\.(?:com|org|net)|(?:my|the)?company\.com)"
    r"|\b(?:[\w-]{1,63}\.){0,6}(?:example\.(?:com|org|net)|(?:my|the)?company\.com)\b)"
    rf"|(?P<your>\bYOUR[_-][A-Z0-9_-]{{0,60}}[A-Z0-9]\b|\b[Yy]our[-_]?(?:{_YOUR_WORDS})(?:[-_][A-Za-z0-9]+)*(?:\.[a-z]{{2,}})*(?![A-Za-z0-9]))"
    r"|(?P<dots>(?<![\w./])(?:https?://)[^\s\"'`<>()]{0,200}/\.\.\.(?![\w.])|(?<=[:=] )[\"']?\.\.\.[\"']?(?=\s*$))"
    r"|(?P<crossed>(?<![\w.-])\+?[\w-]{0,40}XXX[\w-]{0,40})"
    rf"|(?P<bare>(?<![\w-])(?:{_BARE_WORDS})(?!\w|:\s|:$|\s*=))",
    re.MULTILINE,
)
_NOT_IN_PROSE = frozenset({"square", "brace", "reference", "bare", "dots"})
_NO_BRACKETS = frozenset(
    [
        *("json", "javascript", "js", "typescript", "ts", "python", "py", "go", "java", "rust", "ruby", "c", "cpp"),
        *("csharp", "hcl", "terraform", "toml", "ini", "conf", "xml", "html", "promql", "jinja", "php"),
    ]
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder in a text: its name as written, its span, and whether it is a `$X` reference."""

    name: str
    start: int
    end: int
    reference: bool = False


def find(text: str, *, code: bool = True, language: str = "") -> list[Placeholder]:
    """The placeholders of a text, in order. code: False in prose, where `[x]` is a link or a checkbox."""
    if not _HINT.search(text):
        return []
    return list(_find(text, code=code, language=language))


def _find(text: str, *, code: bool, language: str) -> Iterator[Placeholder]:
    for match in _FOUND.finditer(text):
        form = match.lastgroup or ""  # the outermost group closes last
        if form in _NOT_IN_PROSE and not code:
            continue
        if _is_placeholder(match, form, text, language):
            name = match[form].strip("\"'") if form == "dots" else match[form]
            start = match.start(form) + match[form].index(name)
            yield Placeholder(name, start, start + len(name), form == "reference")


def _is_placeholder(match: re.Match[str], form: str, text: str, language: str) -> bool:
    match form:
        case "square":
            return language not in _NO_BRACKETS and _square(match, text)
        case "angle":
            word = match["in_angle"]
            return word.lower() not in _HTML_WORDS and f"</{word}" not in text and language not in {"xml", "html"}
        case "brace":
            return language not in _NO_BRACKETS and match["in_brace"] != "print" and "import {" not in text
        case "crossed":
            return "mktemp" not in _line_around(text, match.start()) and "FIXXX" not in match[0]
        case _:
            return True


def _square(match: re.Match[str], text: str) -> bool:
    """`[x]` is a placeholder where x is several words, or one of the words that guides leave open."""
    inside = match["in_square"]
    line = _line_around(text, match.start())
    if _LIST_KEYS.search(text[max(0, match.start() - 24) : match.start()]):
        return False  # a list with one element
    if line.strip() == match["square"] and inside[0].isupper() and inside.isalpha():
        return False  # a section of a unit file
    if inside.isupper() and not re.search(r"[ _-]", inside):
        return False  # [INFO], [EOF]
    if re.fullmatch(r"[a-zA-Z]-[a-zA-Z]", inside) or inside.startswith("-") or " -" in inside:
        return False  # a character class; a shell test
    return bool(re.search(r"[^\W\d_]{2}.*[ _-].*[^\W_]", inside)) or inside.lower() in _SINGLE_WORDS


def _line_around(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return text[start : len(text) if end < 0 else end]


class Filler:
    """Fills placeholders from bindings: the keys wherever they stand, the longest first, each place once."""

    def __init__(self, bindings: Mapping[str, str]) -> None:
        self.bindings = {key: value for key, value in bindings.items() if key}
        self._keys = _keys(self.bindings)

    def __call__(self, text: str, *, code: bool = True) -> Filled:
        """Fill `text`; what has no value stays as written and is named in `needs`, each once."""
        bound = self.bound(text)
        needs = [
            found.name
            for found in find(text, code=code)
            if not found.reference and not any(start < found.end and found.start < end for start, end in bound)
        ]
        return Filled(self._replaced(text) if bound else text, tuple(dict.fromkeys(needs)))

    def bound(self, text: str) -> list[tuple[int, int]]:
        """The spans of the text that bindings fill."""
        return [] if self._keys is None else [match.span() for match in self._keys.finditer(text)]

    def _replaced(self, text: str) -> str:
        return text if self._keys is None else self._keys.sub(lambda match: self.bindings[match[0]], text)


def _keys(bindings: Mapping[str, str]) -> re.Pattern[str] | None:
    """All keys as one expression. A key that begins or ends with a word character does not match inside a word."""
    if not bindings:
        return None
    spelled = []
    for key in sorted(bindings, key=len, reverse=True):
        left = r"(?<![A-Za-z0-9_])" if key[0].isalnum() or key[0] == "_" else ""
        right = r"(?![A-Za-z0-9_])" if key[-1].isalnum() or key[-1] == "_" else ""
        spelled.append(left + re.escape(key) + right)
    return re.compile("|".join(spelled))


def filler(bindings: Mapping[str, str]) -> Fill:
    """The Fill that kinds are given."""
    return Filler(bindings)
