"""Nothing a user can see lacks its page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from opsguide.cli.main import names
from opsguide.core.settings import DEFAULTS_S, AuthSettings, EmailSettings, NotifySettings, StateSettings
from opsguide.engines.routing.integrations import INTEGRATIONS
from opsguide.kernel.deliver import receivers

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "opsguide"
SPELLED = {"sender": "from", "trial_s": "trial", "keep_s": "keep"}


def folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and (p / "__init__.py").exists())


@pytest.mark.parametrize("kind", folders(SOURCE / "kinds"), ids=lambda p: p.name)
def test_every_kind_has_its_page(kind: Path) -> None:
    page = (kind / "docs.md").read_text()
    assert page.startswith("# "), "a page starts with its name"
    assert "not proven" in page.lower(), "a page says what is not proven"


def test_every_rule_has_its_page() -> None:
    rules = [p for p in (SOURCE / "rules").glob("*/*.py") if p.name != "__init__.py"]
    assert rules
    assert [p for p in rules if not p.with_suffix(".md").exists()] == []


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in names() if f"opsguide {name}" not in readme] == []


def test_every_setting_has_its_words() -> None:
    pages = {p.stem: p.read_text() for p in (ROOT / "docs" / "settings").glob("*.md")}
    assert [name for name in DEFAULTS_S if name not in pages["defaults"]] == []
    tables = {"email": EmailSettings, "notify": NotifySettings, "auth": AuthSettings, "state": StateSettings}
    for page, settings in tables.items():
        fields = [SPELLED.get(f.name, f.name) for f in dataclasses.fields(settings)]
        assert [name for name in fields if name not in pages[page]] == []


def test_no_page_of_the_settings_is_missing_from_their_index() -> None:
    index = (ROOT / "docs" / "settings" / "README.md").read_text()
    pages = [p.name for p in (ROOT / "docs" / "settings").glob("*.md") if p.name != "README.md"]
    assert [name for name in pages if name not in index] == []


def test_every_receiver_has_its_page_and_stands_in_their_index() -> None:
    folder = ROOT / "docs" / "receivers"
    index = (folder / "README.md").read_text()
    served = {name: needs.required for name, needs in INTEGRATIONS.items() if needs.served}
    assert set(receivers()) == set(served)
    for name, required in served.items():
        page = (folder / f"{name}.md").read_text()
        assert page.startswith("# "), "a page starts with its name"
        assert "not proven" in page.lower(), "a page says what is not proven"
        assert [one for names in required for one in names if f"`{one}`" not in page] == []
        assert f"({name}.md)" in index
    unserved = [name for name in INTEGRATIONS if name not in served and name not in index]
    assert unserved == [], "the index names what is not served"
