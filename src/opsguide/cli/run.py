"""`opsguide run PATH...`: make guides live until stopped."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opsguide import __version__
from opsguide.cli import door
from opsguide.core.block import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsguide.kernel.app import App
    from opsguide.web.auth import Auth
    from opsguide.web.server import Tls


@click.command("run")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--listen", default="127.0.0.1:8765", show_default=True, help="Where the page and the API are served.")
@click.option("--data", help="Where state and series are kept; .opsguide beside the guide, unless given.")
def command(paths: tuple[str, ...], listen: str, data: str | None) -> int:
    """Make guides live: probes, scrapes, rules, pages to people, tasks, and a web page that is the guide itself.

    Paths are guides, folders (one guide each) and native files (prometheus.yml, rules, alertmanager.yml).
    """
    import uvloop  # noqa: PLC0415 -- only a running opsguide pays for it

    from opsguide.cli.local import log_sentences  # noqa: PLC0415 -- as above

    log_sentences()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_stopped(paths, listen, door.data_folder(Path(paths[0]), data)))
    return 0


async def _until_stopped(paths: Sequence[str], listen: str, data: Path) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    from opsguide.cli.local import opened  # noqa: PLC0415 -- as above
    from opsguide.web.server import parse_listen  # noqa: PLC0415 -- as above

    host, port = parse_listen(listen)
    async with opened(paths, data, url=f"http://{listen}") as app:
        await _serve(app, data, (host, port), stopped)


async def _serve(app: App, data: Path, where: tuple[str, int], stopped: asyncio.Event) -> None:
    from opsguide.web.app import build  # noqa: PLC0415 -- as above
    from opsguide.web.auth import Auth  # noqa: PLC0415 -- as above
    from opsguide.web.server import listening  # noqa: PLC0415 -- as above
    from opsguide.world.clock import SystemClock  # noqa: PLC0415 -- as above

    host, port = where
    settings = app.editions[0].settings.auth
    auth = Auth(app.state, SystemClock())
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    site = build(app, auth, listen=address, settings=settings)
    tls = _tls(settings.tls_certificate, settings.tls_key, app.editions[0].folder)
    url = f"{'https' if tls else 'http'}://{address}/"
    async with listening(site, host, port, tls):
        await _leave_address(data, url, auth)
        try:
            _greet(app, url, auth)
            await stopped.wait()
        finally:
            (data / door.NAME).unlink(missing_ok=True)


def _tls(certificate: str, key: str, folder: Path) -> Tls | None:
    from opsguide.web.server import Tls  # noqa: PLC0415 -- as above

    return Tls(str(folder / certificate), str(folder / key)) if certificate and key else None


async def _leave_address(data: Path, url: str, auth: Auth) -> None:
    """Let `tick` and `trust` of the same person find us; the token of the run before is withdrawn."""
    name = getpass.getuser()
    await auth.open()
    for key, token in auth.tokens(name):
        if token.label == "command line":
            await auth.drop_token(name, key)
    door.write(data, door.Door(url, await auth.make_token(name, "command line"), os.getpid()))


def _greet(app: App, url: str, auth: Auth) -> None:
    claims = [c for guide in app.guides for c in guide.claims if c.status is Status.ACTIVE]
    lacking = sum(bool(claim.needs) for claim in claims)
    print(f"opsguide {__version__} keeps {', '.join(guide.path for guide in app.guides)} true: {url}")
    print(f"{len(claims)} claims" + (f", {lacking} of them lack a value: see `opsguide check`" if lacking else ""))
    print(f"sign in, once and within 15 minutes: {url}sign-in?link={auth.link()}")
    sys.stdout.flush()
