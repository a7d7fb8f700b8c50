from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from opsguide.core.ports import Command, Finished, WorldFault
from opsguide.world.proc import RealProc
from opsguide.world.sim.loop import run as run_virtual

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the unprivileged account may enter; pytest's own is closed to it where the tests run as root."""
    path = Path(tempfile.mkdtemp(prefix="opsguide-proc-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def _run(text: str, folder: Path, timeout_s: float = 10.0, limit_bytes: int = 1 << 20, **env: str) -> Finished:
    command = Command(text, str(folder), tuple(env.items()), timeout_s, limit_bytes)
    return asyncio.run(RealProc().run(command))


def test_a_command_ends_with_its_code_and_both_outputs(folder: Path) -> None:
    done = _run("echo out; echo err >&2; pwd; exit 3", folder)
    assert (done.code, done.truncated) == (3, False)
    assert done.output == f"out\nerr\n{folder}\n"
    assert done.took_s > 0


def test_only_what_it_names_is_in_its_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "canary")
    output = _run("env", folder, TOKEN="t").output
    names = {line.partition("=")[0] for line in output.splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "LANG", "HOME", "KUBECONFIG", "TOKEN"}
    assert "canary" not in output


def test_home_is_its_own_and_gone_afterwards(folder: Path) -> None:
    home = _run('echo x > "$HOME/f" && echo "$HOME"', folder).output.strip()
    assert home != str(Path.home())
    assert not Path(home).exists()


def test_there_is_no_input(folder: Path) -> None:
    assert _run("cat; read x || echo none", folder).output == "none\n"


def test_past_its_time_it_is_killed_with_all_it_started(folder: Path) -> None:
    began = time.monotonic()
    with pytest.raises(WorldFault, match="it had said: before") as fault:
        _run("echo before; sleep 60 & echo $! > /dev/null; sleep 60", folder, timeout_s=0.3)
    assert fault.value.says == "timeout"
    assert time.monotonic() - began < 10


def test_what_it_leaves_in_the_background_is_killed_and_not_waited_for(folder: Path) -> None:
    began = time.monotonic()
    done = _run("sleep 60 & echo $!", folder, timeout_s=30.0)
    assert time.monotonic() - began < 10
    stat = Path(f"/proc/{done.output.strip()}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_output_past_the_limit_is_cut_and_does_not_stall_it(folder: Path) -> None:
    done = _run("head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2", folder, limit_bytes=1000)
    assert (done.code, len(done.output), done.truncated) == (0, 1000, True)


def test_memory_is_limited(folder: Path) -> None:
    assert _run("ulimit -d; ulimit -c", folder).output.split() == ["2097152", "0"]


def test_a_secret_in_its_output_is_masked(folder: Path) -> None:
    proc = RealProc(lambda text: text.replace("canary", "***"))
    assert asyncio.run(proc.run(Command("echo canary", str(folder)))).output == "***\n"
    with pytest.raises(WorldFault) as fault:
        asyncio.run(proc.run(Command("echo canary; sleep 9", str(folder), timeout_s=0.3)))
    assert "canary" not in fault.value.detail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
def test_as_root_it_runs_unprivileged(folder: Path) -> None:
    assert _run("id -un; id -G", folder).output.splitlines()[0] == "nobody"
    secret = folder / "secret"
    secret.write_text("canary")
    secret.chmod(0o600)
    done = _run("cat secret", folder)
    assert done.code != 0
    assert "canary" not in done.output


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(WorldFault, match="nowhere"):
        _run("true", folder / "nowhere")


def test_a_program_that_is_not_there_ends_with_127(folder: Path) -> None:
    done = _run("./scripts/nothing.sh", folder)
    assert done.code == 127
    assert "nothing.sh" in done.output


def test_on_uvloop_it_is_the_same(folder: Path) -> None:
    import uvloop

    async def both() -> tuple[Finished, str]:
        proc = RealProc()
        done = await proc.run(Command("echo hi; sleep 60 &", str(folder)))
        with pytest.raises(WorldFault) as fault:
            await proc.run(Command("sleep 60", str(folder), timeout_s=0.2))
        return done, fault.value.says

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done, says = runner.run(both())
    assert (done.code, done.output, says) == (0, "hi\n", "timeout")


def test_in_virtual_time_a_real_command_does_not_time_out_falsely(folder: Path) -> None:
    async def day() -> list[int]:
        proc, codes = RealProc(), []
        for _ in range(5):
            codes.append((await proc.run(Command("sleep 0.02", str(folder), timeout_s=5.0))).code)
            await asyncio.sleep(3600)
        return codes

    assert run_virtual(day()) == [0] * 5
