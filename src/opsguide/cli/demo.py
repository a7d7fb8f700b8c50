"""`opsguide demo [NAME]`: an example system with opsguide on its guide, and its faults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from opsguide.examples.demo import Asked

ALL = "all"
PATH = click.Path(path_type=Path)
GUIDE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("demo")
@click.argument("name", default="dried-fruits")
@click.option("--guide", type=GUIDE, help="Another guide of the same system.")
@click.option("--mended", is_flag=True, help="The corrected guide, which checks clean.")
@click.option("--true-time", is_flag=True, help="Divide no `for`, window, group or repeat time by 20.")
@click.option("--listen", default="127.0.0.1:8765", show_default=True, help="Where the live guide is served.")
@click.option("--folder", type=PATH, help="Keep everything in this new folder, instead of a temporary one.")
@click.option("--break", "broken", metavar="FAULT", help="Break the demo that runs: database, redis, slow, errors, ...")
@click.option("--heal", is_flag=False, flag_value=ALL, metavar="[FAULT]", help="Undo one fault, or all, of that demo.")
def command(
    name: str,
    guide: Path | None,
    listen: str,
    folder: Path | None,
    broken: str | None,
    heal: str | None,
    *,
    mended: bool,
    true_time: bool,
) -> int:
    """Start a small real system on loopback, make its guide live, and show who is told; Ctrl-C ends all of it.

    With --break and --heal nothing is started: they act on the demo that runs, and on nothing else.
    """
    from opsguide.examples.demo import Asked  # noqa: PLC0415 -- only a demo pays for it
    from opsguide.examples.line import Refused  # noqa: PLC0415 -- as above

    asked = Asked(name, guide, mended, true_time, listen, folder)
    try:
        if broken is None and heal is None:
            return _start(asked)
        _act(asked, broken, heal)
    except (Refused, RuntimeError, TimeoutError) as fault:
        raise click.ClickException(str(fault)) from None
    return 0


def _start(asked: Asked) -> int:
    from opsguide.examples.demo import run, stopping  # noqa: PLC0415 -- as above

    with stopping() as stopped:
        return run(asked, lambda sentence: print(sentence, flush=True), stopped)


def _act(asked: Asked, broken: str | None, heal: str | None) -> None:
    from opsguide.examples.line import ask  # noqa: PLC0415 -- as above

    if heal is not None:
        print(ask(asked.where, {"do": "heal", "what": "" if heal == ALL else heal})["said"])
    if broken is not None:
        print(ask(asked.where, {"do": "break", "what": broken})["said"])
