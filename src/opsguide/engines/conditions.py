"""Conditions as people write them: text to quantity, comparison, value in its base unit, duration and percentile.

`read_condition("High latency (>1s p95)")` is latency, >, 1.0 seconds, quantile 0.95. No number is guessed: a text
without a comparison and a number is a condition only where it names an event ("Service down").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from opsguide.core.units import duration_s, number, size_bytes

LIMIT = 400
"""A longer text is prose, and no condition is looked for in it."""

_SPACES = str.maketrans(dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}", " "))
_SIGNS = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "&lt;": "<", "&gt;": ">", "\N{NON-BREAKING HYPHEN}": "-"}
_DASHES = str.maketrans(dict.fromkeys("–—", "-"))

_WORDS_OF_OP = {
    "<=": r"less than or equal to|lower than or equal to|at most|no more than|not more than|up to|max|maximum",
    ">=": r"greater than or equal to|more than or equal to|at least|no less than|not less than|reach(?:es)?|hits?|min",
    "<": r"less than|lower than|fewer than|(?:drops?|falls?|goes|is|stays?|remains?|keep|kept) (?:below|under)"
    r"|below|under",
    ">": r"greater than|more than|higher than|larger than|longer than|exceed(?:s|ing|ed)?|"
    r"(?:rises?|goes|is|stays?|remains?|climbs?) (?:above|over)|above|over|beyond|in excess of",
}
_OPS = {word: op for op, words in _WORDS_OF_OP.items() for word in (words,)}
_OP = r"(?P<op><=|>=|==|!=|<|>|" + "|".join(rf"\b(?:{words})(?![\w-])" for words in _WORDS_OF_OP.values()) + ")"
_NUMBER = r"(?P<number>\d[\d,]*(?:\.\d+)?(?: \d{3}\b)*)"
_SCALE = r"(?P<scale>(?-i:[kKMG])(?![a-zA-Z/%])|(?:million|billion|thousand)\b)?"
_PER = (
    r"(?:\s*(?:/|per)\s*(?P<per>ms|s|sec|secs|second|seconds|min|minute|minutes|m|h|hr|hour|hours|day|d|week|month))?"
)
_UNIT = r"(?P<unit>%|percent\b|[a-zA-Zµ]+(?:-[a-z]+)?)?"
_MAIN = re.compile(rf"{_OP}\s*~?\s*\$?{_NUMBER}\s*{_SCALE}\s*{_UNIT}{_PER}", re.IGNORECASE)
_RANGE = re.compile(
    rf"(?P<between>\bbetween\s+)?(?P<low>\d[\d,]*(?:\.\d+)?)\s*(?P<lowunit>%|[a-zA-Zµ]+)?\s*(?:-|\bto\b|(?P<and>\band\b))\s*"
    rf"(?P<high>\d[\d,]*(?:\.\d+)?)\s*{_UNIT}{_PER}",
    re.IGNORECASE,
)
_AMOUNT = (
    r"\d[\d,]*(?:\.\d+)?\s*"
    r"(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?)\b"
)
_MORE = r"(?:>=|>|≥|more than|longer than|at least|over)?\s*"
_FOR = re.compile(
    rf"[,;]?\s*\b(?:for|lasting|sustained (?:for|over))\s*(?:longer than\s*)?{_MORE}(?P<for>{_AMOUNT})", re.IGNORECASE
)
_WINDOW = re.compile(
    rf"\b(?:over|within|in|during|per|averaged over)\s+(?:the |a |any )?(?:last |past )?(?P<window>{_AMOUNT})",
    re.IGNORECASE,
)
_QUANTILE = re.compile(
    r"\bp(?P<p>\d{2}(?:\.\d+)?|\d{2,3})\b|\b(?P<th>\d{1,2}(?:\.\d+)?)(?:st|nd|rd|th)(?:[- ]percentile|[- ]pctl)?\b"
    r"|\b(?P<share>\d{2}(?:\.\d+)?)\s*%(?=[^<>=]*[<>])|\b(?P<median>median)\b",
    re.IGNORECASE,
)
_AGGREGATE = re.compile(r"\b(?:on )?(?:an? )?(average|avg|mean|maximum|max|peak|minimum|total|sum)\b\.?", re.IGNORECASE)
_AGGREGATES = {"average": "avg", "avg": "avg", "mean": "avg", "maximum": "max", "max": "max", "peak": "max"}
_OF = re.compile(r"^\s*(?:of|from)\s+(?:the |its |their )?(?P<of>[a-z][a-z -]*)", re.IGNORECASE)
_FREE = re.compile(r"\b(free|available|remaining|left|unused)\b", re.IGNORECASE)
_EVENT = re.compile(
    r"\b(is |are |goes )?(down|fail(?:s|ed|ing|ures?)|unavailable|unreachable|offline|not responding"
    r"|crash(?:es|ed|ing)?|crashloop(?:ing|backoff)?|oom[- ]?kill(?:s|ed)?|lost|outage|expired"
    r"|stopped|missing|deadlocks?)\b",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"\b(warning|warn|critical|crit|info)\b\s*[:=]?\s*$", re.IGNORECASE)
_ALERTING = re.compile(
    r"\b(high|low|elevated|excessive|consistently|sustained|exceed\w*|alert\w*|warn\w*|critical|trigger\w*|if|when|whenever"
    r"|spike\w*|build-?up|backlog|fail\w*|down|expir\w*|slow)\b",
    re.IGNORECASE,
)
_GOOD = re.compile(
    r"\b(normal|normally|healthy|target|expected|should|must|keep|kept|acceptable|good|ok|okay|ideal|nominal)\b",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"^(?:(?:high|low|elevated|excessive|consistently|constantly|continuously|sustained|if|when|whenever|alert(?:s)?|on|the|"
    r"an?|any|warning|warn|critical|crit|info|should|must|be|keep|target|normal|healthy|and|or|then|that)\b[\s:,]*)+"
    r"|[\s:,(\[=-]+$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\b(?:is|are|be|goes|stays?|remains?|rises?|drops?|falls?|should|must|kept|consistently|constantly|sustained|too|high|low"
    r"|at|to|of|reaches|usually|normally|between)\s*$",
    re.IGNORECASE,
)
_PROMQL = re.compile(r"[{}\[\]]|\w\(\)|\w\([a-z:]+_[\w:]*|[*/]\s*\d+\s*$|\bby\s*\(")
_SCALES = {"k": 1e3, "m": 1e6, "g": 1e9, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_PER_S = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "hr": 3600.0, "d": 86400.0}
_RATES = {"rps": 1.0, "qps": 1.0, "tps": 1.0, "iops": 1.0, "rpm": 60.0}
_NO_UNIT = frozenset(("x", "st", "nd", "rd", "th"))
_STATES = {
    "is",
    "are",
    "for",
    "on",
    "in",
    "at",
    "over",
    "and",
    "or",
    "then",
    "of",
    "with",
    "when",
    "to",
    "x",
    "average",
    "avg",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison, or one event.

    quantity: the words of what is measured, as written without noise ("CPU usage"); "" where the text has none.
    op: < <= > >= == !=, or "" for an event ("Service down"), whose value is None. value: in the base of `unit`, which
    is ratio, seconds, bytes, bytes_per_second, per_second, count, or "" for a bare number. quantile: 0.95 for "p95".
    for_s: how long it must last; window_s: over which it is measured; None where not stated. aggregate: avg, max, "".
    of: what the ratio is a share of ("max"). polarity: "alert" or "normal" by the words alone, else "".
    level: warning or critical where it stands before the comparison. text: the text it was read from.
    """

    quantity: str
    op: str
    value: float | None
    unit: str = ""
    quantile: float | None = None
    for_s: float | None = None
    window_s: float | None = None
    aggregate: str = ""
    of: str = ""
    polarity: str = ""
    level: str = ""
    text: str = ""

    @property
    def event(self) -> bool:
        """Whether it names something that happens, rather than a number held against a limit."""
        return self.value is None


def read_condition(text: str) -> Condition | None:
    """The first condition of `text`, or None where it states none."""
    found = read_conditions(text)
    return found[0] if found else None


def read_conditions(text: str) -> tuple[Condition, ...]:
    """Every condition of `text` in its order; a later one without a quantity takes that of the one before.

    A range ("200-500 ms", "between 10 and 20 %") is two conditions, >= and <=. PromQL is no text: it gives none.
    """
    plain = _plain(text)
    if not plain or len(plain) > LIMIT:
        return ()
    found: list[Condition] = []
    for part in _parts(plain):
        for condition in _part(part, text):
            found.append(_inherit(condition, found[-1]) if found else condition)
    return tuple(found)


def compare(value: float, op: str, limit: float) -> bool:
    """Whether `value op limit` is true; NaN compares false with everything."""
    truths = {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "==": value == limit,
        "!=": value != limit,
    }
    return truths[op]


def _inherit(condition: Condition, before: Condition) -> Condition:
    if condition.quantity:
        return condition
    if condition.unit == before.unit:
        return replace(condition, quantity=before.quantity)
    return replace(condition, quantity="response time") if condition.quantile else condition


def _plain(text: str) -> str:
    plain = text.translate(_SPACES).translate(_DASHES)
    for sign, ascii_sign in _SIGNS.items():
        plain = plain.replace(sign, ascii_sign)
    return re.sub(r"[*`_]{2,}|[*`]", "", re.sub(r"\s+", " ", plain)).strip()


def _parts(plain: str) -> list[str]:
    """The text cut between its comparisons, at `, ; / and or` that no number or rate explains."""
    matches = list(_MAIN.finditer(_FOR.sub(lambda found: " " * len(found[0]), plain)))
    cuts = [0]
    for before, after in pairwise(matches):
        gap = plain[before.end() : after.start()]
        split = re.search(r"[,;|](?!\d)|\s/\s|\b(?:and|or|but)\b", gap)
        if split:
            cuts.append(before.end() + split.end())
    return [plain[a:b] for a, b in zip(cuts, [*cuts[1:], len(plain)], strict=True)]


def _part(part: str, text: str) -> tuple[Condition, ...]:
    lasting = _FOR.search(part)
    for_s = duration_s(lasting["for"]) if lasting else None
    rest = part[: lasting.start()] + " " + part[lasting.end() :] if lasting else part
    main = _MAIN.search(rest)
    if main is not None:
        one = _comparison(rest, main, text)
        return () if one is None else (replace(one, for_s=for_s),)
    between = _RANGE.search(rest)
    if between is not None:
        return tuple(replace(one, for_s=for_s) for one in _range(rest, between, text))
    one = _event(rest, text)
    return () if one is None else (replace(one, for_s=for_s),)


def _comparison(rest: str, main: re.Match[str], text: str) -> Condition | None:
    before, after = rest[: main.start()], rest[main.end() :]
    if _PROMQL.search(before):
        return None
    op = _op(main["op"])
    value, unit, noun = _value(main)
    if value is None or noun.lower() in _NO_UNIT:  # "2x the baseline" is held against no number
        return None
    if noun and unit != "per_second":
        after = f" {noun}{after}"
        every = re.match(r"(?:\s+[A-Za-z][\w-]*){1,3}?\s+(?:per|a|an|each)\s+(second|minute|hour|day|week)\b", after)
        if every and unit == "count":
            value, unit, noun = value / _per_s(every[1]), "per_second", _noun(after)
    of = _OF.match(after) if unit == "ratio" else None
    if unit == "ratio" and of is None and re.match(r"\s*(?:capacity|utili[sz]ation|full|used)\b", after, re.IGNORECASE):
        after = re.sub(r"^\s*\w+", "", after)
    window = _WINDOW.search(after)
    quantile, aggregate = _quantile(rest), _aggregate(after if of is None else "") or _aggregate(before)
    quantity = _quantity(before) or (f"{noun} rate" if noun and unit == "per_second" else "")
    quantity = quantity or (_noun(after) if unit in {"", "count"} else "")
    if op in {"<", "<="} or _FREE.search(after):
        quantity = _free(quantity, after)
    return Condition(
        quantity=quantity,
        op=op,
        value=value,
        unit=unit,
        quantile=quantile,
        window_s=duration_s(window["window"]) if window else None,
        aggregate=aggregate,
        of=_of(of["of"]) if of else "",
        polarity=_polarity(f"{before} {main['op']}"),
        level=_level(before),
        text=text.strip(),
    )


def _range(rest: str, between: re.Match[str], text: str) -> tuple[Condition, ...]:
    before = rest[: between.start()]
    if between["and"] and not between["between"]:
        return ()
    if _PROMQL.search(before) or re.search(r"[\w./:-]$", before) or re.match(r"[\w/:.-]", rest[between.end() :]):
        return ()
    high, unit, noun = _measure(between["high"], "", between["unit"] or "", between["per"] or "")
    low, low_unit, _ = _measure(between["low"], "", between["lowunit"] or between["unit"] or "", between["per"] or "")
    if low is None or high is None or low >= high or low_unit != unit or not unit or noun.lower() in _NO_UNIT:
        return ()
    after = f" {noun}{rest[between.end() :]}"
    shared = Condition(
        quantity=_quantity(before),
        op=">=",
        value=low,
        unit=unit,
        quantile=_quantile(rest),
        aggregate=_aggregate(after) or _aggregate(before),
        polarity=_polarity(before) or "normal",
        level=_level(before),
        text=text.strip(),
    )
    return (shared, replace(shared, op="<=", value=high))


def _event(rest: str, text: str) -> Condition | None:
    found = _EVENT.search(rest)
    words = re.sub(r"[().,:;]", " ", rest).split()
    if found is None or len(words) > 8 or re.search(r"\d", rest) or _PROMQL.search(rest):  # noqa: PLR2004 -- longer is prose
        return None
    quantity = " ".join(word for word in words if word.lower() not in {"is", "are", "the", "a", "an", "goes", "any"})
    return Condition(quantity=quantity, op="", value=None, polarity="alert", level=_level(rest), text=text.strip())


def _op(written: str) -> str:
    if written in {"<", "<=", ">", ">=", "==", "!="}:
        return written
    return next(op for words, op in _OPS.items() if re.fullmatch(words, written, re.IGNORECASE))


def _value(main: re.Match[str]) -> tuple[float | None, str, str]:
    return _measure(main["number"], main["scale"] or "", main["unit"] or "", main["per"] or "")


def _measure(digits: str, scale: str, unit: str, per: str) -> tuple[float | None, str, str]:
    """Value in its base, the base unit, and the noun that was counted ("messages")."""
    amount = number(digits.strip().rstrip(","))
    if amount is None:
        return None, "", ""
    word = unit.lower()
    amount *= _SCALES.get(scale.lower(), 1.0) if scale else 1.0
    if word in {"%", "percent"}:
        return round(amount / 100.0, 12), "ratio", ""
    if word in _RATES:
        return amount / _RATES[word], "per_second", ""
    every_s = _per_s(per) if per else 0.0
    size = _size(amount, unit)
    if size is not None:
        return (size / every_s, "bytes_per_second", "") if every_s else (size, "bytes", "")
    if every_s:
        return amount / every_s, "per_second", unit
    seconds = duration_s(f"{amount!r}{unit}") if word and word not in {"y", "x"} else None
    if seconds is None and word:
        seconds = duration_s(f"{amount!r} {unit}")
    if seconds is not None:
        return seconds, "seconds", ""
    return amount, "count" if word and word not in _STATES else "", unit


def _size(amount: float, unit: str) -> float | None:
    if len(unit) == 1 and unit not in "KMGTB":
        return None
    return size_bytes(f"{amount:f}{unit}") if unit.lower() not in {"k", "m", "g", "t", "p"} else None


def _per_s(per: str) -> float:
    return _PER_S.get(per.lower()) or _PER_S.get(per.lower().removesuffix("s")) or duration_s(f"1 {per}") or 1.0


def _quantile(text: str) -> float | None:
    found = _QUANTILE.search(text)
    if found is None:
        return None
    if found["median"]:
        return 0.5
    written = found["p"] or found["th"] or found["share"]
    if "." not in written and len(written) == 3:  # noqa: PLR2004 -- p999 is the 99.9th
        written = f"{written[:2]}.{written[2:]}"
    value = round(float(written) / 100.0, 6)
    return value if 0.0 < value < 1.0 else None


def _aggregate(text: str) -> str:
    found = _AGGREGATE.search(text)
    return _AGGREGATES.get(found[1].lower(), "") if found else ""


def _of(words: str) -> str:
    first = words.strip().lower()
    return "max" if re.match(r"max|maximum|limit|capacity|total|pool|quota|allocated|available", first) else first


def _quantity(before: str) -> str:
    words = _QUANTILE.sub(" ", _AGGREGATE.sub(" ", before.replace("(", " ").replace("[", " ")))
    words = re.sub(r"\bpercentile\b|\b\d+(?:\.\d+)?\s*%(?:\s+of\b)?", " ", words, flags=re.IGNORECASE)
    previous = None
    while words != previous:
        previous = words
        words = _TAIL.sub("", _NOISE.sub("", words.strip()).strip()).strip()
    return re.sub(r"\s+", " ", words.split(":")[-1] if re.search(r":\s*\S", words) else words).strip(" -:,;.)(")


def _noun(after: str) -> str:
    """Words right after the number ("> 5 failed logins"), up to the first that belongs to something else."""
    kept: list[str] = []
    for word in re.split(r"\s+", after.strip()):
        if not re.fullmatch(r"[A-Za-z][\w-]*", word) or word.lower() in _STATES | {"per", "within", "during"}:
            break
        kept.append(word)
    return " ".join(kept[:4])


def _free(quantity: str, after: str) -> str:
    """Space that is too small is the free space; where the text says "free" itself, that is what counts."""
    words = quantity.lower().split()
    said_free = bool(_FREE.search(after)) or bool(_FREE.search(quantity))
    if "space" in words and not _FREE.search(quantity):
        return f"free {quantity}"
    if said_free and quantity and not _FREE.search(quantity):
        return f"free {quantity}"
    return quantity


def _polarity(before: str) -> str:
    if _GOOD.search(before):
        return "normal"
    return "alert" if _ALERTING.search(before) else ""


def _level(before: str) -> str:
    found = _LEVEL.search(before.rstrip(" (:"))
    if found is None:
        return ""
    return {"warn": "warning", "crit": "critical"}.get(found[1].lower(), found[1].lower())
