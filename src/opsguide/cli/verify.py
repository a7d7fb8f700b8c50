"""`opsguide verify GUIDE [CLAIM...]`: check now, try again until the limit, say it with the exit code."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import click

from opsguide.core.nouns import State
from opsguide.core.units import duration_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.kernel.app import App
    from opsguide.kernel.view import ClaimView

ROUND_S = 2.0
"""Between two rounds: long enough for a rate to get its next sample."""


@click.command("verify")
@click.argument("guide")
@click.argument("claims", nargs=-1, metavar="[CLAIM...]")
@click.option("--within", default="60s", show_default=True, help="How long to try again.")
@click.option("--strict", is_flag=True, help="What is unknown or unbound at the end counts as broken.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the outcome as JUnit XML.")
def command(guide: str, claims: tuple[str, ...], within: str, *, strict: bool, junit: Path | None) -> int:
    """Look at every claim of a guide (or at those named by id, kind or words) now, and tell nobody.

    Exit code 0 when all chosen claims that can be known hold, 1 when one is broken at the end. A claim that was named
    has to hold. Nothing is sent, and state is kept in a temporary folder.
    """
    limit_s = duration_s(within)
    if limit_s is None:
        raise click.BadParameter(f"{within!r} is no duration; write 60s", param_hint="--within")
    views = asyncio.run(_look(guide, claims, limit_s, strict=strict))
    failed = [view for view in views if _fails(view, named=bool(claims), strict=strict)]
    for view in views:
        mark = "FAIL" if view in failed else "ok  " if view.verdict.state is State.HOLDS else "--  "
        value = f" {view.verdict.value}" if view.verdict.value else ""
        line = f"{view.claim.place.file}:{view.claim.place.line}"
        print(f"{mark} {view.verdict.state.value:<8} {line} {view.claim.title}{value}: {view.verdict.because}")
    held = sum(view.verdict.state is State.HOLDS for view in views)
    print(f"{held} of {len(views)} hold, {len(failed)} failed")
    if junit is not None:
        junit.write_text(_junit(views, failed), encoding="utf-8")
    return int(bool(failed))


async def _look(guide: str, claims: Sequence[str], limit_s: float, *, strict: bool) -> list[ClaimView]:
    from opsguide.cli.local import log_sentences, opened  # noqa: PLC0415 -- `--help` needs no kernel

    log_sentences()
    with tempfile.TemporaryDirectory(prefix="opsguide-verify-") as folder:
        async with opened([guide], Path(folder), tells=False, watches=False) as app:
            loop = asyncio.get_running_loop()
            end = loop.time() + limit_s
            rounds = 0
            while True:
                rounds += 1
                chosen = _chosen(app, claims)
                await app.run_now([view.claim.id for view in chosen])
                found = _chosen(app, claims)
                open_still = any(_fails(v, named=bool(claims), strict=strict) or _open(v, rounds) for v in found)
                if not open_still or loop.time() + ROUND_S > end:
                    return found
                await asyncio.sleep(ROUND_S)


def _chosen(app: App, wanted: Sequence[str]) -> list[ClaimView]:
    """The claims that are meant; routing and tasks depend on people and are left out unless they are named."""
    views = app.claims()
    if not wanted:
        return [view for view in views if view.claim.kind not in {"task", "routing"}]
    found = [v for v in views if any(w in (v.claim.id, v.claim.kind) or w in v.claim.title for w in wanted)]
    if not found:
        raise click.ClickException(f"no claim is called {' or '.join(wanted)}")
    return found


def _fails(view: ClaimView, *, named: bool, strict: bool) -> bool:
    if view.verdict.state is State.BROKEN:
        return True
    return (named or strict) and view.verdict.state in {State.UNKNOWN, State.UNBOUND, State.WAITING}


def _open(view: ClaimView, rounds: int) -> bool:
    """Whether another round may tell more: one failure alone leaves a damped claim waiting, a second one decides."""
    return view.verdict.state is State.UNKNOWN or (view.verdict.state is State.WAITING and rounds == 1)


def _junit(views: Sequence[ClaimView], failed: Sequence[ClaimView]) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuite name="opsguide" tests="{len(views)}" failures="{len(failed)}">')
    for view in views:
        name, kind = quoteattr(view.claim.title), quoteattr(view.claim.kind)
        because = quoteattr(view.verdict.because)
        body = ""
        if view in failed:
            body = f"<failure message={because}/>"
        elif view.verdict.state is not State.HOLDS:
            body = f"<skipped message={because}/>"
        lines.append(f"<testcase classname={kind} name={name}>{body}</testcase>")
    return "\n".join([*lines, "</testsuite>", ""])
