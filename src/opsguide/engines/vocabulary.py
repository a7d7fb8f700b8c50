"""Words in a form that can be compared, and what single words are worth. Data and two functions."""

from __future__ import annotations

import re
from functools import lru_cache

GENERIC = frozenset(
    {
        *("rate", "count", "counts", "level", "usage", "total", "number", "active", "activity"),
        *("system", "service", "app", "application", "metric", "time", "daily", "day", "weekly"),
        *("monthly", "hourly", "volume", "trend", "monitor", "track", "watch", "follow", "current"),
        *("average", "percentage", "percent", "per", "of", "the", "and", "or", "size"),
        *("growth", "status", "second", "byte", "max", "min", "high", "low", "new"),
        *("all", "for", "to", "in", "on", "by", "with", "use", "value"),
        *("alert", "unusual", "pattern", "spike", "check", "custom", "key", "business", "api"),
        *("from", "a", "an", "is", "sum", "bucket", "seconds", "bytes", "ratio"),
    }
)
"""Words that many quantities share: alone they bind nothing."""
NEUTRAL = frozenset(
    {
        *("node", "host", "server", "http", "container", "web", "overall", "space", "depth"),
        *("5xx", "4xx", "95th", "99th", "p95", "p99", "response", "request", "rest"),
    }
)
"""Words that tell nothing apart which the conventions do not."""
FILLER = frozenset(
    {
        *("the", "a", "an", "of", "per", "and", "or", "for", "in"),
        *("on", "to", "high", "low", "total", "current", "average", "monitor", "track"),
        *("watch",),
    }
)
"""Words that say nothing of a quantity."""
_SAME_WORD = {
    **dict.fromkeys(("expiration", "expiry", "expires", "expire", "expiring", "expired"), "expir"),
    **dict.fromkeys(("utilization", "utilisation", "used", "use", "consumption"), "usage"),
    **dict.fromkeys(("db", "databases"), "database"),
    **dict.fromkeys(("mem",), "memory"),
    **dict.fromkeys(("unavailable",), "unavail"),
    **dict.fromkeys(("unreachable",), "unreach"),
    **dict.fromkeys(("err", "errs"), "error"),
    **dict.fromkeys(("req", "reqs"), "request"),
    **dict.fromkeys(("certificates", "certs", "cert"), "certificate"),
    **dict.fromkeys(("read", "reads"), "read"),
    **dict.fromkeys(("discs", "disc", "disks"), "disk"),
    **dict.fromkeys(("lengths",), "length"),
}
_ENDINGS = (("ies", "y"), ("ions", ""), ("ion", ""), ("ures", ""), ("ure", ""), ("ings", ""), ("ing", ""), ("ed", ""))


def stems(text: str) -> tuple[str, ...]:
    """The words of a text in a form that forgives number and tense: "Failed logins" -> ("fail", "login")."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower().replace("i/o", "io")
    return tuple(dict.fromkeys(stem(word) for word in re.findall(r"[a-z0-9]+", plain)))


def metric_name(text: str) -> str:
    """`text` as a Prometheus name where it is written like a metric (`http.server.requests`, `up{job="x"}`), or ""."""
    plain = re.sub(r"\s*\{[^{}]*\}$", "", text.strip().strip("`"))
    if re.fullmatch(r"[a-zA-Z_:][\w:]*_[\w:]*|[a-zA-Z][\w]*(?:\.[a-zA-Z][\w-]*)+|up", plain):
        return re.sub(r"[.-]", "_", plain)
    return ""


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """One lower-case word without its ending; synonyms of monitoring become one word."""
    if word in _SAME_WORD:
        return _SAME_WORD[word]
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:  # noqa: PLR2004 -- "used" and "bed" keep their ending
            return word[: -len(ending)] + instead
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:  # noqa: PLR2004 -- "rps" is no plural
        return word[:-1]
    return word
