"""`opsguide check GUIDE...`: compile, and say what is stated, what is wrong with it, and what was not understood."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from opsguide.cli.caret import finding, paint
from opsguide.core.block import Status
from opsguide.core.mend import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.core.guide import Guide


@click.command("check")
@click.argument("paths", nargs=-1, required=True, metavar="GUIDE...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@click.option("--claims", "with_claims", is_flag=True, help="Read every claim back in a sentence.")
def command(paths: tuple[str, ...], form: str, *, strict: bool, with_claims: bool) -> int:
    """Compile guides and report what is wrong with them. Opens no socket, starts nothing.

    A folder is one guide. Exit code: 0 no errors, 1 errors, 2 unusable input, 3 a fault of ours.
    """
    from opsguide.kernel.plan import check  # noqa: PLC0415 -- only this command pays for the compiler

    guides = check(paths)
    if form == "json":
        _print_json(guides)
    else:
        for guide in guides:
            _print_text(guide, with_claims=with_claims)
    weighed = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    return int(any(mend.level in weighed for guide in guides for mend in guide.findings))


def _print_json(guides: Sequence[Guide]) -> None:
    from opsguide.kernel.shape import guide_json  # noqa: PLC0415 -- as above

    shapes = [guide_json(guide) for guide in guides]
    json.dump(shapes[0] if len(shapes) == 1 else shapes, sys.stdout, ensure_ascii=False, indent=1)
    print()


def _print_text(guide: Guide, *, with_claims: bool) -> None:
    out = sys.stdout
    lines = {file.path: file.lines for file in guide.files}
    if with_claims:
        for claim in guide.claims:
            state = "" if claim.status is Status.ACTIVE else f" ({claim.status.value})"
            needs = f"  needs {', '.join(claim.needs)}" if claim.needs else ""
            print(f"{claim.place}: {paint(claim.kind, 'bold', out)}{state}: {claim.understood}{needs}")
        print()
    for mend in guide.findings:
        print(finding(mend, lines, out) + "\n")
    print(_summary(guide))


def _summary(guide: Guide) -> str:
    """The counts with their denominators: claims that are complete of all, lines read of those that state something."""
    active = [claim for claim in guide.claims if claim.status is Status.ACTIVE]
    complete = sum(not claim.needs for claim in active)
    read = sum(section.claimed + section.unbound for section in guide.coverage)
    stating = read + sum(section.candidates for section in guide.coverage)
    counts = {level: sum(mend.level is level for mend in guide.findings) for level in Level}
    found = ", ".join(f"{count} {level.value}{'s' if count != 1 else ''}" for level, count in counts.items())
    return (
        f"{guide.path}: {found}\n"
        f"{len(active)} claim{'s' if len(active) != 1 else ''}, {complete} of them complete; "
        f"{read} of {stating} lines that state something were read"
    )
