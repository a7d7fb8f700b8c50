from __future__ import annotations

import asyncio
import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.kernel.house import TOYS, House, states, toys

import opsguide
from opsguide.kernel.kinds import discover
from opsguide.kernel.plan import check
from opsguide.world.sim.loop import run

if TYPE_CHECKING:
    from opsguide.core.kind import Kind


def _fingerprint(folder: Path) -> dict[str, str]:
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_a_kind_is_one_folder_and_touches_nothing_outside_of_it(tmp_path: Path) -> None:
    """The toy folder is copied to a place no package knows; the guide compiles and runs with it and nothing else."""
    kinds, guide = tmp_path / "kinds", tmp_path / "guide"
    shutil.copytree(TOYS, kinds, ignore=shutil.ignore_patterns("__pycache__"))
    guide.mkdir()
    package = Path(opsguide.__file__).parent
    without = {kind.name for kind in discover()}
    before = {name: digest for name, digest in _fingerprint(package).items() if name.startswith(("core", "kernel"))}
    house = House(guide, "toy api every=10")

    found = {kind.name for kind in discover(kinds)}
    assert found - without == {"toy"}
    (compiled,) = check([str(guide / "guide.md")], toys(kinds))
    assert [claim.kind for claim in compiled.claims] == ["toy"]

    async def live() -> None:
        async with house.app(kinds=toys(kinds)) as app:
            house.bad("api")
            await asyncio.sleep(20)
            assert states(app) == {"api": "broken"}

    run(live())
    assert [s["id"] for s in house.sent] == ["api-1"]
    after = {name: digest for name, digest in _fingerprint(package).items() if name.startswith(("core", "kernel"))}
    assert before.keys() <= after.keys()
    assert not any("toy" in text for text in _sources(package))
    assert "toy" not in {kind.name for kind in discover()}


def _sources(package: Path) -> list[str]:
    floors = ("core", "engines", "guide", "kernel", "rules", "store", "tell", "world")
    files = (p for floor in floors for p in (package / floor).rglob("*.py"))
    return [word for p in files for word in p.read_text().split() if word == "toy"]


def test_kinds_are_found_by_their_folders_in_the_order_of_their_names() -> None:
    found = discover()
    assert [kind.name for kind in found] == sorted({kind.name for kind in found})
    folders = {p.parent.name for p in (Path(opsguide.__file__).parent / "kinds").glob("*/__init__.py")}
    assert {kind.name for kind in found} <= folders


def test_two_kinds_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(TOYS / "toy", tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.raises(ValueError, match="two kinds are called toy"):
        discover(tmp_path)


def test_a_kind_that_cannot_be_imported_says_which(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "__init__.py").write_text("KIND = nothing\n")
    with pytest.raises(NameError, match="nothing"):
        discover(tmp_path)


def test_the_toy_is_a_kind() -> None:
    kind: Kind[object, object] = toys()[0]
    assert kind.machine is not None
