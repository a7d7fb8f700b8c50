"""Pages of signing in and out, and of a person's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from opsguide.web.auth import LONGEST_S, valid_name
from opsguide.web.render import page
from opsguide.web.site import Endpoint, session_of

if TYPE_CHECKING:
    from opsguide.web.site import Ask

_SPENT = "this link was used, or is older than 15 minutes; restart opsguide, or ask somebody for a new one"
_NAMES = "a name has 1 to 64 characters and no markup"


async def sign_in_form(ask: Ask) -> Response:
    """A form, so that what merely looks at the link (a preview, a scanner) does not use it up."""
    link = ask.text("link")
    name = ask.site.auth.link_name(link)
    if link and name is None:
        raise HTTPException(410, _SPENT)
    return page(ask, "sign_in.html", link=link, name=name)


async def sign_in(ask: Ask) -> Response:
    """Use the link up and begin a session."""
    link, name = ask.body.get("link", ""), ask.body.get("name", "")
    whom = ask.site.auth.link_name(link)
    if whom is None:
        raise HTTPException(410, _SPENT)
    secret = await ask.site.auth.sign_in(link, name)
    if secret is None:
        raise HTTPException(400, _NAMES)
    answer = RedirectResponse("/", 303)
    _set_cookie(ask, answer, secret, int(LONGEST_S))
    return answer


async def sign_out(ask: Ask) -> Response:
    """End the session."""
    await ask.site.auth.sign_out(session_of(ask.site, ask.request))
    answer = RedirectResponse("/", 303)
    _set_cookie(ask, answer, "", 0)
    return answer


async def tokens(ask: Ask) -> Response:
    """The person's tokens."""
    return page(ask, "tokens.html", tokens=_tokens(ask), secret="", link="")


async def make_token(ask: Ask) -> Response:
    """A new token, shown this once."""
    label = ask.body.get("label", "").strip()[:64] or "token"
    secret = await ask.site.auth.make_token(ask.by, label)
    return page(ask, "tokens.html", tokens=_tokens(ask), secret=secret, link="")


async def drop_token(ask: Ask) -> Response:
    """Withdraw a token."""
    if not await ask.site.auth.drop_token(ask.by, ask.body.get("key", "-")):
        raise HTTPException(404, "you have no such token")
    return RedirectResponse("/tokens", 303)


async def invite(ask: Ask) -> Response:
    """A one-time link for another person."""
    name = ask.body.get("name", "").strip()
    if name and not valid_name(name):
        raise HTTPException(400, _NAMES)
    link = ask.site.auth.link(name)
    url = f"{ask.request.url.scheme}://{ask.request.headers['host']}/sign-in?link={link}"
    return page(ask, "tokens.html", tokens=_tokens(ask), secret="", link=url)


def _tokens(ask: Ask) -> list[tuple[str, str, float]]:
    if ask.person is None:
        return []
    return [(key, token.label, token.made) for key, token in ask.site.auth.tokens(ask.person.name)]


def _set_cookie(ask: Ask, answer: Response, value: str, max_age: int) -> None:
    answer.set_cookie(
        ask.site.cookie, value, max_age=max_age, path="/", secure=ask.site.secure, httponly=True, samesite="strict"
    )


ENDPOINTS = (
    Endpoint("GET", "/sign-in", sign_in_form, open=True),
    Endpoint("POST", "/sign-in", sign_in, takes=dict, open=True),
    Endpoint("POST", "/sign-out", sign_out, takes=dict, acts=True),
    Endpoint("GET", "/tokens", tokens),
    Endpoint("POST", "/tokens", make_token, takes=dict, acts=True),
    Endpoint("POST", "/tokens/drop", drop_token, takes=dict, acts=True),
    Endpoint("POST", "/tokens/invite", invite, takes=dict, acts=True),
)
