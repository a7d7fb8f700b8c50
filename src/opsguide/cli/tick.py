"""`opsguide tick TASK`: a person did a task."""

from __future__ import annotations

from pathlib import Path

import click

from opsguide.cli import door


@click.command("tick")
@click.argument("task")
@click.option("--guide", default=".", help="The guide that runs (its folder holds .opsguide).")
@click.option("--data", help="The data folder of `opsguide run`, where it is not beside the guide.")
@click.option("--note", default="", help="What was seen or done.")
def command(task: str, guide: str, data: str | None, note: str) -> int:
    """Record that you did a task: its claim id, its file:line, or words of its text."""
    running = door.read(door.data_folder(Path(guide), data))
    claim = str(door.pick(running, task)["id"])
    door.ask(running, "POST", door.claim_path(claim, "tick"), {"note": note})
    print(f"ticked {claim}")
    return 0
