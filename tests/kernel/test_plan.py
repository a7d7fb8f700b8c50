from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.kernel.house import toys

from opsguide.core.mend import Unusable
from opsguide.kernel.plan import LIMIT_BYTES, check, load

if TYPE_CHECKING:
    from pathlib import Path


def _faults(*paths: Path) -> list[tuple[str, str]]:
    with pytest.raises(Unusable) as unusable:
        load([str(path) for path in paths])
    return [(mend.rule, mend.wrong) for mend in unusable.value.mends]


def test_a_folder_is_one_guide_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("# B\n\n- toy b every=10\n")
    (tmp_path / "a.md").write_text("# A\n\n- toy a every=10\n")
    (guide,) = check([str(tmp_path)], toys())
    assert [claim.subject for claim in guide.claims] == ["a", "b"]
    assert guide.path == str(tmp_path)


def test_several_guides_are_compiled_one_by_one_and_native_files_go_with_the_first(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\n- toy {name} every=10\n")
    (tmp_path / "rules.yml").write_text("groups: []\n")
    paths = [str(tmp_path / name) for name in ("a.md", "rules.yml", "b.md")]
    first, second = check(paths, toys())
    assert [file.native for file in first.files] == [False, True]
    assert [file.native for file in second.files] == [False]
    assert [claim.id for claim in (*first.claims, *second.claims)] == ["a/toy-a", "b/toy-b"]


def test_native_files_alone_are_a_guide(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("groups: []\n")
    (guide,) = check([str(tmp_path / "rules.yml")], toys())
    assert [file.native for file in guide.files] == [True]


def test_settings_beside_the_guide_fill_its_placeholders(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# A\n\n- toy <your-name> every=10\n")
    (guide,) = check([str(tmp_path / "guide.md")], toys())
    assert guide.claims[0].needs == ("<your-name>",)
    (tmp_path / "opsguide.toml").write_text('[bindings]\n"<your-name>" = "api"\n')
    (guide,) = check([str(tmp_path / "guide.md")], toys())
    assert guide.claims[0].needs == ()
    assert guide.claims[0].spec.name == "api"


def test_every_path_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "wide").mkdir()
    big = tmp_path / "wide" / "big.md"
    with big.open("wb") as opened:
        opened.truncate(LIMIT_BYTES + 1)
    faults = _faults(tmp_path / "none.md", tmp_path / "empty", big)
    assert [rule for rule, _ in faults] == ["input/missing", "input/empty", "input/size"]


def test_settings_that_do_not_parse_are_unusable(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# A\n")
    (tmp_path / "opsguide.toml").write_bytes(b"[notify]\nclaims = \xff\n")
    assert _faults(tmp_path / "guide.md") == [("settings/invalid", "not UTF-8")]


def test_two_guides_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "guide.md").write_text("# A\n")
    with pytest.raises(Unusable, match="two guides are called guide"):
        check([str(tmp_path / name / "guide.md") for name in "ab"], toys())


def test_check_imports_no_server_store_or_numbers() -> None:
    heavy = ("sqlite3", "numpy", "aiohttp", "starlette", "uvicorn", "opsguide.kernel.app", "opsguide.store.sqlite")
    code = f"import opsguide.kernel.plan, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
