"""What was not understood: lines that look operational and that no claim covers, and the count of it by section."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opsguide.core.block import Fence, Html, Item, Paragraph, Place, Section, Table
from opsguide.core.guide import Coverage, Unread
from opsguide.guide import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opsguide.core.block import Block
    from opsguide.core.guide import GuideFile
    from opsguide.core.nouns import Claim
    from opsguide.guide.walk import Step

_CADENCES = "|".join(re.escape(word) for word in lexicon.CADENCES if word.isascii())
_TOOLS = "|".join(map(re.escape, sorted(lexicon.TOOLS, key=len, reverse=True)))
_AMOUNT = re.compile(
    r"\d\s?(?:%|ms\b|s\b|sec|min|hours?\b|h\b|days?\b|weeks?\b|months?\b|[kKMGT]i?B\b|req/s|/s\b|rps\b)"
)
_COMPARED = re.compile(r"(?:[<>]=?|≤|≥|exceeds|above|below|at least|at most|over|under)\s*\d")
_CADENCE = re.compile(rf"\b(?:{_CADENCES})\b", re.IGNORECASE)
_URL = re.compile(r"\bhttps?://|(?:GET|POST|PUT|HEAD)\s+/\w|(?<!\w)/(?:healthz?|ready|readyz|livez?|metrics)\b")
_TOOL = re.compile(rf"^\s*(?:\$\s+)?(?:sudo\s+)?(?:{_TOOLS}|\./[\w./-]+\.sh)(?![\w.-]*:)\b")
_LONGEST = 2000

_CRON = re.compile(r"^\s*(?:[\d*/,-]+\s+){4}[\d*/,a-zA-Z-]+\s+\S")
_RESOURCE = re.compile(r"^kind:\s*[A-Z]\w+")

_WHY_COMPARED = (
    "a limit that no kind of claim took: write `- **Quantity**: < 80%` under a heading that says what it is for"
)
_WHY_AMOUNT = "a number with a unit that no kind of claim took: a limit reads `- **Quantity**: < 80%`"
_WHY_CADENCE = "a cadence that no kind of claim took: a task reads `- [ ] what to do` under a heading such as `Daily`"
_WHY_URL = "an address that nothing checks: write `curl -f ADDRESS` in a bash block if it is to answer"
_WHY_TOOL = "a command that no kind of claim took: it is shown, never run or judged"
_WHY_CRON = "a schedule that no kind of claim took: it is shown, never run or judged"
_WHY_RESOURCE = "a Kubernetes resource that no kind of claim took: it is shown, never judged"
_IN_CODE = ((_CRON, _WHY_CRON), (_RESOURCE, _WHY_RESOURCE), (_TOOL, _WHY_TOOL))
_IN_PROSE = ((_COMPARED, _WHY_COMPARED), (_AMOUNT, _WHY_AMOUNT), (_CADENCE, _WHY_CADENCE), (_URL, _WHY_URL))


@dataclass(frozen=True, slots=True)
class Reading:
    """The unread lines and the coverage of one file."""

    unread: tuple[Unread, ...]
    coverage: tuple[Coverage, ...]


def what_is_unread(file: GuideFile, claims: Iterable[Claim[Any]], steps: Sequence[Step]) -> Reading:
    """Look at every line of a Markdown file that no claim covers. Native files are not looked at."""
    claimed, unbound = _covered(file, claims)
    candidates: dict[int, Unread] = {}
    for step in steps:
        if step.ignored or isinstance(step.node, Section):
            continue
        for number, text, code in _texts(step.node):
            if number in claimed or number in candidates:
                continue
            why = _why(text[:_LONGEST], code=code)
            if why:
                candidates[number] = Unread(Place(file.path, number, number), text.strip()[:200], why)
    coverage = tuple(_coverage(file, claimed, unbound, candidates))
    return Reading(tuple(candidates[number] for number in sorted(candidates)), coverage)


def _covered(file: GuideFile, claims: Iterable[Claim[Any]]) -> tuple[set[int], set[int]]:
    """Lines in claims, and those of them that are in claims without all their values only."""
    bound: set[int] = set()
    unbound: set[int] = set()
    for claim in claims:
        for place in (claim.place, *claim.places):
            if place.file == file.path:
                (unbound if claim.needs else bound).update(range(place.line, place.end_line + 1))
    return bound | unbound, unbound - bound


def _texts(block: Block) -> Iterator[tuple[int, str, bool]]:
    """The lines of a block: number, text, whether it is code."""
    match block:
        case Fence():
            yield from ((line.number, line.text, True) for line in block.lines)
        case Paragraph():
            yield from ((line.number, line.text, False) for line in block.lines)
        case Item():
            yield block.place.line, block.text, False
        case Table():
            for row in block.rows:
                yield row.place.line, " | ".join(cell.text for cell in row.cells), False
        case Html():
            return


def _why(text: str, *, code: bool) -> str:
    if code and text.lstrip().startswith(("#", "//", "--")):
        return ""
    return next((why for pattern, why in (_IN_CODE if code else _IN_PROSE) if pattern.search(text)), "")


def _coverage(
    file: GuideFile, claimed: set[int], unbound: set[int], candidates: dict[int, Unread]
) -> Iterator[Coverage]:
    starts = [(heading.place.line, heading.place.end_line + 1, heading.text) for heading in file.headings]
    if not starts or starts[0][0] > 1:
        starts.insert(0, (1, 1, ""))
    for index, (line, first, text) in enumerate(starts):
        end = starts[index + 1][0] if index + 1 < len(starts) else len(file.lines) + 1
        numbers = [number for number in range(first, end) if file.lines[number - 1].strip()]
        without = sum(number in unbound for number in numbers)
        bound = sum(number in claimed for number in numbers) - without
        open_ = sum(number in candidates for number in numbers)
        prose = len(numbers) - bound - without - open_
        yield Coverage(text, line, len(numbers), bound, without, open_, prose)
