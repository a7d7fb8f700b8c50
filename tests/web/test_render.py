from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import jinja2
import pytest
from tests.web.fakes import stage

from opsguide.web.render import environment

if TYPE_CHECKING:
    from tests.web.fakes import Reply


def asked(path: str) -> Reply:
    async def scene() -> Reply:
        return await (await stage()).call.get(path)

    return asyncio.run(scene())


def test_templates_escape_and_miss_nothing_silently() -> None:
    made = environment()
    assert made.from_string("{{ a }}").render(a="<script>") == "&lt;script&gt;"
    with pytest.raises(jinja2.UndefinedError):
        made.from_string("{{ a }}").render()


@pytest.mark.parametrize(
    ("name", "media"), [("page.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
)
def test_our_files_are_served_with_their_type(name: str, media: str) -> None:
    reply = asked(f"/static/{name}")
    assert (reply.status, reply.headers["content-type"].partition(";")[0]) == (200, media)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/c/alert-shop-slow",
        "/tasks",
        "/journal",
        "/now",
        "/graph",
        "/graph?expr=up",
        "/api/",
        "/sign-in",
        "/tokens",
    ],
)
def test_no_page_has_a_script_or_style_inside_or_from_elsewhere(path: str) -> None:
    text = asked(path).text
    assert "<style" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    assert text.count("<script") == text.count('<script src="/static/') in {1, 2}
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
