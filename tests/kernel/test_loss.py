from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.kernel.house import toys

from opsguide.core.block import Place
from opsguide.core.mend import Level, Mend
from opsguide.kernel.loss import lost
from opsguide.kernel.plan import editions, load

if TYPE_CHECKING:
    from pathlib import Path

    from opsguide.kernel.live import Edition


def _edition(tmp_path: Path, *lines: str) -> Edition:
    path = tmp_path / "guide.md"
    path.write_text("# A\n\n" + "\n".join(f"- {line}" for line in lines))
    return editions(load([str(path)]), toys())[0]


def _with(edition: Edition, rule: str, level: Level = Level.ERROR) -> Edition:
    file = edition.guide.files[0].path
    fault = Mend(Place(file, 3, 3), "cannot be read", "mend it", rule, level)
    return replace(edition, guide=replace(edition.guide, findings=(fault,)))


def test_a_fault_that_took_live_claims_keeps_the_edit_out(tmp_path: Path) -> None:
    before = _edition(tmp_path, "toy a every=10", "toy b every=10")
    after = _with(_edition(tmp_path, "toy a every=10"), "alert/yaml")
    assert [mend.rule for mend in lost(before, after)] == ["alert/yaml"]
    assert lost(before, _with(after, "toy/size"))
    assert lost(before, _with(after, "file/encoding"))


def test_an_edit_without_such_a_fault_or_without_loss_goes_live(tmp_path: Path) -> None:
    both = _edition(tmp_path, "toy a every=10", "toy b every=10")
    one = _edition(tmp_path, "toy a every=10")
    assert lost(both, one) == ()
    assert lost(both, _with(both, "alert/yaml")) == ()
    assert lost(both, _with(one, "alert/expr")) == ()
    assert lost(both, _with(one, "alert/yaml", Level.WARNING)) == ()
    assert lost(_with(both, "alert/yaml"), _with(one, "alert/yaml")) == ()
    assert lost(None, _with(one, "alert/yaml")) == ()
