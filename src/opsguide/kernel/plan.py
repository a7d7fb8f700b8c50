"""From paths to compiled guides: what is read, with which settings, and what the rules find. It only reads files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from opsguide.core.block import Place
from opsguide.core.mend import Mend, Unusable
from opsguide.core.settings import Settings, parse_settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.kernel.kinds import discover
from opsguide.kernel.live import Edition
from opsguide.rules.rule import discover as discover_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opsguide.core.guide import Guide
    from opsguide.core.kind import AnyKind
    from opsguide.rules.rule import Rule

LIMIT_BYTES = 20 << 20
NATIVE = frozenset({".yml", ".yaml"})
SETTINGS = "opsguide.toml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One guide as it lies on disk. path: as given. fingerprint: of every byte, settings included."""

    path: str
    folder: Path
    sources: tuple[Source, ...]
    settings: Settings
    fingerprint: str


def check(
    paths: Sequence[str], kinds: Sequence[AnyKind] | None = None, bindings: Mapping[str, str] | None = None
) -> tuple[Guide, ...]:
    """Every guide of these paths, compiled, with its faults and findings. Raises Unusable.

    Opens no socket and starts no process; imports nothing that only a running guide needs.
    """
    stated = [replace(one, settings=_as_stated(one.settings)) for one in load(paths)]
    return tuple(edition.guide for edition in editions(stated, kinds, bindings))


def _as_stated(settings: Settings) -> Settings:
    """Without the collectors that run by default: `check` reads back what somebody wrote."""
    if "collect" in settings.lines:
        return settings
    return replace(settings, native={key: value for key, value in settings.native.items() if key != "collect"})


def editions(
    loaded: Sequence[Loaded], kinds: Sequence[AnyKind] | None = None, bindings: Mapping[str, str] | None = None
) -> tuple[Edition, ...]:
    """Compile what was loaded. kinds: all that there are, unless given."""
    known = discover() if kinds is None else tuple(kinds)
    rules = discover_rules()
    found = tuple(_edition(one, known, rules, bindings or {}) for one in loaded)
    keys = [edition.guide.key for edition in found]
    for edition in found:
        if keys.count(edition.guide.key) > 1:
            wrong = f"two guides are called {edition.guide.key}"
            again = [e.guide.path for e in found if e.guide.key == edition.guide.key]
            others = tuple(Place(path, 1, 1) for path in again[1:])
            raise Unusable(
                (Mend(Place(again[0], 1, 1), wrong, "rename one of the files", "input/name", others=others),)
            )
    return found if len(found) == 1 else tuple(_named(edition) for edition in found)


def _named(edition: Edition) -> Edition:
    """With the guide's key before every id: two guides of one run may state the same."""
    guide = edition.guide
    claims = tuple(replace(claim, id=f"{guide.key}/{claim.id}") for claim in guide.claims)
    return replace(edition, guide=replace(guide, claims=claims))


def _edition(loaded: Loaded, kinds: Sequence[AnyKind], rules: Sequence[Rule], bindings: Mapping[str, str]) -> Edition:
    settings = loaded.settings.with_bindings(bindings)
    guide = compile_guide(loaded.sources, kinds, settings, loaded.path)
    found = tuple(mend for rule in rules for mend in rule.check(guide))
    return Edition(replace(guide, findings=(*guide.findings, *found)), settings, loaded.folder, loaded.fingerprint)


def load(paths: Sequence[str]) -> tuple[Loaded, ...]:
    """Read every path: a guide file, a folder (one guide of its *.md files), native files (with the first guide).

    Raises Unusable with every path that cannot be used.
    """
    faults: list[Mend] = []
    guides = [p for p in paths if Path(p).suffix.lower() not in NATIVE or Path(p).is_dir()]
    natives = [p for p in paths if p not in guides]
    first = guides or natives[:1]
    beside = natives if guides else natives[1:]
    found: list[Loaded] = []
    for number, path in enumerate(first):
        try:
            found.append(_load(path, beside if number == 0 else ()))
        except Unusable as fault:
            faults += fault.mends
    if faults:
        raise Unusable(tuple(faults))
    return tuple(found)


def signature(paths: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file that these paths stand for: what differs after an edit, without reading."""
    files = (file for path in paths for file in _watched(Path(path)))
    return tuple(sorted({(str(file), *_stat(file)) for file in files}))


def _watched(where: Path) -> Iterator[Path]:
    folder = where if where.is_dir() else where.parent
    yield folder / SETTINGS
    yield from where.glob("*.md") if where.is_dir() else (where,)


def _stat(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, -1
    return found.st_mtime_ns, found.st_size


def _load(path: str, natives: Sequence[str]) -> Loaded:
    where = Path(path)
    folder = where if where.is_dir() else where.parent
    files = list(_files(where))
    sources = tuple(
        Source(file.as_posix(), _bytes(file), native=file.suffix.lower() in NATIVE)
        for file in (*files, *(Path(native) for native in natives))
    )
    settings_path = folder / SETTINGS
    text = _bytes(settings_path) if settings_path.exists() else b""
    settings = parse_settings(_decoded(text, settings_path), settings_path.as_posix())
    digest = sha256(text)
    for source in sources:
        digest.update(source.path.encode() + b"\0" + sha256(source.data).digest())
    return Loaded(path, folder, sources, settings, digest.hexdigest())


def _files(where: Path) -> Iterator[Path]:
    if not where.is_dir():
        yield where
        return
    found = sorted(where.glob("*.md"))
    if not found:
        wrong = "the folder holds no guide"
        raise Unusable((_mend(str(where), wrong, "give a Markdown file, or a folder with *.md files", "input/empty"),))
    yield from found


def _bytes(path: Path) -> bytes:
    """A file within the limit; every way it can fail is the user's sentence."""
    name = path.as_posix()
    try:
        if not path.is_file():
            wrong = "this is no file" if path.exists() else "no such file"
            raise Unusable((_mend(name, wrong, "give the path of a Markdown guide", "input/missing"),))
        size = path.stat().st_size
        if size > LIMIT_BYTES:
            wrong = f"the file is {size / 1e6:.0f} MB, and {LIMIT_BYTES / 1e6:.0f} MB is the most that is read"
            raise Unusable((_mend(name, wrong, "split the guide into a folder of smaller files", "input/size"),))
        return path.read_bytes()
    except OSError as fault:
        wrong = f"cannot be read: {fault.strerror or fault}"
        raise Unusable((_mend(name, wrong, "allow opsguide's user to read it", "input/denied"),)) from None


def _decoded(text: bytes, path: Path) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as fault:
        line = text[: fault.start].count(b"\n") + 1
        place = Place(path.as_posix(), line, line)
        raise Unusable((Mend(place, "not UTF-8", "save the file as UTF-8", "settings/invalid"),)) from None


def _mend(path: str, wrong: str, mend: str, rule: str) -> Mend:
    return Mend(Place(path, 1, 1), wrong, mend, rule)
