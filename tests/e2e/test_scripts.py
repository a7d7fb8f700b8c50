"""End-to-end scripts: one text file each, with its files, its command, the expected output and exit code.

`-- NAME --` begins a file; `-- command --`, `-- output --` and `-- exit --` are the script itself. In the output a
line `...` stands for any lines, and `[*]` for any text of one line.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


def parts(text: str) -> dict[str, str]:
    found = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def pattern(expected: str) -> str:
    def one(line: str) -> str:
        return r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("[*]"))) + "\n"

    return "".join(map(one, expected.splitlines()))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_a_script_prints_what_it_says(script: Path, tmp_path: Path) -> None:
    files = parts(script.read_text())
    command, expected, code = (files.pop(name) for name in ("command", "output", "exit"))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    words = shlex.split(command)
    assert words[0] == "opsguide"
    done = subprocess.run(
        [sys.executable, "-m", "opsguide", *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert re.fullmatch(pattern(expected), said), said
    assert done.returncode == int(code)


def test_there_are_scripts() -> None:
    assert SCRIPTS
