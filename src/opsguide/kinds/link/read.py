"""Reads links to files and addresses, and addresses in code ticks; links inside the page are only checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Html, Item, Paragraph, Section, Table
from opsguide.core.mend import Level, Mend
from opsguide.core.nouns import Claim
from opsguide.core.units import said
from opsguide.engines.weburl import tidy
from opsguide.kinds.link.anchors import anchor, anchors
from opsguide.kinds.link.spec import LinkSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opsguide.core.block import Block, Code, Link, Node, Place
    from opsguide.core.kind import Context

LINK_EVERY_S = 3600.0
FILE_EVERY_S = 60.0
LINK_LIMIT_S = 10.0
_WEB = re.compile(r"https?://", re.IGNORECASE)
_BARE_URL = re.compile(r"https?://[^\s`'\"<>]+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")


def read(node: Node, context: Context) -> Iterator[Claim[LinkSpec] | Mend]:
    """One claim a link, at its line; for the root of a file, the anchors that lead nowhere."""
    if isinstance(node, Section):
        if node.heading is None:
            yield from _lost_anchors(node)
        return
    for text, target, place in _links(node):
        if not target.startswith("#"):
            yield from _claim(text, target, place, context)


def _links(block: Block) -> Iterator[tuple[str, str, Place]]:
    """Text, target and place of every link, and of every code span that is an address and nothing else."""
    match block:
        case Paragraph() | Item():
            yield from _of(block.links, block.codes)
        case Table():
            for row in (block.header, *(row.cells for row in block.rows)):
                for cell in row:
                    yield from _of(cell.links, cell.codes)


def _of(links: tuple[Link, ...], codes: tuple[Code, ...]) -> Iterator[tuple[str, str, Place]]:
    for link in links:
        yield link.text, link.target, link.place
    for code in codes:
        # An address that ends in dots is a pattern, and one inside a longer span is part of a command.
        if _BARE_URL.fullmatch(code.text) and not code.text.endswith(("...", "*")):
            yield code.text, code.text, code.place


def _claim(text: str, target: str, place: Place, context: Context) -> Iterator[Claim[LinkSpec]]:
    filled = context.fill(target)
    web = bool(_WEB.match(filled.text)) or bool(_WEB.match(target))
    if not web and (_SCHEME.match(target) or not target.strip()):
        return  # mailto:, tel:, slack: and the like are nobody's to resolve
    limit_s = context.defaults.get("probe_timeout", LINK_LIMIT_S)
    if web:
        every_s = context.defaults.get("link_interval", LINK_EVERY_S)
        spec = LinkSpec(tidy(filled.text).partition("#")[0], web=True, every_s=every_s, limit_s=limit_s)
        understood = f"{spec.target} answers, looked at every {said(every_s, 'seconds')}"
    else:
        path, _, name = filled.text.partition("#")
        every_s = min(FILE_EVERY_S, context.defaults.get("link_interval", FILE_EVERY_S))
        # A guide of several files lies in one folder, so every path starts there.
        beside = path.partition("?")[0].lstrip("/")
        spec = LinkSpec(filled.text, path=beside, anchor=name, every_s=every_s, limit_s=limit_s)
        understood = f"{path} lies beside the guide" + (f" and has a heading #{name}" if name else "")
    yield Claim(
        kind="link",
        title=text or target,
        subject=target,
        place=place,
        spec=spec,
        understood=understood,
        needs=filled.needs,
    )


def _lost_anchors(root: Section) -> Iterator[Mend]:
    texts, links, html = [], [], []
    for section in _sections(root):
        if section.heading is not None:
            texts.append(section.heading.text)
        for block in section.blocks:
            html += [block.text] if isinstance(block, Html) else []
            links += [(target, place) for _, target, place in _links(block) if target.startswith("#")]
    known = anchors(texts)
    plain = {_letters(name) for name in known}
    for target, place in links:
        name = target[1:].lower()
        # Decoration at the front of a heading, mis-decoded or not, must not make its anchor wrong.
        if name and name not in known and _letters(name) not in plain and not any(target[1:] in text for text in html):
            near = next((one for one in sorted(known) if _letters(name)[:6] == _letters(one)[:6]), "")
            mend = f"write #{near}" if near else "name the heading as it is written, or take the link out"
            yield Mend(place, f"no heading has the anchor {target}", mend, "link/anchor", Level.WARNING)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", anchor(name)).strip("-")


def _sections(section: Section) -> Iterator[Section]:
    yield section
    for inner in section.sections:
        yield from _sections(inner)
