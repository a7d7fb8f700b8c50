"""How the command line speaks to a running opsguide on this machine: the address and a token in its data folder.

`run` writes them to `run.json`, readable by its owner alone, and removes the file when it stops.
"""

from __future__ import annotations

import http.client
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

NAME = "run.json"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the running opsguide answers, and the token of the person who started it."""

    url: str
    token: str
    pid: int


def data_folder(guide: Path, chosen: str | None) -> Path:
    """The data folder: as chosen, else `.opsguide` beside the guide."""
    if chosen:
        return Path(chosen)
    return (guide if guide.is_dir() else guide.parent) / ".opsguide"


def write(folder: Path, door: Door) -> None:
    """Leave the address for the other commands of the same person."""
    path = folder / NAME
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"url": door.url, "token": door.token, "pid": door.pid}, file)
    except OSError as fault:
        raise click.ClickException(f"{path}: cannot be written: {fault.strerror}") from None


def read(folder: Path) -> Door:
    """The running opsguide of a data folder; a sentence where there is none."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        os.kill(found["pid"], 0)
    except (OSError, ValueError, KeyError):
        raise click.ClickException(f"no opsguide runs on {folder}; start it with `opsguide run GUIDE`") from None
    return Door(found["url"], found["token"], found["pid"])


def ask(door: Door, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, object]:
    """One call of the API; a refusal becomes a sentence."""
    address = urlsplit(door.url)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port, timeout=30)
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        found: dict[str, object] = json.loads(answer.read() or b"{}")
    except (OSError, ValueError, http.client.HTTPException) as fault:
        raise click.ClickException(f"{door.url} does not answer: {type(fault).__name__}") from None
    finally:
        connection.close()
    if answer.status >= 400:  # noqa: PLR2004 -- HTTP
        raise click.ClickException(str(found.get("detail") or found.get("title") or answer.reason))
    return found


def pick(door: Door, wanted: str) -> dict[str, object]:
    """The one claim that is meant, as `check --format json` has it: by id, `file:line`, or words of id or title."""
    claims = ask(door, "GET", "/api/claims?spec=1")["claims"]
    assert isinstance(claims, list)
    exact = [c for c in claims if wanted in (c["id"], f"{c.get('file')}:{c['line']}")]
    found = exact or [c for c in claims if _plain(wanted) in _plain(f"{c['id']} | {c['title']}")]
    if len(found) == 1:
        only: dict[str, object] = found[0]
        return only
    if not found:
        raise click.ClickException(f"no claim is called {wanted}; GET /api/claims lists them")
    raise click.ClickException(f"{wanted} may mean {', '.join(str(c['id']) for c in found[:5])}; name one of them")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9|]+", " ", text.lower()).strip()


def claim_path(claim: str, act: str) -> str:
    """The API's path of an act on a claim."""
    return f"/api/claims/{quote(claim, safe='')}/{act}"
