from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from opsguide.core.ports import WorldFault
from opsguide.world.files import RealFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> RealFiles:
    """A guide's folder with a file, and one beside it that is not the guide's."""
    guide = tmp_path / "guide"
    (guide / "docs").mkdir(parents=True)
    (guide / "docs" / "API.md").write_bytes(b"# API")
    (tmp_path / "outside.txt").write_bytes(b"canary")
    (guide / "link").symlink_to(tmp_path / "outside.txt")
    os.mkfifo(guide / "pipe")
    return RealFiles(guide)


@pytest.mark.parametrize(
    ("path", "there"),
    [("docs", True), ("docs/API.md", True), ("../outside.txt", True), ("docs/x.md", False), ("a\0b", False)],
)
def test_existence_is_answered_beside_the_guide(files: RealFiles, path: str, *, there: bool) -> None:
    assert asyncio.run(files.exists(path)) is there


@pytest.mark.parametrize(
    ("name", "there"), [("bash", True), ("no-such-program-anywhere", False), ("a\0b", False), ("docs/API.md", False)]
)
def test_a_program_is_looked_for_where_commands_would_find_it(files: RealFiles, name: str, *, there: bool) -> None:
    assert asyncio.run(files.program(name)) is there


def test_content_below_the_folder_is_read(files: RealFiles) -> None:
    assert asyncio.run(files.read("docs/API.md")) == b"# API"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../outside.txt", "denied"),
        ("link", "denied"),
        ("/etc/passwd", "denied"),
        ("pipe", "denied"),
        ("docs", "denied"),
        ("nothing", "not_found"),
        ("a\0b", "not_found"),
        ("x" * 5000, "not_found"),
    ],
)
def test_what_may_not_be_read_is_a_fault(files: RealFiles, path: str, says: str) -> None:
    with pytest.raises(WorldFault) as fault:
        asyncio.run(files.read(path))
    assert fault.value.says == says


def test_a_file_past_the_limit_is_too_large(files: RealFiles) -> None:
    assert asyncio.run(files.read("docs/API.md", 5)) == b"# API"
    with pytest.raises(WorldFault) as fault:
        asyncio.run(files.read("docs/API.md", 4))
    assert fault.value.says == "too_large"


def test_a_root_that_was_named_may_be_read(tmp_path: Path, files: RealFiles) -> None:
    assert asyncio.run(RealFiles(tmp_path / "guide", (tmp_path,)).read("../outside.txt")) == b"canary"
