"""Files in their own language (prometheus.yml, rules, alertmanager.yml), and opsguide.toml's tables like them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import yaml

from opsguide.core.block import Fence, Line, Place, Section
from opsguide.core.guide import GuideFile
from opsguide.guide.encoding import decode

if TYPE_CHECKING:
    from opsguide.core.block import Block
    from opsguide.core.mend import Mend
    from opsguide.core.settings import Settings

_LANGUAGES = {".json": "json", ".toml": "toml", ".yml": "yaml", ".yaml": "yaml", ".ini": "ini"}
_TOGETHER = (("scrape_configs",), ("collect",), ("route", "receivers"))
"""Tables that make one document: a route is read with its receivers."""


def native_file(path: str, data: bytes) -> tuple[GuideFile, tuple[Mend, ...]]:
    """A native file as one block that covers it."""
    decoded = decode(path, data)
    lines = tuple(Line(number, text.replace("\x00", "")) for number, text in enumerate(decoded.disk, start=1))
    place = Place(path, 1, len(lines))
    fence = Fence(place, _LANGUAGES.get(PurePosixPath(path).suffix.lower(), "yaml"), lines)
    mends = tuple(mend for mend in decoded.mends if mend.rule != "file/encoding")
    return GuideFile(path, decoded.disk, Section(None, place, (fence,), ()), native=True), mends


def settings_file(settings: Settings) -> GuideFile | None:
    """What opsguide.toml says in Prometheus's and Alertmanager's own form, as YAML; every line is the table's first."""
    blocks: list[Block] = []
    shown = [""] * max([1, *settings.lines.values()])
    for keys in _TOGETHER:
        named = {key: settings.native[key] for key in keys if key in settings.native}
        if not named:
            continue
        number = min(max(1, settings.lines.get(key, 1)) for key in named)
        text = yaml.safe_dump(named, sort_keys=False, allow_unicode=True)
        shown[number - 1] = f"[{' '.join(named)}]"
        place = Place(settings.path, number, number)
        blocks.append(Fence(place, "yaml", tuple(Line(number, line) for line in text.splitlines())))
    if not blocks:
        return None
    place = Place(settings.path, 1, len(shown))
    return GuideFile(settings.path, tuple(shown), Section(None, place, tuple(blocks), ()), native=True)
