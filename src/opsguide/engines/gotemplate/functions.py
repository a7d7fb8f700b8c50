"""The functions of Prometheus's alert templates that need no query, and Go's own."""

from __future__ import annotations

import html
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import re2

from opsguide.core.units import duration_s
from opsguide.engines.gotemplate.values import Struct, Value, float_text, printf, show, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from re2 import _Regexp


class CallFault(Exception):  # noqa: N818 -- becomes the text of the annotation
    """A call that cannot be answered; the message says why."""


_UP = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_UP_1024 = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_DOWN = ("", "m", "u", "n", "p", "f", "a", "z", "y")


def number(value: Value) -> float:
    """A float64 of what Prometheus takes for a number; raises CallFault."""
    if isinstance(value, bool):
        raise CallFault("can't convert bool to float")
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        words = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}
        try:
            return words.get(value.lower()) if value.lower() in words else float(value)  # type: ignore[return-value]
        except ValueError:
            raise CallFault(f'strconv.ParseFloat: parsing "{value}": invalid syntax') from None
    raise CallFault(f"can't convert {type_name(value)} to float")


def humanize(value: Value) -> str:
    """1234567 -> 1.235M."""
    v = number(value)
    if v == 0 or math.isnan(v) or math.isinf(v):
        return float_text(v, 4)
    return _scaled(v, _UP, 1000.0) if abs(v) >= 1 else _small(v)


def humanize1024(value: Value) -> str:
    """1048576 -> 1Mi."""
    v = number(value)
    if abs(v) <= 1 or math.isnan(v) or math.isinf(v):
        return float_text(v, 4)
    return _scaled(v, _UP_1024, 1024.0)


def _scaled(v: float, prefixes: tuple[str, ...], base: float) -> str:
    at = 0
    while abs(v) >= base and at < len(prefixes) - 1:
        v, at = v / base, at + 1
    return float_text(v, 4) + prefixes[at]


def _small(v: float) -> str:
    at = 0
    while abs(v) < 1 and at < len(_DOWN) - 1:
        v, at = v * 1000, at + 1
    return float_text(v, 4) + _DOWN[at]


def humanize_duration(value: Value) -> str:
    """5400 -> 1h 30m 0s."""
    v = number(value)
    if math.isnan(v) or math.isinf(v):
        return float_text(v, 4)
    if v == 0:
        return "0s"
    if abs(v) < 1:
        return f"{_small(v)}s"
    sign, v = ("-", -v) if v < 0 else ("", v)
    whole = int(v)
    seconds, minutes, hours, days = whole % 60, whole // 60 % 60, whole // 3600 % 24, whole // 86400
    if days:
        return f"{sign}{days}d {hours}h {minutes}m {seconds}s"
    if hours:
        return f"{sign}{hours}h {minutes}m {seconds}s"
    return f"{sign}{minutes}m {seconds}s" if minutes else f"{sign}{float_text(v, 4)}s"


def humanize_percentage(value: Value) -> str:
    """0.1234 -> 12.34%."""
    return f"{float_text(number(value) * 100, 4)}%"


def humanize_timestamp(value: Value) -> str:
    """1435065584.128 -> 2015-06-23 13:19:44.128 +0000 UTC."""
    v = number(value)
    if math.isnan(v) or math.isinf(v):
        return float_text(v, 4)
    try:
        at = datetime.fromtimestamp(math.floor(v * 1000) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise CallFault(f"{float_text(v)} is no time") from None
    part = f"{round(v * 1000) % 1000:03d}".rstrip("0")
    return at.strftime("%Y-%m-%d %H:%M:%S") + (f".{part}" if part else "") + " +0000 UTC"


def _title(value: Value) -> str:
    words, start = [], True
    for char in _text(value):
        words.append(char.upper() if start and char.isalpha() else char)
        start = not (char.isalnum() or char in "_'")
    return "".join(words)


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    raise CallFault(f"wrong type for value; expected string; got {type_name(value)}")


def _pattern(text: str) -> _Regexp[str]:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error:
        raise CallFault(f"error parsing regexp: {text}") from None


def _match(pattern: Value, text: Value) -> bool:
    return _pattern(_text(pattern)).search(_text(text)) is not None


def _replace_all(pattern: Value, replacement: Value, text: Value) -> str:
    found = _pattern(_text(pattern))
    form = _text(replacement)
    return str(found.sub(lambda match: _expanded(form, match), _text(text)))


_REFERENCE = re2.compile(r"\$(?:(\w+)|\{(\w+)\}|(\$))")


def _expanded(form: str, match: re2._Match[str]) -> str:
    """Go's `$1`, `${1}`, `${name}` and `$$`; a group that is not there is empty."""

    def group(found: re2._Match[str]) -> str:
        if found[3]:
            return "$"
        name = found[1] or found[2]
        try:
            return match[int(name)] or "" if name.isdigit() else match[name] or ""
        except (IndexError, KeyError):
            return ""

    return str(_REFERENCE.sub(group, form))


def _strip_port(value: Value) -> str:
    text = _text(value)
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def _strip_domain(value: Value) -> str:
    host, colon, port = _text(value).partition(":")
    if host.replace(".", "").isdigit():
        return _text(value)
    return host.partition(".")[0] + colon + port


def _parse_duration(value: Value) -> float:
    found = duration_s(_text(value))
    if found is None:
        raise CallFault(f"not a valid duration string: {value!r}")
    return found


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, dict | list):
        return len(value)
    raise CallFault(f"len of type {type_name(value)}")


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key, "")
        elif isinstance(value, list | str) and isinstance(key, int):
            if not 0 <= key < len(value):
                raise CallFault(f"index out of range: {key}")
            value = value[key] if isinstance(value, list) else ord(value[key])
        else:
            raise CallFault(f"can't index item of type {type_name(value)}")
    return value


def _slice(value: Value, *bounds: Value) -> Value:
    if not isinstance(value, list | str) or not all(isinstance(bound, int) for bound in bounds):
        raise CallFault(f"can't slice item of type {type_name(value)}")
    first, last = ([*bounds, len(value)] if len(bounds) < 2 else list(bounds))[-2:] if bounds else (0, len(value))  # noqa: PLR2004 -- two bounds
    if not (isinstance(first, int) and isinstance(last, int) and 0 <= first <= last <= len(value)):
        raise CallFault("index out of range")
    return value[first:last]


def _print(*args: Value) -> str:
    """Go's Sprint: a space between operands where neither is a string."""
    out = ""
    for at, value in enumerate(args):
        if at and not isinstance(value, str) and not isinstance(args[at - 1], str):
            out += " "
        out += show(value)
    return out


def _equal(first: Value, *others: Value) -> bool:
    if not others:
        raise CallFault("missing argument for comparison")
    for other in others:
        _comparable(first, other)
    return any(first == other for other in others)


def _comparable(a: Value, b: Value) -> None:
    if a is None or b is None:
        return
    if type(a) is not type(b) or not isinstance(a, str | bool | int | float):
        raise CallFault("incompatible types for comparison")


def _less(a: Value, b: Value) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        raise CallFault("invalid type for comparison")
    if isinstance(a, str) and isinstance(b, str):
        return a < b
    if type(a) is type(b) and isinstance(a, int | float) and isinstance(b, int | float):
        return a < b
    raise CallFault("incompatible types for comparison")


def truth(value: Value) -> bool:
    """Whether Go's `if` takes the value for true: not zero, not empty, not nil."""
    return True if isinstance(value, Struct) else bool(value)


def _first(value: Value) -> Value:
    if isinstance(value, list) and value:
        return value[0]
    raise CallFault("first() called on vector with no elements")


def _no_query(*_: Value) -> Value:
    raise CallFault("query is not supported in annotations by this version")


def _html(*args: Value) -> str:
    return html.escape(_print(*args)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def _graph_link(expr: Value) -> str:
    return f"/graph?g0.expr={quote_plus(_text(expr))}&g0.tab=0"


def _table_link(expr: Value) -> str:
    return f"/graph?g0.expr={quote_plus(_text(expr))}&g0.tab=1"


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "args": lambda *values: {f"arg{at}": value for at, value in enumerate(values)},
    "eq": _equal,
    "first": _first,
    "ge": lambda a, b: not _less(a, b),
    "graphLink": _graph_link,
    "gt": lambda a, b: not _less(a, b) and a != b,
    "html": _html,
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
    "index": _index,
    "js": lambda *values: json.dumps(_print(*values))[1:-1],
    "label": lambda name, sample: _index(_index(sample, "Labels"), name),
    "le": lambda a, b: _less(a, b) or a == b,
    "len": _length,
    "lt": _less,
    "match": _match,
    "ne": lambda a, b: not _equal(a, b),
    "not": lambda value: not truth(value),
    "parseDuration": _parse_duration,
    "pathPrefix": lambda: "",
    "print": _print,
    "printf": lambda form, *values: printf(_text(form), values),
    "println": lambda *values: " ".join(map(show, values)) + "\n",
    "query": _no_query,
    "reReplaceAll": _replace_all,
    "safeHtml": _text,
    "slice": _slice,
    "stripDomain": _strip_domain,
    "stripPort": _strip_port,
    "tableLink": _table_link,
    "title": _title,
    "toDuration": lambda value: humanize_duration(value).replace(" ", ""),
    "toLower": lambda value: _text(value).lower(),
    "toTime": humanize_timestamp,
    "toUpper": lambda value: _text(value).upper(),
    "urlQueryEscape": lambda value: quote(_text(value), safe=""),
    "urlquery": lambda *values: quote_plus(_print(*values)),
}
"""By name. `and` and `or` stop early and are the evaluator's own."""

NAMES = frozenset(FUNCTIONS) | {"and", "or"}
