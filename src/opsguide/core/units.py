"""Text to number and number to text, with the unit in the name: durations, sizes, percentages, counts.

Inside there are only seconds, bytes, ratios and plain numbers.
"""

from __future__ import annotations

import re

_THOUSANDS = 1000.0
DURATION_S = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}
_WORDS_S = {
    "millisecond": 0.001,
    "msec": 0.001,
    "second": 1.0,
    "sec": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "hr": 3600.0,
    "day": 86400.0,
    "week": 604800.0,
    "month": 2592000.0,
    "quarter": 7776000.0,
    "year": 31536000.0,
}
_SIZES = {"b": 1.0, "byte": 1.0} | {
    prefix + suffix: base**power
    for power, prefix in enumerate("kmgtp", start=1)
    for suffix, base in (("", 1024.0), ("b", 1000.0), ("ib", 1024.0), ("i", 1024.0))
    if suffix
}
_PROMETHEUS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
_WORDED = re.compile(r"(\d[\d,. ]*)\s*([a-zA-Zµ]+)")


def duration_s(text: str) -> float | None:
    """Seconds of "5m", "1h30m", "5 minutes", "1 week", "30 days", "500ms"; None where it is no duration.

    A month is 30 days and a year 365, as the guides use them for retention and expiry.
    """
    squeezed = text.strip().lower().replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    compact = squeezed.replace(" ", "")
    parts = _PROMETHEUS.findall(compact)
    if parts and "".join(n + u for n, u in parts) == compact:
        return sum(float(n) * DURATION_S[u] for n, u in parts)
    found = _WORDED.fullmatch(squeezed)
    if found is None:
        return None
    seconds = _WORDS_S.get(found[2].removesuffix("s")) or DURATION_S.get(found[2])
    amount = number(found[1])
    return None if seconds is None or amount is None else amount * seconds


def size_bytes(text: str) -> float | None:
    """Bytes of "10GB" (decimal), "4Gi", "128Mi", "512 MiB" (binary); None where it is no size."""
    found = re.fullmatch(r"\s*([\d.,]+)\s*([a-zA-Z]+)\s*", text)
    if found is None:
        return None
    factor = _SIZES.get(found[2].lower()) or _SIZES.get(found[2].lower().removesuffix("s"))
    amount = number(found[1])
    return None if factor is None or amount is None else amount * factor


def number(text: str) -> float | None:
    """The number of "1,000", "10 000", "99.9"; None where it is none. A comma before three digits: thousands."""
    squeezed = text.strip().replace("\N{NO-BREAK SPACE}", "").replace("\N{NARROW NO-BREAK SPACE}", "").replace(" ", "")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", squeezed):
        squeezed = squeezed.replace(",", "")
    try:
        return float(squeezed) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", squeezed) else None
    except ValueError:
        return None


def prometheus_duration(seconds: float) -> str:
    """The shortest Prometheus spelling: 300 -> "5m", 5400 -> "1h30m", 0.5 -> "500ms"."""
    left_ms = round(seconds * 1000)
    if left_ms == 0:
        return "0s"
    text = ""
    for unit in ("w", "d", "h", "m", "s", "ms"):
        size_ms = round(DURATION_S[unit] * 1000)
        if unit == "w" and left_ms % size_ms:
            continue
        count, left_ms = divmod(left_ms, size_ms)
        text += f"{count}{unit}" if count else ""
    return text


def said(value: float, unit: str = "") -> str:
    """A number as people read it: unit "ratio" as a percentage, "seconds" and "bytes" in the unit that fits.

    "per_second" and "bytes_per_second" end in /s, "count" has its thousands apart; any other unit stands behind.
    """
    if value != value:  # noqa: PLR0124 -- NaN
        return "no value"
    if unit == "ratio":
        return f"{value * 100:.3g} %" if abs(value) < 1000 else f"{value * 100:.0f} %"  # noqa: PLR2004
    if unit == "seconds":
        return _said_seconds(value)
    if unit in {"bytes", "bytes_per_second"}:
        return _said_bytes(value) + ("/s" if unit == "bytes_per_second" else "")
    if unit == "per_second":
        return f"{value:.3g}/s" if abs(value) < _THOUSANDS else f"{value:,.0f}/s"
    if unit == "count":
        return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= _THOUSANDS else f"{value:.3g}"
    return f"{value:g}" + (f" {unit}" if unit else "")


def _said_seconds(value: float) -> str:
    for name, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        if abs(value) >= (2 * size if name in {"d", "h", "min"} else size):
            return f"{value / size:.3g} {name}"
    return f"{value * 1000:.3g} ms"


def _said_bytes(value: float) -> str:
    for name, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g} {name}"
    return f"{value:.0f} B"
