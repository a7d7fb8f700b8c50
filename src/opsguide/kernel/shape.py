"""How a compiled guide is written as JSON: the contract of `check --format json`, which the API shares.

Every function returns plain dicts, lists, strings, numbers and booleans, ready for `json` or msgspec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from opsguide.core.block import Place
    from opsguide.core.guide import Coverage, Guide, Unread
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim

Json = dict[str, Any]
_NOT_STATED: tuple[object, ...] = ("", (), [], {}, frozenset())


def guide_json(guide: Guide) -> Json:
    """One guide as `check --format json` prints it. Lines are 1-based, in the file as it is on disk."""
    return {
        "guide": guide.path,
        "service": guide.service,
        "claims": [claim_json(claim) for claim in guide.claims],
        "findings": [finding_json(mend) for mend in guide.findings],
        "unread": [unread_json(unread) for unread in guide.unread],
        "coverage": coverage_json(guide.coverage),
    }


def claim_json(claim: Claim[Any]) -> Json:
    """A claim: id, kind, title, line, end_line, file, places, status, needs, understood, spec.

    places: the further places that state the same; the claim's own is line, end_line and file.
    """
    return {
        "id": claim.id,
        "kind": claim.kind,
        "title": claim.title,
        "line": claim.place.line,
        "end_line": claim.place.end_line,
        "file": claim.place.file,
        "places": [place_json(place) for place in claim.places],
        "status": claim.status.value,
        "needs": list(claim.needs),
        "understood": claim.understood,
        "spec": {} if claim.spec is None else plain(claim.spec),
    }


def finding_json(mend: Mend) -> Json:
    """A finding: rule, level, the first line of every place, the places, message and mend."""
    places = (mend.at, *mend.others)
    return {
        "rule": mend.rule,
        "level": mend.level.value,
        "lines": sorted({place.line for place in places}),
        "places": [place_json(place) for place in places],
        "message": mend.wrong,
        "mend": mend.mend,
    }


def unread_json(unread: Unread) -> Json:
    """A line that looks operational and was not taken, and why."""
    return {"line": unread.place.line, "file": unread.place.file, "text": unread.text, "why": unread.why}


def place_json(place: Place) -> Json:
    """A place without its columns where it begins at the first one and runs to the end of its line."""
    found: Json = {"file": place.file, "line": place.line, "end_line": place.end_line}
    if place.column > 1:
        found["column"] = place.column
    if place.end_column:
        found["end_column"] = place.end_column
    return found


def coverage_json(sections: Sequence[Coverage]) -> Json:
    """Counts of lines over the whole guide, and section by section."""
    names = ("lines", "claimed", "unbound", "candidates", "prose")
    totals: Json = {name: sum(getattr(section, name) for section in sections) for name in names}
    return totals | {"sections": [plain(section) for section in sections]}


def plain(value: object) -> Any:
    """`value` as builtins. A field of a dataclass that is None or empty was not stated and is left out.

    Keys of a mapping are kept whatever their value: `save ""` is a setting that the guide states.
    """
    if is_dataclass(value) and not isinstance(value, type):
        stated = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: plain(item) for name, item in stated if item is not None and item not in _NOT_STATED}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return msgspec.to_builtins(value)
