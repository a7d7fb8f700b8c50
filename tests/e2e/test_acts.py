"""What a person does from the command line: ticks a task, trusts a command, verifies after a deployment."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.e2e.town import SETTINGS, opsguide, town, until

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = """# Corner Shop - Operations Guide

## Service health checks

```bash
# Verify service dependencies
./scripts/check-dependencies.sh
```

### Daily tasks
- [ ] Sweep the floor
"""


def call(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "opsguide", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "guide.md").write_text(GUIDE)
    (tmp_path / "opsguide.toml").write_text(SETTINGS)
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "check-dependencies.sh"
    script.write_text("#!/bin/sh\necho all fine\n")
    script.chmod(0o755)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)  # a command of the guide runs unprivileged where opsguide is root
    return tmp_path


@pytest.mark.server
def test_a_task_is_ticked_and_a_command_runs_only_while_exactly_it_is_trusted(folder: Path) -> None:
    with opsguide(folder) as run:
        until("asked for trust", 10, lambda: run.states()["probe"] == "unbound")
        code, said = call(folder, "tick", "sweep", "--data", "data", "--note", "all corners")
        assert (code, said) == (0, "ticked task-sweep-the-floor\n")
        until("done", 5, lambda: run.states()["task"] == "holds")
        assert "all corners" in run.get("/api/evidence?claim=task-sweep-the-floor")
        code, said = call(folder, "trust", "check-dep", "--data", "data", "--until", "2020-01-01", "--yes")
        assert (code, "trust must end after now" in said) == (2, True)
        end = run.claims()["task-sweep-the-floor"]["verdict"]["since"][:10]
        code, said = call(folder, "trust", "check-dep", "--data", "data", "--until", end, "--yes")
        assert code == 0, said
        assert "./scripts/check-dependencies.sh" in said
        until("run", 15, lambda: run.states()["probe"] == "holds")
        (folder / "guide.md").write_text(GUIDE.replace("dependencies.sh", "dependencies.sh --all"))
        until("an edit withdraws the trust", 10, lambda: run.states()["probe"] == "unbound")
        code, said = call(folder, "tick", "nothing like it", "--data", "data")
        assert (code, "no claim is called" in said) == (2, True)
    code, said = call(folder, "tick", "sweep", "--data", "data")
    assert (code, "no opsguide runs" in said) == (2, True)


@pytest.mark.server
def test_verify_says_with_its_exit_code_what_holds(folder: Path) -> None:
    with town() as found:
        where = f"http://127.0.0.1:{found.shop}"
        guide = folder / "guide.md"
        guide.write_text(f"# Shop - Operations Guide\n\n## Health checks\n\n```bash\ncurl -f {where}/health\n```\n")
        code, said = call(folder, "verify", "guide.md", "probe", "--within", "10s", "--junit", "out.xml")
        assert (code, "1 of 1 hold, 0 failed" in said) == (0, True)
        assert 'failures="0"' in (folder / "out.xml").read_text()
    code, said = call(folder, "verify", "guide.md", "--within", "3s", "--junit", "out.xml")
    assert (code, "FAIL broken" in said) == (1, True)
    assert "<failure" in (folder / "out.xml").read_text()
    code, said = call(folder, "verify", "guide.md", "--within", "soon")
    assert (code, "no duration" in said) == (2, True)
