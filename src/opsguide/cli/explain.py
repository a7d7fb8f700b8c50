"""`opsguide explain RULE`: the page of a rule, of a kind, or of a fault of the reading."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

import opsguide

PAGES = Path(opsguide.__file__).parent


def pages() -> dict[str, Path]:
    """Every page by its name: rules and faults as `area/name`, kinds by their name."""
    found = {f"{p.parent.name}/{p.stem}": p for p in (PAGES / "rules").glob("*/*.md")}
    return found | {p.parent.name: p for p in (PAGES / "kinds").glob("*/docs.md")}


@click.command("explain")
@click.argument("name", metavar="[RULE|KIND]", required=False)
def command(name: str | None) -> int:
    """Print the page of a rule (as `check` names it) or of a kind; without a name, the list of all."""
    known = pages()
    if name is None:
        print("\n".join(sorted(known)))
        return 0
    if name in known:
        print(known[name].read_text(encoding="utf-8").rstrip())
        return 0
    near = difflib.get_close_matches(name, known, n=3)
    advice = f"did you mean {', '.join(near)}?" if near else "`opsguide explain` lists all"
    raise click.ClickException(f"nothing is called {name}; {advice}")
