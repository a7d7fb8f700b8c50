"""A guide's file as HTML, with an anchor for each claim at its row, item, paragraph or line of code.

Nothing of the guide reaches the page as markup of its own: raw HTML is shown as text, links keep only schemes that
cannot run anything, and there is no inline style, so that a strict content security policy holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from opsguide.guide.encoding import repair
from opsguide.guide.headings import github_slug
from opsguide.guide.tokens import tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markdown_it.token import Token

    from opsguide.core.block import Place
    from opsguide.core.guide import GuideFile

_SAFE = frozenset({"http", "https", "mailto", "tel"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\x9f]")
_ALIGNED = re.compile(r"text-align:(left|right|center)")
_CHECKBOX = re.compile(r"\[([ xX])\](?:\s+|$)")
_ANCHORED = frozenset({"list_item_open", "tr_open", "paragraph_open", "heading_open", "fence", "code_block"})


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place of a claim that the page must be able to scroll to and mark."""

    claim_id: str
    place: Place
    kind: str


def render(file: GuideFile, anchors: Sequence[Anchor]) -> str:
    """HTML of one file. Elements that hold claims carry `id`, `data-claim` and `data-line` (1-based).

    Several claims on one element: `data-claims` names all, the further ones have an empty `<a id>` in it. A claim with
    several places has its id at the first of them, and `data-claim` at each. A native file is one `<pre>`.
    """
    mine = [anchor for anchor in anchors if anchor.place.file == file.path]
    if file.native:
        return _native(file, mine)
    lines = [repair(line.replace("\x00", "\N{REPLACEMENT CHARACTER}")) for line in file.lines]
    return _Page(tokens_of(lines), mine, file.lines).html()


def heading_ids(texts: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The ids that headings get on the page, in order: GitHub's, made unique; `taken` ones are left alone."""
    used = set(taken)
    ids = []
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        wanted = github_slug(text) or "section"
        name = wanted
        while name in used:
            counts[wanted] += 1
            name = f"{wanted}-{counts[wanted]}"
        used.add(name)
        ids.append(name)
    return ids


def _native(file: GuideFile, anchors: Sequence[Anchor]) -> str:
    by_line: dict[int, list[str]] = defaultdict(list)
    for anchor in anchors:
        for number in range(anchor.place.line, anchor.place.end_line + 1):
            by_line[number].append(anchor.claim_id)
    code = _code_lines([(number, line) for number, line in enumerate(file.lines, start=1)], by_line, set())
    return f'<pre class="native"><code>{code}</code></pre>\n'


def _attributes(claims: Sequence[str], line: int, used: set[str], own_id: str = "") -> tuple[str, str]:
    """Attributes of an element that holds these claims, and the empty anchors that go into it."""
    if not claims:
        return (f' id="{escape(own_id)}"' if own_id else ""), ""
    distinct = list(dict.fromkeys(claims))
    fresh = [claim for claim in distinct if claim not in used]
    used.update(fresh)
    name = own_id or (fresh.pop(0) if fresh else "")
    said = f' id="{escape(name)}"' if name else ""
    said += f' data-claim="{escape(distinct[0])}"'
    if len(distinct) > 1:
        said += f' data-claims="{escape(" ".join(distinct))}"'
    return f'{said} data-line="{line}"', "".join(f'<a id="{escape(claim)}"></a>' for claim in fresh)


def _code_lines(lines: Sequence[tuple[int, str]], by_line: dict[int, list[str]], used: set[str]) -> str:
    said = []
    for number, text in lines:
        if number in by_line:
            attributes, more = _attributes(by_line[number], number, used)
            said.append(f'<span class="claimed"{attributes}>{more}{escape(text)}</span>\n')
        else:
            said.append(escape(text) + "\n")
    return "".join(said)


@dataclass(slots=True)
class _Held:
    """The claims that one token's element holds, and the claimed lines inside it where it is code."""

    claims: list[str] = field(default_factory=list)
    lines: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


class _Page:
    """Writes the tokens of one file."""

    def __init__(self, tokens: list[Token], anchors: Sequence[Anchor], source: Sequence[str]) -> None:
        self.tokens = tokens
        self.source = source
        self.used: set[str] = set()
        self.held = _placed(tokens, anchors)
        texts = [_plain(tokens[i + 1]) for i, token in enumerate(tokens) if token.type == "heading_open"]
        self.headings = iter(heading_ids(texts, (anchor.claim_id for anchor in anchors)))
        self.links: list[bool] = []
        self.pending = ""
        self.waiting = ""

    def html(self) -> str:
        return "".join(self._block(index, token) for index, token in enumerate(self.tokens))

    def _block(self, index: int, token: Token) -> str:
        match token.type:
            case "front_matter":
                return ""
            case "html_block":
                return _raw(token.content, block=True)
            case "fence" | "code_block":
                return self._fence(index, token)
            case "inline":
                return self._task(index, token) + self._inline(token.children or [])
        if token.hidden:
            return ""
        if token.nesting < 0:
            return f"</{token.tag}>\n"
        return f"<{token.tag}{self._opened(index, token)}>{self._anchors()}" + ("\n" if token.nesting == 0 else "")

    def _opened(self, index: int, token: Token) -> str:
        own = next(self.headings, "") if token.type == "heading_open" else ""
        claims = self.held[index].claims if index in self.held else []
        said, self.pending = _attributes(claims, (token.map or [0])[0] + 1, self.used, own)
        aligned = _ALIGNED.search(str(token.attrs.get("style", "")))
        if aligned:
            said += f' class="align-{aligned[1]}"'
        if "start" in token.attrs:
            said += f' start="{escape(str(token.attrs["start"]))}"'
        if token.type == "tr_open" and self.pending:
            # A row may hold cells only: its further anchors stand in its first cell.
            self.waiting, self.pending = self.pending, ""
        elif token.type in {"td_open", "th_open"}:
            self.pending, self.waiting = self.waiting, ""
        return said

    def _anchors(self) -> str:
        anchors, self.pending = self.pending, ""
        return anchors

    def _task(self, index: int, token: Token) -> str:
        """A task's checkbox, cut from the words that follow it."""
        opens = index > 1 and self.tokens[index - 2].type == "list_item_open"
        children = token.children or []
        box = _CHECKBOX.match(children[0].content) if opens and children and children[0].type == "text" else None
        if box is None:
            return ""
        children[0].content = children[0].content[box.end() :]
        return f'<input type="checkbox" disabled{"" if box[1] == " " else " checked"}> '

    def _fence(self, index: int, token: Token) -> str:
        held = self.held.get(index, _Held())
        first = (token.map or [0, 0])[0] + 1
        attributes, more = _attributes(held.claims, first, self.used)
        word = token.info.strip().split(" ")[0].partition("{")[0].lower() if token.info.strip() else ""
        language = f' class="language-{escape(word)}"' if word else ""
        begin = first + 1 if token.type == "fence" else first
        lines = list(enumerate(token.content.removesuffix("\n").split("\n"), start=begin)) if token.content else []
        return f"<pre{attributes}>{more}<code{language}>{_code_lines(lines, held.lines, self.used)}</code></pre>\n"

    def _inline(self, children: Sequence[Token]) -> str:
        return "".join(map(self._child, children))

    def _child(self, token: Token) -> str:
        match token.type:
            case "text" | "text_special":
                return escape(token.content, quote=False)
            case "code_inline":
                return f"<code>{escape(token.content, quote=False)}</code>"
            case "softbreak":
                return "\n"
            case "hardbreak":
                return "<br>\n"
            case "html_inline":
                return _raw(token.content, block=False)
            case "image":
                return f'<span class="image">{escape(_plain(token) or token.content)}</span>'
            case "link_open":
                return self._link(token)
            case "link_close":
                return "</a>" if self.links and self.links.pop() else "</span>"
        return f"<{'/' if token.nesting < 0 else ''}{token.tag}>"

    def _link(self, token: Token) -> str:
        target = str(token.attrs.get("href", ""))
        self.links.append(safe(target))
        if not self.links[-1]:
            return '<span class="dropped">'
        title = token.attrs.get("title")
        said = f' title="{escape(str(title))}"' if title else ""
        return f'<a href="{escape(target)}"{said} rel="noopener">'


def safe(target: str) -> bool:
    """Whether a link may be followed from the page: a path, a fragment, or one of a few schemes."""
    scheme = _SCHEME.match(_INVISIBLE.sub("", target))
    return scheme is None or scheme[1].lower() in _SAFE


def _raw(content: str, *, block: bool) -> str:
    text = re.sub(r"<!--.*?(?:-->|$)", "", content, flags=re.DOTALL)
    if not text.strip():
        return ""
    if not block and re.fullmatch(r"<br\s*/?>", text, re.IGNORECASE):
        return "<br>"
    said = escape(text.strip("\n"), quote=False)
    return f'<pre class="html">{said}</pre>\n' if block else said


def _plain(token: Token) -> str:
    return "".join(_plain(child) if child.children else child.content for child in token.children or []).strip()


def _placed(tokens: Sequence[Token], anchors: Sequence[Anchor]) -> dict[int, _Held]:
    """Token index -> the claims of its element: the innermost row, item, paragraph, heading or block on their line."""
    wanted = {anchor.place.line for anchor in anchors}
    nearest = _nearest(tokens, wanted)
    held: dict[int, _Held] = defaultdict(_Held)
    for anchor in anchors:
        index = nearest.get(anchor.place.line)
        if index is None:
            continue
        token = tokens[index]
        begin = (token.map or [0])[0] + 1
        if token.type not in {"fence", "code_block"} or (anchor.place.line == begin and token.type == "fence"):
            held[index].claims.append(anchor.claim_id)
            continue
        for number in range(anchor.place.line, anchor.place.end_line + 1):
            held[index].lines[number].append(anchor.claim_id)
    return dict(held)


def _nearest(tokens: Sequence[Token], wanted: set[int]) -> dict[int, int]:
    """Line (1-based) -> index of the innermost element that begins on it or covers it."""
    ordered = sorted(wanted)
    nearest: dict[int, int] = {}
    low = 0
    for index, token in enumerate(tokens):
        if token.type not in _ANCHORED or not token.map or token.hidden or _first_of_item(tokens, index):
            continue
        first, end = token.map[0] + 1, token.map[1]
        while low < len(ordered) and ordered[low] < first:
            low += 1
        at = low
        while at < len(ordered) and ordered[at] <= end:
            nearest[ordered[at]] = index
            at += 1
    return nearest


def _first_of_item(tokens: Sequence[Token], index: int) -> bool:
    return tokens[index].type == "paragraph_open" and index > 0 and tokens[index - 1].type == "list_item_open"
