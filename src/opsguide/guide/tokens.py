"""markdown-it as opsguide uses it: CommonMark, tables and front matter, with limits that keep any text linear."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.rules_core import StateCore

MAX_NESTING = 60
"""Deeper containers are not read (markdown-it drops them); the parser recurses once a level."""
MAX_INLINE = 20_000
"""Longer paragraphs are one text without markup: some inline rules look at every pair of brackets."""
_MARKUP = re.compile(r"[\\`*_\[\]!<&\n]")


class _Guide(MarkdownIt):
    """Keeps link targets as they are written; what is unsafe is dropped where HTML is made."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 -- markdown-it's name
        """Every target is a link to the reader of the guide."""
        return bool(url) or True

    def normalizeLink(self, url: str) -> str:  # noqa: N802 -- markdown-it's name
        """As written."""
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 -- markdown-it's name
        """As written."""
        return link


def _inline(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline":
            children: list[Token] = []
            if len(token.content) > MAX_INLINE or not _MARKUP.search(token.content):
                children.append(Token("text", "", 0, content=token.content))
            else:
                state.md.inline.parse(token.content, state.md, state.env, children)
            token.children = children


def parser() -> MarkdownIt:
    """A parser of its own, with nothing shared."""
    parser = _Guide("commonmark", {"maxNesting": MAX_NESTING}).enable("table").use(front_matter_plugin)
    parser.core.ruler.at("inline", _inline)
    return parser


def tokens_of(lines: Sequence[str]) -> list[Token]:
    """The block tokens of a text given as lines; a token's map counts these lines from 0."""
    return parser().parse("\n".join(lines))


def too_deep(tokens: Sequence[Token]) -> Token | None:
    """The first block whose content was dropped because it lies deeper than MAX_NESTING."""
    return next((token for token in tokens if token.level >= MAX_NESTING - 1 and token.map), None)
