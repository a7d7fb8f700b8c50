"""`/`: the guide as its team wrote it, and in its margin what is known of each statement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from opsguide.core.nouns import State
from opsguide.guide.render import Anchor, render
from opsguide.kernel.shape import coverage_json
from opsguide.web.notes import finding_note, note_of
from opsguide.web.render import page
from opsguide.web.slots import Headline, Slot, cut, lean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.responses import Response

    from opsguide.core.guide import Guide, GuideFile
    from opsguide.core.mend import Mend
    from opsguide.kernel.view import ClaimView
    from opsguide.web.nowpage import Sent
    from opsguide.web.site import Ask
    from opsguide.web.slots import Piece

_FINDING = "finding-"
_OUTLINED = 2
_JUDGED = frozenset({State.HOLDS, State.BROKEN, State.WAITING, State.UNKNOWN})
_KNOWN = _JUDGED - {State.UNKNOWN}


@dataclass(slots=True)
class Entry:
    """A line of the outline, and how many of the statements below it are broken, and how many not known."""

    id: str
    text: str
    claims: int = 0
    broken: int = 0
    open: int = 0

    def count(self, state: State) -> None:
        """Take in one statement."""
        self.claims += 1
        self.broken += state is State.BROKEN
        self.open += state in {State.UNKNOWN, State.UNBOUND}


@dataclass(slots=True)
class _Body:
    """The page's middle as it is put together. left: statements that no place of the text was found for."""

    views: dict[str, ClaimView]
    findings: tuple[Mend, ...]
    note: Callable[[str, bool], Markup]
    parts: list[str] = field(default_factory=list)
    outline: list[Entry] = field(default_factory=list)
    placed: set[str] = field(default_factory=set)

    def add(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self.parts.append(piece)
            elif isinstance(piece, Headline):
                if piece.level <= _OUTLINED and piece.id:
                    self.outline.append(Entry(piece.id, piece.text))
            else:
                self._fill(piece)

    def _fill(self, slot: Slot) -> None:
        for claim_id in slot.ids:
            if claim_id in self.placed:
                continue
            self.placed.add(claim_id)
            self.parts.append(self.note(claim_id, slot.row))
            view = self.views.get(claim_id)
            if view is not None and self.outline:
                self.outline[-1].count(view.verdict.state)


def guide_page(ask: Ask, guide: Guide, told: Mapping[str, Sent]) -> Response:
    """One guide with its notes as they are now. told: claim -> the newest notice about it that arrived."""
    views = ask.site.views_of(guide)
    body = _Body({view.claim.id: view for view in views}, guide.findings, _noted(ask, guide, views))
    for pieces in _pieces(ask, guide):
        body.add(pieces)
    left = [view.claim.id for view in views if view.claim.id not in body.placed]
    faults = [f"{_FINDING}{n}" for n, _ in enumerate(guide.findings) if f"{_FINDING}{n}" not in body.placed]
    return page(
        ask,
        "guide.html",
        guide=guide,
        text=Markup("").join(map(Markup, body.parts)),
        outline=body.outline,
        left=[body.note(key, False) for key in (*left, *faults)],  # noqa: FBT003 -- the callable's only flag
        figures=figures(guide, views),
        tally=Counter(view.verdict.state.value for view in views),
        told=told,
        edit=ask.site.running.broken_edits.get(guide.path, ()),
    )


def figures(guide: Guide, views: list[ClaimView]) -> list[tuple[int, int, str]]:
    """(count, of how many, what) from lines down to what is known."""
    coverage = coverage_json(guide.coverage)
    judged = sum(view.verdict.state in _JUDGED for view in views)
    known = sum(view.verdict.state in _KNOWN for view in views)
    stating = coverage["claimed"] + coverage["unbound"] + coverage["candidates"]
    return [
        (stating, coverage["lines"], "lines state something"),
        (coverage["claimed"] + coverage["unbound"], stating, "of these were read"),
        (judged, len(views), "statements are judged"),
        (known, judged, "of these are known"),
    ]


def _pieces(ask: Ask, guide: Guide) -> list[list[Piece]]:
    """The guide cut at its statements; rendered once for each edition."""
    kept = ask.site.pieces.get(guide.path)
    if kept is None or kept[0] is not guide:
        kept = (guide, [lean(cut(render(file, _anchors(guide, file.path)))) for file in _shown(guide)])
        ask.site.pieces[guide.path] = kept
    return kept[1]


def _shown(guide: Guide) -> list[GuideFile]:
    """The guide's own text. The settings are none; what they state stands in its list at the end."""
    return [file for file in guide.files if not (file.native and file.path.endswith(".toml"))]


def _anchors(guide: Guide, path: str) -> list[Anchor]:
    claims = [Anchor(claim.id, claim.place, claim.kind) for claim in guide.claims if claim.place.file == path]
    faults = [Anchor(f"{_FINDING}{n}", mend.at, "finding") for n, mend in enumerate(guide.findings)]
    return claims + [anchor for anchor in faults if anchor.place.file == path]


def _noted(ask: Ask, guide: Guide, views: list[ClaimView]) -> Callable[[str, bool], Markup]:
    macros = ask.site.templates.get_template("note.html").module
    by_id = {view.claim.id: view for view in views}
    now = ask.site.now()

    def noted(key: str, row: bool) -> Markup:  # noqa: FBT001 -- where it stands
        if key.startswith(_FINDING) and key not in by_id:
            return Markup(macros.finding(finding_note(guide.findings[int(key.removeprefix(_FINDING))]), row))  # type: ignore[attr-defined] # noqa: S704
        view = by_id.get(key)
        return Markup() if view is None else Markup(macros.note(note_of(view, now), row))  # type: ignore[attr-defined] # noqa: S704

    return noted
