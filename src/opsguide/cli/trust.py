"""`opsguide trust CLAIM`: let exactly this command text run unattended, until a date."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from opsguide.cli import door


@click.command("trust")
@click.argument("claim")
@click.option("--guide", default=".", help="The guide that runs (its folder holds .opsguide).")
@click.option("--data", help="The data folder of `opsguide run`, where it is not beside the guide.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day of the consent.")
@click.option("--yes", is_flag=True, help="Do not ask; the command is printed all the same.")
def command(claim: str, guide: str, data: str | None, until: dt.datetime, *, yes: bool) -> int:
    """Trust the command of a claim as it stands now. An edit of it, or the end of the last day, withdraws the trust."""
    running = door.read(door.data_folder(Path(guide), data))
    found = door.pick(running, claim)
    chosen, spec = str(found["id"]), found.get("spec")
    text = spec.get("command") if isinstance(spec, dict) else None
    if not text:
        raise click.ClickException(f"{chosen} runs no command")
    print(f"{chosen} runs, unattended until {until:%Y-%m-%d}:\n\n    {text}\n")
    if not yes and not click.confirm("Trust exactly this text?"):
        return 1
    end = until.replace(hour=23, minute=59, second=59, tzinfo=dt.UTC)
    door.ask(running, "POST", door.claim_path(chosen, "trust"), {"until": end.isoformat()})
    print("trusted")
    return 0
