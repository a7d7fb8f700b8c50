"""Templates to pages. Everything is escaped unless it is Markup, and only the guide's own rendering is."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from opsguide.core.units import said
from opsguide.web.incidents import incidents
from opsguide.web.moment import ago, exact, span
from opsguide.web.notes import claim_url
from opsguide.web.site import Endpoint

if TYPE_CHECKING:
    from opsguide.web.site import Ask

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def environment() -> jinja2.Environment:
    """The templates beside this file; a name that a template does not get is an error and no blank."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(static=_versioned(), claim_url=claim_url)
    found.filters.update(exact=exact, span=span, seconds=lambda value: said(value, "seconds"))
    found.globals.update(dict=dict)
    return found


def page(ask: Ask, template: str, status: int = 200, **values: Any) -> Response:
    """A whole page."""
    now, running = ask.site.now(), ask.site.running
    # The page that asks for a sign-in must not tell what one is asked for.
    may_read = ask.person is not None or not ask.site.reading
    views = running.claims() if may_read else ()
    common = {
        "person": ask.person,
        "now": now,
        "ago": lambda at: ago(at, now),
        "guides": running.guides if may_read else (),
        "url_of": ask.site.url_of,
        "incidents": incidents(views),
        "tally": Counter(view.verdict.state.value for view in views),
        "broken_edits": running.broken_edits if may_read else {},
        "told": {},
        "path": ask.request.url.path,
    }
    return HTMLResponse(ask.site.templates.get_template(template).render(common | values), status)


async def static(ask: Ask) -> Response:
    """A file of ours; its URL carries its hash, so it may be kept."""
    name = ask.request.path_params["name"]
    if name not in _FILES:
        raise HTTPException(404, f"nothing stands at {ask.request.url.path}")
    kept = {"cache-control": "public, max-age=31536000, immutable"} if ask.text("v") else {}
    return Response(_FILES[name], headers=kept, media_type=_TYPES[Path(name).suffix])


def _versioned() -> dict[str, str]:
    return {name: f"/static/{name}?v={blake2b(data, digest_size=6).hexdigest()}" for name, data in _FILES.items()}


_FILES = {path.name: path.read_bytes() for path in (_HERE / "static").iterdir() if path.suffix in _TYPES}
ENDPOINTS = (Endpoint("GET", "/static/{name}", static, open=True),)
