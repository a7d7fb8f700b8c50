"""What every answer needs at hand, and the rules that stand before each: who asks, in which form, with which body."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from opsguide.web.auth import csrf_fits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    import jinja2
    from starlette.requests import Request

    from opsguide.core.guide import Guide
    from opsguide.kernel.view import ClaimView, Running
    from opsguide.web.auth import Auth, Person
    from opsguide.web.live import Live
    from opsguide.web.slots import Piece

T = TypeVar("T")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Site:
    """One running opsguide as the web serves it. cookie: the session cookie's name; secure: whether we speak TLS.

    pieces: guide path -> the edition that was rendered, and its files cut at their statements. sparks: claim -> the
    state and the moment its small line was drawn for, and the line.
    """

    running: Running
    auth: Auth
    live: Live
    templates: jinja2.Environment
    cookie: str
    secure: bool
    reading: bool
    pieces: dict[str, tuple[Guide, list[list[Piece]]]] = field(default_factory=dict)
    sparks: dict[str, tuple[str, float, bytes]] = field(default_factory=dict)

    def now(self) -> float:
        """Unix seconds."""
        return self.auth.clock.now()

    def url_of(self, guide: Guide) -> str:
        """Where the guide stands: `/` when it is the only one."""
        return "/" if len(self.running.guides) == 1 else f"/g/{guide.key}/"

    def views_of(self, guide: Guide) -> list[ClaimView]:
        """The live claims of one guide, in its order."""
        own = {claim.id for claim in guide.claims}
        return [view for view in self.running.claims() if view.claim.id in own]

    def claim(self, claim_id: str) -> ClaimView:
        """One claim by id or alias; raises 404."""
        view = self.running.claim(claim_id)
        if view is None:
            raise HTTPException(404, f"no live statement has the id {claim_id}")
        return view


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query string."""

    name: str
    type: Literal["string", "integer", "number"]
    says: str


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that passed the rules. body: what `takes` decoded; person: who is signed in, if anybody."""

    site: Site
    request: Request
    person: Person | None
    body: Any = None

    @property
    def by(self) -> str:
        """The name of the person who acts; only where the endpoint acts."""
        assert self.person is not None
        return self.person.name

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number of the query string; raises 400 where it is none or out of bounds."""
        text = self.request.query_params.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise HTTPException(400, f"{name}={text} is no number from {low:g} to {high:g}")
        return value

    def text(self, name: str) -> str:
        """A text of the query string, "" where it is absent."""
        return self.request.query_params.get(name, "")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    takes: the type of its JSON body, or dict for a form. acts: it changes something and needs a signed-in person, its
    form the session's word. open: it is served before sign-in, always. answer: the type of what it returns, for the
    description; None for pages and for shapes that are Prometheus's own.
    """

    method: Literal["GET", "POST"]
    path: str
    handle: Callable[[Ask], Awaitable[object]]
    summary: str = ""
    answer: type | None = None
    takes: type | None = None
    query: tuple[Query, ...] = ()
    acts: bool = False
    open: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    async def __call__(self, request: Request) -> Response:
        """Apply the rules, then answer. A Struct becomes JSON; a Response is returned as it is."""
        site: Site = request.app.state.site
        person = await person_of(site, request)
        if person is None and (self.acts or (site.reading and not self.open)):
            sentence = "sign in first: open the link that `opsguide run` printed, or send a token as a bearer"
            raise HTTPException(401, sentence, {"www-authenticate": "Bearer"})
        body = await self._body(request)
        if self.takes is dict and self.acts and not (person and csrf_fits(person, body.get("csrf", ""))):
            raise HTTPException(403, "the form is not of this session; load its page again")
        answer = await self.handle(Ask(site, request, person, body))
        if isinstance(answer, Response):
            return answer
        return Response(msgspec.json.encode(answer), 200, dict(self.headers), JSON)

    async def _body(self, request: Request) -> Any:
        if self.takes is None:
            return None
        want = FORM if self.takes is dict else JSON
        got = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if got != want:
            raise HTTPException(415, f"this takes {want}")
        raw = await request.body()
        return form_of(raw) if self.takes is dict else decoded(raw, self.takes)


async def person_of(site: Site, request: Request) -> Person | None:
    """Who asks, by bearer token or session cookie. A bearer that is not good is nobody, whatever the cookie says."""
    bearer = request.headers.get("authorization", "")
    if bearer:
        scheme, _, secret = bearer.partition(" ")
        return await site.auth.by_token(secret.strip()) if scheme.lower() == "bearer" else None
    secret = session_of(site, request)
    return await site.auth.by_session(secret) if secret else None


def session_of(site: Site, request: Request) -> str:
    """The session's secret that the request carries, or ""."""
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(site.cookie)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def form_of(raw: bytes) -> Form:
    """The fields of a form, the last of each name; raises 400."""
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError:
        raise HTTPException(400, "the form cannot be read") from None


def decoded(raw: bytes, type_: type[T]) -> T:
    """A JSON body of that type; raises 400 with what is wrong where."""
    try:
        return msgspec.json.decode(raw or b"{}", type=type_)
    except msgspec.DecodeError as error:
        raise HTTPException(400, f"the body does not fit: {error}") from None
