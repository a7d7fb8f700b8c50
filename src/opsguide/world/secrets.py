"""Secrets by reference: resolved for the purpose they were given for, and masked wherever they come back."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from opsguide.core.ports import WorldFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from opsguide.core.settings import SecretRef

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
MASK = "***"
SHORTEST = 4
"""Values shorter than this are not masked: they would blank out ordinary text, and are no secrets."""
SHORTEST_BASE64 = 6
LIMIT_BYTES = 1 << 16


def no_trust(_claim: str, _text: str) -> bool:
    """Nobody trusted anything."""
    return False


class RealSecrets:
    """`[secrets]` of opsguide.toml over the environment and files.

    folder: relative secret files lie there. trust: whether a person trusted (claim, command text) and it has not ended.
    A file is read anew on each use, so that a rotated secret is taken; older values stay masked.
    """

    def __init__(
        self,
        references: Mapping[str, SecretRef],
        folder: Path,
        environment: Mapping[str, str],
        trust: Callable[[str, str], bool] = no_trust,
    ) -> None:
        self._references = references
        self._folder = folder
        self._environment = environment
        self._trust = trust
        self._masked: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._forms: tuple[bytes, ...] = ()
        for name in references:
            self._value(name)

    def resolve(self, text: str, purpose: str) -> str:
        """`text` with every `${NAME}` filled; fault `not_found` where one is missing or not meant for `purpose`."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            reference = self._references.get(name)
            if reference is None:
                raise WorldFault("not_found", f"no secret is called {name}; add it to [secrets] of opsguide.toml")
            if reference.purpose and reference.purpose != purpose:
                raise WorldFault("not_found", f"secret {name} is for {reference.purpose}, not for {purpose}")
            filled = self._value(name)
            if filled is None:
                raise WorldFault("not_found", f"secret {name} has no value: {_source(reference)}")
            return filled

        return _REFERENCE.sub(value, text)

    def missing(self, text: str) -> Sequence[str]:
        """Names in `text` that have no value, each once, in order."""
        return [name for name in dict.fromkeys(_REFERENCE.findall(text)) if self._value(name) is None]

    def mask(self, text: str) -> str:
        """`text` with every value that was ever seen replaced, also as URLs, JSON, HTML and base64 spell it."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def mask_bytes(self, data: bytes) -> bytes:
        """The same for what a peer sent. One search a form: far faster on megabytes than one pattern of all of them."""
        for form in self._forms:
            if form in data:
                data = data.replace(form, MASK.encode())
        return data

    def hide(self, value: str) -> None:
        """From now on mask this value too: a secret that the guide reads from a file of its own."""
        if value and value not in self._masked:
            self._masked.add(value)
            forms = {form for seen in self._masked if len(seen) >= SHORTEST for form in _forms(seen)}
            longest_first = sorted(forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None
            self._forms = tuple(form.encode("utf-8", "replace") for form in longest_first)

    def trusted(self, claim: str, text: str) -> bool:
        """Whether a person trusted exactly this command text for unattended runs, and the consent has not ended."""
        return self._trust(claim, text)

    def _value(self, name: str) -> str | None:
        reference = self._references.get(name)
        if reference is None:
            return None
        value = self._environment.get(reference.env) if reference.env else self._read(reference.file)
        self.hide(value or "")
        return value or None

    def _read(self, file: str) -> str | None:
        try:
            with (self._folder / file).open("rb") as opened:
                return opened.read(LIMIT_BYTES).decode().strip() or None
        except (OSError, ValueError):
            return None


def _forms(value: str) -> set[str]:
    """How a value may come back: as it is, in a URL, JSON or HTML, in base64 alone or as a part of a longer text."""
    data = value.encode("utf-8", "surrogateescape")
    urls = {quote(data, safe=""), quote(data), quote_plus(data)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), url) for url in urls}
    texts = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], html.escape(value)}
    return texts | urls | lower | set(_base64(data))


def _base64(data: bytes) -> Iterator[str]:
    """In base64 by itself, and what is the same of it wherever it stands in a longer text, such as `user:password`."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(data).decode()
        for before in range(3):
            whole = encode(b"\0" * before + data + b"\0\0").decode()
            inner = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            if len(inner) >= SHORTEST_BASE64:
                yield inner


def _source(reference: SecretRef) -> str:
    where = f"variable {reference.env} is not set" if reference.env else f"file {reference.file} cannot be read"
    return f"{where}, or empty"
