"""Front matter: the map `opsguide:` is ours, every other key belongs to somebody else and is kept as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from opsguide.core.block import EMPTY, Place, Status
from opsguide.core.mend import Level, Mend

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 65536
_MAPS = ("vars", "labels")
_TEXTS = ("service", "environment", "status")


@dataclass(frozen=True, slots=True)
class Front:
    """What the front matter says to opsguide. vars: bindings; labels: the guide's own label names -> ours, lower case.

    pairs: all of it for display: top-level keys, and ours as `opsguide.key` and `opsguide.vars.NAME`.
    """

    service: str = ""
    environment: str | None = None
    status: Status | None = None
    vars: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    pairs: tuple[tuple[str, str], ...] = ()


def read_front(path: str, content: str, end_line: int, mends: list[Mend]) -> Front:
    """The front matter of a file; what cannot be read is a Mend, and then there is none."""
    place = Place(path, 1, max(1, end_line))
    document = _load(content, place, mends)
    if not isinstance(document, dict):
        return Front()
    ours = {} if document.get("opsguide") is None else document["opsguide"]
    if not isinstance(ours, dict):
        wrong = "`opsguide:` in the front matter is no map"
        mends.append(
            Mend(place, wrong, "write `opsguide:` and indented keys below it", "file/front-matter", Level.WARNING)
        )
        ours = {}
    for key in ours.keys() - {*_MAPS, *_TEXTS}:
        wrong = f"the front matter knows no key opsguide.{key}"
        known = ", ".join((*_TEXTS, *_MAPS))
        mends.append(Mend(place, wrong, f"the keys are {known}", "file/front-matter", Level.WARNING))
    return Front(
        service=_said(ours.get("service", "")),
        environment=_said(ours.get("environment", "")) or None,
        status=_status(ours.get("status"), place, mends),
        vars=_texts(ours.get("vars")),
        labels={name.lower(): value for name, value in _texts(ours.get("labels")).items()},
        pairs=_pairs(document, ours),
    )


def _load(content: str, place: Place, mends: list[Mend]) -> Any:
    wrong = "the front matter is too long" if len(content) > _LONGEST else ""
    try:
        document = None if wrong else yaml.safe_load(content)
    except yaml.YAMLError as error:
        wrong = f"the front matter is no YAML: {getattr(error, 'problem', None) or 'it does not parse'}"
    except (ValueError, RecursionError, OverflowError) as error:
        wrong = f"the front matter cannot be read: {type(error).__name__}"
    if wrong:
        mends.append(Mend(place, wrong, "mend it, or remove the two lines ---", "file/front-matter", Level.WARNING))
        return None
    return document


def _said(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _texts(value: object) -> dict[str, str]:
    return {str(key): _said(text) for key, text in value.items()} if isinstance(value, dict) else {}


def _status(value: object, place: Place, mends: list[Mend]) -> Status | None:
    if value is None:
        return None
    try:
        return Status(str(value))
    except ValueError:
        wrong = f"opsguide.status is {str(value)[:40]!r}"
        mend = f"write one of {', '.join(Status)}"
        mends.append(Mend(place, wrong, mend, "file/front-matter", Level.WARNING))
        return None


def _pairs(document: Mapping[Any, Any], ours: Mapping[Any, Any]) -> tuple[tuple[str, str], ...]:
    pairs = [(str(key), _said(value)) for key, value in document.items() if key != "opsguide"]
    pairs += [(f"opsguide.{key}", _said(value)) for key, value in ours.items() if key not in _MAPS]
    for name in _MAPS:
        pairs += [(f"opsguide.{name}.{key}", value) for key, value in _texts(ours.get(name)).items()]
    return tuple(pairs)
