"""What the headings above a block say about it: severity, channels, cadence, time, polarity, status and the rest."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from opsguide.core.block import Inherited, Polarity, Status
from opsguide.guide import lexicon
from opsguide.guide.headings import heading_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")
_LONGEST = 200
_TITLE_LENGTH = 60
_TITLE_WORDS = 4
_PARENTHESES = re.compile(r"[(\[]([^)\]]*)[)\]]")
_CLOCK = re.compile(r"\b(\d{1,2})(?::([0-5]\d))?\s*([ap])\.?m\b|\b([01]?\d|2[0-3]):([0-5]\d)\b")
_VIA = re.compile(r"\b(?:via|to|by)\b|→|->")
_LEVEL = re.compile(r"\b(?:sev(?:erity)?|p|priority|level|tier)[- ]?\d\b")
_MARKED = re.compile(r"[(\[](?:to be )?([^)\]]{1,40})[)\]]\s*$|^\s*(example|for example|e\.g\.|sample)\b")


def _alternatives(words: Iterable[str]) -> re.Pattern[str]:
    """Words as whole words where they are letters with blanks between; scripts without blanks match anywhere."""
    longest = sorted(words, key=len, reverse=True)
    spelled = [rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word) for word in longest]
    return re.compile("|".join(spelled))


_WORDS = {
    "severity": _alternatives(lexicon.SEVERITIES),
    "own": _alternatives(lexicon.OWN_LEVELS),
    "alert": _alternatives(lexicon.ALERT_WORDS),
    "channel": _alternatives(lexicon.CHANNELS),
    "cadence": _alternatives(lexicon.CADENCES),
    "polarity": _alternatives(lexicon.POLARITIES),
    "sli": _alternatives(lexicon.SLIS),
    "slo": _alternatives(lexicon.SLO_WORDS),
    "scope": _alternatives(lexicon.SCOPES),
    "environment": _alternatives(lexicon.ENVIRONMENTS),
    "status": _alternatives(lexicon.STATUSES),
    "watch": _alternatives(lexicon.WATCH_WORDS),
    "no status": _alternatives(lexicon.NO_STATUS),
}


def inherit(above: Inherited, words: str) -> Inherited:
    """What blocks under a heading with these words inherit, given what stands above it; the nearest wins by field."""
    said = _said(words[:_LONGEST])
    return Inherited(
        severity=said.severity or above.severity,
        channels=said.channels or above.channels,
        cadence=said.cadence or above.cadence,
        # A time belongs to the cadence it was said with: "Weekly" under "Daily (9:00)" has no time.
        at=said.at or (None if said.cadence else above.at),
        status=said.status if said.status is not Status.ACTIVE else above.status,
        polarity=said.polarity or above.polarity,
        sli=said.sli or above.sli,
        scope=said.scope or above.scope,
        environment=said.environment or above.environment,
    )


def inherit_title(above: Inherited, words: str) -> Inherited:
    """As `inherit`, for the title of a file: it says what the guide is about, not what its statements mean."""
    found = inherit(above, words)
    return replace(found, severity=above.severity, polarity=above.polarity, sli=above.sli, scope=above.scope)


def inherit_intro(above: Inherited, intro: str) -> Inherited:
    """As `inherit`, for a line that stands like a heading above a list, a fence or a table: "**Weekly:**"."""
    titled = len(intro) <= _TITLE_LENGTH and (intro.endswith((":", "：")) or len(intro.split()) <= _TITLE_WORDS)
    return inherit(above, heading_words(intro)) if intro and titled else above


def annotated(above: Inherited, annotation: Mapping[str, str]) -> Inherited:
    """What stands above, with the fields that an annotation sets by name."""
    if not annotation:
        return above
    texts = {
        key: annotation[key]
        for key in ("severity", "cadence", "at", "sli", "scope", "environment")
        if key in annotation
    }
    found = replace(above, **texts)  # type: ignore[arg-type]  # the six keys are the fields that hold text
    if "channels" in annotation:
        named = tuple(word for word in re.split(r"[,/\s]+", annotation["channels"].lower()) if word)
        found = replace(found, channels=named)
    if annotation.get("status") in set(Status):
        found = replace(found, status=Status(annotation["status"]))
    if annotation.get("polarity") in set(Polarity):
        found = replace(found, polarity=Polarity(annotation["polarity"]))
    return found


def marked_status(text: str) -> Status:
    """The status that a block's own words give it: "(planned)" at its end, or "Example:" at its start."""
    found = _MARKED.search(text[-200:].lower() if len(text) > 400 else text.lower())  # noqa: PLR2004 -- a sentence
    if found is None:
        return Status.ACTIVE
    return _status((found[1] or found[2]).replace("for example", "example").replace("e.g.", "example"))


@lru_cache(maxsize=4096)
def _said(words: str) -> Inherited:
    severity = _severity(words)
    cadence = _first("cadence", lexicon.CADENCES, words)
    return Inherited(
        severity=severity,
        channels=_channels(words),
        cadence=cadence,
        at=clock(words),
        status=_status(words),
        polarity=_polarity(words),
        sli=_sli(words),
        scope=_first("scope", lexicon.SCOPES, words),
        environment=_environment(words),
    )


def _first(name: str, meanings: Mapping[str, V], words: str) -> V | None:
    found = _WORDS[name].search(words)
    return meanings[found[0]] if found else None


def _outside(words: str) -> str:
    return _PARENTHESES.sub(" ", words).strip(" -:")


def _severity(words: str) -> str | None:
    """A level where the heading is about alerts or is the level itself; "Critical Data" is neither."""
    outside = _outside(words)
    level = _LEVEL.search(words)
    common = _WORDS["severity"].search(words)
    if common and (level or outside == common[0] or _WORDS["alert"].search(words)):
        return lexicon.SEVERITIES[common[0]]
    own = _WORDS["own"].fullmatch(_WORDS["alert"].sub("", outside).strip())
    if own and not level:
        return own[0]
    return level[0].replace("severity", "sev").replace(" ", "-") if level and level.start() == 0 else None


def _polarity(words: str) -> Polarity | None:
    """None where the heading joins both: under "Monitoring and Alerts" stand good states and bad ones."""
    found = _first("polarity", lexicon.POLARITIES, words)
    return None if found is Polarity.ALERT and _WORDS["watch"].search(words) else found


def _channels(words: str) -> tuple[str, ...]:
    """Channels in parentheses or after "via"; or the whole heading. "Email Service" names none."""
    parts = _PARENTHESES.findall(words) + _VIA.split(words)[1:]
    if not _WORDS["channel"].sub("", words).strip(" ,/&+"):
        parts.append(words)
    found = [lexicon.CHANNELS[word] for part in parts for word in _WORDS["channel"].findall(part)]
    return tuple(dict.fromkeys(found))


def clock(words: str) -> str | None:
    """HH:MM of the first time of day: "9:00 am" -> "09:00", "2 pm" -> "14:00", "18:30" -> "18:30"."""
    found = _CLOCK.search(words)
    if found is None:
        return None
    if found[4]:
        return f"{int(found[4]):02}:{found[5]}"
    hour = int(found[1])
    if not 1 <= hour <= 12:  # noqa: PLR2004 -- a clock face
        return None
    return f"{hour % 12 + (12 if found[3] == 'p' else 0):02}:{found[2] or '00'}"


def _sli(words: str) -> str | None:
    found = _WORDS["sli"].search(words)
    if found is None:
        return None
    alone = _outside(words) == found[0]
    return lexicon.SLIS[found[0]] if alone or _WORDS["slo"].search(words) else None


def _environment(words: str) -> str | None:
    found = _WORDS["environment"].search(words)
    if found is None:
        return None
    alone = words.startswith(found[0]) or words.endswith((found[0], f"({found[0]})")) or "environment" in words
    return lexicon.ENVIRONMENTS[found[0]] if alone else None


def _status(words: str) -> Status:
    return _first("status", lexicon.STATUSES, _WORDS["no status"].sub(" ", words)) or Status.ACTIVE
