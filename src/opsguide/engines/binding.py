"""From words to PromQL: which expression gives a quantity, chosen by the metrics that are really scraped, and why.

The order is fixed: a metric that the guide names, then the conventions (engines/conventions.py), then a metric whose
name shares the quantity's own words. Within one step a metric with fresh series comes before a stale one. Nothing fits:
`Unbound`, with what would bind it. An expression gives one value in the quantity's base unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from opsguide.core.units import prometheus_duration
from opsguide.engines.bound import QUANTILE, WINDOW_S, Asked, Bound, Facts, Unbound
from opsguide.engines.conventions import CONVENTIONS, OWN, STATUS_LABELS, VIRTUAL_FILE_SYSTEMS, Convention, Way
from opsguide.engines.named import by_name, no_such, series_of, words_alone
from opsguide.engines.vocabulary import FILLER, GENERIC, NEUTRAL, metric_name, stem, stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Bound", "Facts", "Unbound", "bind", "canonical", "is_known", "metric_name", "stems"]

DATABASE_JOBS = 'job=~".*(postgres|mysql|maria|database|mongo|db).*"'


@dataclass(frozen=True, slots=True)
class _Fit:
    way: Way
    names: tuple[str, ...]
    fresh: bool
    shared: int


def bind(
    quantity: str,
    *,
    catalogue: Mapping[str, Facts],
    quantile: float | None = None,
    aggregate: str = "",
    window_s: float | None = None,
    unit: str = "",
    of: str = "",
    hint: str = "",
) -> Bound | Unbound:
    """PromQL for `quantity`, or what would bind it.

    unit: the base unit that the limit is stated in; "" takes what there is (and "count" any plain number).
    quantile, aggregate, of, window_s: as engines.conditions reads them. hint: a description, for where the name is not
    enough.
    """
    asked = Asked(quantity.strip(), quantile, aggregate, window_s or WINDOW_S, unit, of, hint)
    if not asked.quantity:
        return Unbound(
            "the guide does not say what is measured", "name the quantity before the limit, e.g. `CPU usage < 70%`"
        )
    named = metric_name(asked.quantity)
    if named:
        found = by_name(named, asked, catalogue)
        if found or not words_alone(asked.quantity):
            return found or no_such(named, asked)
    told_apart = _by_words(asked, catalogue, all_of_them=True)
    return told_apart or _by_convention(asked, catalogue) or _by_words(asked, catalogue) or _nothing(asked)


def canonical(quantity: str) -> str:
    """The one name of a quantity, under which kinds tell each other of it: "Disk space" -> "disk usage"."""
    ranked = _ranked(quantity, "")
    return ranked[0].quantity if ranked else " ".join(quantity.lower().replace("_", " ").split())


# ---- conventions -----------------------------------------------------------------------------------------------------


def _by_convention(asked: Asked, catalogue: Mapping[str, Facts]) -> Bound | None:
    stale: Bound | None = None
    for convention in _equals(asked.quantity, asked.hint):
        fits = [fit for way in convention.ways for fit in _fits(way, asked, catalogue)]
        fresh = [fit for fit in fits if fit.fresh]
        if fresh:
            return _instead(convention, _write(convention, fresh, asked, catalogue), asked)
        if fits and stale is None:
            stale = _instead(convention, _write(convention, fits, asked, catalogue), asked)
    return stale


def _instead(convention: Convention, found: Bound, asked: Asked) -> Bound:
    first = _ranked(asked.quantity, asked.hint)[0]
    if first is convention:
        return found
    return replace(found, why=f"{found.why}; {first.quantity}, which the description asks for, is not scraped")


def _fits(way: Way, asked: Asked, catalogue: Mapping[str, Facts]) -> list[_Fit]:
    if not _unit_fits(asked, way) or not _mode_fits(asked, way):
        return []
    wanted = set(stems(f"{asked.quantity} {asked.hint}"))
    if way.words and not wanted & {stem(word) for word in way.words}:
        return []
    found = []
    for first in _names(way.needs[0], catalogue):
        names = _others(way, first, catalogue)
        if names is None or not _labels_fit(way, catalogue[first]):
            continue
        fresh = not any(catalogue[name].stale for name in names)
        found.append(_Fit(way, names, fresh, len(wanted & set(stems(first)))))
    return sorted(found, key=lambda fit: (not fit.fresh, -fit.shared, fit.names))


def _others(way: Way, first: str, catalogue: Mapping[str, Facts]) -> tuple[str, ...] | None:
    match = _compiled(way.needs[0]).fullmatch(first)
    stem = match.groupdict().get("stem", "") if match else ""
    names = [first]
    for pattern in way.needs[1:]:
        wanted = pattern.replace("$stem", re.escape(stem)).lstrip("_") if "$stem" in pattern else pattern
        name = wanted if wanted in catalogue else next((n for n in _names(wanted, catalogue) if n != first), None)
        if name is None:
            return None
        names.append(name)
    return tuple(names)


def _names(pattern: str, catalogue: Mapping[str, Facts]) -> list[str]:
    if pattern in catalogue:
        return [pattern]
    if pattern.isidentifier():
        return []
    compiled = _compiled(pattern)
    return sorted(name for name in catalogue if compiled.fullmatch(name) and not name.startswith(OWN))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _unit_fits(asked: Asked, way: Way) -> bool:
    if asked.of:
        return way.unit == "ratio"
    plain = {"", "count"}
    return asked.unit == way.unit or not asked.unit or (asked.unit in plain and way.unit in plain)


def _mode_fits(asked: Asked, way: Way) -> bool:
    if asked.quantile is not None and way.unit == "seconds":
        return way.mode in {"quantile", "summary"}
    if asked.aggregate == "avg" and way.mode in {"quantile", "summary", "max"}:
        return False
    return not (asked.aggregate == "max" and way.mode == "avg")


def _labels_fit(way: Way, facts: Facts) -> bool:
    if way.mode == "status":
        return bool(_bad(facts, ""))
    if way.mode == "summary":
        return "quantile" in facts.labels
    if way.mode == "database job":
        return any(re.search(r"postgres|mysql|maria|database|mongo|db", job) for job in facts.labels.get("job", ()))
    return True


def _write(convention: Convention, fits: Sequence[_Fit], asked: Asked, catalogue: Mapping[str, Facts]) -> Bound:
    fit = fits[0]
    facts = catalogue[fit.names[0]]
    quantile = asked.quantile or QUANTILE
    values = {
        "$0": fit.names[0],
        "$1": fit.names[-1],
        "$w": "1d" if asked.daily else prometheus_duration(asked.window_s),
        "$quoted": f'"{quantile:g}"',
        "$q": f"{quantile:g}",
        "$bad": _bad(facts, f"{asked.quantity} {asked.hint}"),
        "$fs": _file_systems(facts),
        "$db": DATABASE_JOBS,
    }
    expr = re.sub(r"\$(?:quoted|bad|fs|db|[01wq])", lambda found: values[found[0]], fit.way.expr)
    return Bound(expr.replace("{}", ""), fit.way.unit, _why(convention, fits, asked), tuple(dict.fromkeys(fit.names)))


def _why(convention: Convention, fits: Sequence[_Fit], asked: Asked) -> str:
    fit = fits[0]
    names = list(dict.fromkeys(fit.names))
    why = f"{' and '.join(names)} {'gives' if len(names) == 1 else 'give'} {convention.quantity}"
    if fit.way.note:
        why += f" ({fit.way.note})"
    if fit.way.mode == "avg" and asked.aggregate != "avg":
        why += "; no histogram of it is scraped, so the mean counts"
    if fit.way.mode in {"quantile", "summary"} and asked.quantile is None:
        why += "; the guide states no percentile, so the 95th is used"
    if not fit.fresh:
        why += ", though it has no fresh series now"
    left = set(stems(asked.quantity)) - GENERIC - NEUTRAL - _explained(asked)
    if left:
        why += f"; no label tells {_quoted(left)} apart"
    others = [
        " and ".join(dict.fromkeys(f.names)) for f in fits[1:] if f.fresh == fit.fresh and not {*f.names} & {*fit.names}
    ]
    others = list(dict.fromkeys(others))[:2]
    return why + (f"; {' or '.join(others)} would fit too" if others else "")


def _bad(facts: Facts, words: str) -> str:
    """The matcher of failed answers, or "" where no label tells them from good ones."""
    family = "[45].." if re.search(r"\b4xx", words, re.IGNORECASE) else "5.."
    for label in STATUS_LABELS:
        if any(re.fullmatch(r"[1-5](\d\d|xx)", value) for value in facts.labels.get(label, ())):
            return f'{label}=~"{family}"'
    if "SUCCESS" in facts.labels.get("outcome", ()) or "SERVER_ERROR" in facts.labels.get("outcome", ()):
        return 'outcome="SERVER_ERROR"'
    return ""


def _file_systems(facts: Facts) -> str:
    kinds = set(facts.labels.get("fstype", ()))
    real = kinds - set(VIRTUAL_FILE_SYSTEMS)
    virtual = "|".join(kind.replace(".", "\\\\.") for kind in sorted(kinds - real))
    return f'fstype!~"{virtual}"' if real and virtual else ""


def is_known(quantity: str) -> bool:
    """Whether the words name a quantity that a convention knows."""
    return bool(_scored(quantity, ""))


@lru_cache(maxsize=4096)
def _scored(quantity: str, hint: str) -> tuple[tuple[int, frozenset[str], Convention], ...]:
    """Conventions whose words stand in the quantity, or in it and its description together, the most specific first.

    Each with the size of its phrase and the quantity's own words that the phrase explains.
    """
    own, all_words = set(stems(quantity)), set(stems(f"{quantity} {hint}"))
    scored = []
    for place, convention in enumerate(CONVENTIONS):
        fits = [phrase for phrase in _phrases(convention) if phrase <= all_words and phrase & own]
        if fits:
            best = max(fits, key=lambda phrase: (len(phrase & own), len(phrase)))
            scored.append((-len(best & own), -len(best), place, frozenset(best & own), convention))
    scored.sort(key=lambda score: score[:3])
    return tuple((-size, explained, convention) for _, size, _, explained, convention in scored)


def _ranked(quantity: str, hint: str) -> tuple[Convention, ...]:
    return tuple(convention for *_, convention in _scored(quantity, hint))


def _equals(quantity: str, hint: str) -> tuple[Convention, ...]:
    """The best convention, and those that explain as many of the quantity's own words: `disk i/o` is no `disk`."""
    scored = _scored(quantity, hint)
    return tuple(convention for _, explained, convention in scored if len(explained) == len(scored[0][1]))


@lru_cache(maxsize=256)
def _phrases(convention: Convention) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(stems(phrase)) for phrase in convention.phrases)


# ---- the quantity's own words ----------------------------------------------------------------------------------------

_NO_QUANTITY = re.compile(r"(_bucket|_created|_info)$")


def _by_words(asked: Asked, catalogue: Mapping[str, Facts], *, all_of_them: bool = False) -> Bound | None:
    """The metric whose name shares the quantity's specific words; none where that would be a guess.

    all_of_them: only where the name shares every specific word of a quantity that no convention explains whole.
    """
    own = frozenset(stems(asked.quantity)) - GENERIC
    if all_of_them and not own - _explained(asked):
        return None
    described = (own | set(stems(asked.hint))) - GENERIC
    strict = frozenset(stems(asked.quantity)) - FILLER if _explained(asked) and not all_of_them else frozenset()
    scored = []
    for name in catalogue:
        words = frozenset(stems(name))
        if _NO_QUANTITY.search(name) or name.startswith(OWN) or not strict <= words:
            continue
        near = _nearness(words - GENERIC, own, described)
        if near is not None and not (all_of_them and not own <= words):
            scored.append((catalogue[name].stale, *near, name))
    scored.sort()
    return _first_of([name for *_, name in scored], described, asked, catalogue)


def _nearness(words: frozenset[str], own: frozenset[str], described: frozenset[str]) -> tuple[int, int, int] | None:
    """Smaller is nearer; None where too little is shared: less than half of the own words, and the name says more."""
    by_own, explained = words & own, bool(words) and words <= described
    if explained or (by_own and len(by_own) * 2 >= len(own)):
        return -len(by_own), -len(words & described), len(words - described)
    return None


def _first_of(
    names: Sequence[str], described: frozenset[str], asked: Asked, catalogue: Mapping[str, Facts]
) -> Bound | None:
    for name in names:
        family = re.sub(r"_(sum|count)$", "", name)
        found = series_of(family, asked, catalogue) or series_of(name, asked, catalogue)
        if found is not None:
            shared = [word for word in re.findall(r"[a-z0-9]+", name.lower()) if stem(word) in described]
            others = [other for other in names if other not in found.metrics and not other.startswith(f"{family}_")][:2]
            tail = f"; {' or '.join(others)} would fit too" if others else ""
            return replace(found, why=f"{name} shares {_quoted(shared)} with the guide's words{tail}")
    return None


def _explained(asked: Asked) -> frozenset[str]:
    """The quantity's own words that a convention explains; where there are any, shared words bind only if all are."""
    scored = _scored(asked.quantity, "")
    return scored[0][1] if scored else frozenset()


def _quoted(words: Iterable[str]) -> str:
    return " and ".join(f'"{word}"' for word in sorted(words))


def _nothing(asked: Asked) -> Unbound:
    ranked = _ranked(asked.quantity, asked.hint)
    pin = "or name the series beside the statement: <!-- opsguide: expr=... -->"
    share = " as a share of its maximum" if asked.of else ""
    unit = f" in {asked.unit.replace('_', ' ')}" if asked.unit not in {"", "count"} and not share else ""
    if ranked:
        return Unbound(f"no scraped metric gives {ranked[0].quantity}{unit}{share}", f"{ranked[0].would}; {pin}")
    words = sorted(set(stems(asked.quantity)) - GENERIC)
    names = f"a metric with {_quoted(words)} in its name" if words else "a metric that measures it"
    return Unbound(f"no scraped metric shares a word with {asked.quantity!r}{unit}{share}", f"{names}; {pin}")
