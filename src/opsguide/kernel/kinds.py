"""Finds the kinds: every folder under opsguide.kinds that has a `KIND`, and those of other packages by entry point."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from opsguide.core.kind import AnyKind

GROUP = "opsguide.kinds"


def discover(*folders: Path) -> tuple[AnyKind, ...]:
    """All kinds by name. folders: further folders of kind folders, as a third party or a test has them.

    Raises ValueError where two kinds have one name: which of them reads the guide must not depend on an accident.
    """
    found: dict[str, AnyKind] = {}
    for kind in (*_own(), *_entered(), *(kind for folder in folders for kind in beside(folder))):
        if kind.name in found and found[kind.name] is not kind:
            raise ValueError(f"two kinds are called {kind.name}")
        found[kind.name] = kind
    return tuple(found[name] for name in sorted(found))


def _own() -> Iterator[AnyKind]:
    package = importlib.import_module("opsguide.kinds")
    yield from _with_kind(f"opsguide.kinds.{m.name}" for m in pkgutil.iter_modules(package.__path__) if m.ispkg)


def _with_kind(names: Iterator[str] | Sequence[str]) -> Iterator[AnyKind]:
    for name in names:
        kind: AnyKind | None = getattr(importlib.import_module(name), "KIND", None)
        if kind is not None:
            yield kind


def _entered() -> Iterator[AnyKind]:
    for point in entry_points(group=GROUP):
        yield point.load()


def beside(folder: Path) -> Iterator[AnyKind]:
    """The kinds of a folder of kind folders that is on no path."""
    for package in sorted(folder.iterdir()):
        if (package / "__init__.py").is_file():
            yield from _with_kind([_load(package)])


def _load(package: Path) -> str:
    """Import a folder that is on no path, under a name of its own, so that it can shadow nothing."""
    name = f"opsguide_kind_{package.name}_{abs(hash(package.resolve())):x}"
    if name in sys.modules:
        return name
    spec = importlib.util.spec_from_file_location(
        name, package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{package} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return name
