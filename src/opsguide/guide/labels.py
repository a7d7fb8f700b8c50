"""Labels: `**Name**: value`, `**Name:** value`, `**Name** - value`, `` `name` - value ``, `Words: value` in lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opsguide.core.block import Label, Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.guide.encoding import Decoded
    from opsguide.guide.inline import Atom

_SEPARATOR = re.compile(r"\s*(?::|：)\s*|\s+(?:--?|–|—|→|=>)\s+")
_PLAIN = re.compile(r"([^\W_][^:：.!?;|<>=\"]{0,47}?)\s*(?::|：)(?:\s+|$)")
_WORDS_AT_MOST = 6
_BETWEEN = " \t|,;·•/\\"


@dataclass(frozen=True, slots=True)
class Words:
    """What label names mean here: the guide's own words -> ours, lower case (front matter `labels`)."""

    known: Mapping[str, str]

    def named(self, name: str) -> str:
        """The label's name, or ours for it where the front matter maps it."""
        return self.known.get(name.lower(), name)


def item_label(path: str, lines: Decoded, atoms: Sequence[Atom], words: Words) -> Label | None:
    """The label that a list item begins with, if any."""
    found = _labels(path, lines, atoms, words)
    if found:
        return found[0]
    return _plain(path, lines, atoms, words)


def paragraph_labels(path: str, lines: Decoded, atoms: Sequence[Atom], words: Words) -> tuple[Label, ...]:
    """All labels of a paragraph: one for each line that begins with one, and those that follow on such a line."""
    return tuple(_labels(path, lines, atoms, words))


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a label begins: its name atoms are [first, after), its value starts with `rest` of atom `after`."""

    first: int
    after: int
    name: str
    cut: int


def _labels(path: str, lines: Decoded, atoms: Sequence[Atom], words: Words) -> list[Label]:
    starts = _starts(atoms)
    found = []
    for number, start in enumerate(starts):
        until = starts[number + 1].first if number + 1 < len(starts) else len(atoms)
        value = "".join(atom.text for atom in atoms[start.after : until])[start.cut :].strip(
            _BETWEEN if until < len(atoms) else " \t\\"
        )
        last = _last_said(atoms, start.first, until)
        found.append(Label(words.named(start.name), value, _place(path, lines, atoms[start.first], last)))
    return found


def _starts(atoms: Sequence[Atom]) -> list[_Start]:
    """A label may start a line; on a line that a label started, another may follow a separator or a blank."""
    starts: list[_Start] = []
    line_open = False
    index = 0
    while index < len(atoms):
        atom = atoms[index]
        begins = _first_on_line(atoms, index)
        if begins:
            line_open = False
        start = (
            _start(atoms, index)
            if (atom.bold or (atom.code and begins and not starts)) and (begins or line_open)
            else None
        )
        if start is None:
            index += 1
            continue
        starts.append(start)
        line_open = True
        index = max(start.after, index + 1)
    return starts


def _first_on_line(atoms: Sequence[Atom], index: int) -> bool:
    line = atoms[index].index
    while index > 0 and atoms[index - 1].index == line:
        index -= 1
        if atoms[index].text.strip():
            return False
    return True


def _start(atoms: Sequence[Atom], index: int) -> _Start | None:
    after = index
    style = (atoms[index].bold, atoms[index].code and not atoms[index].bold)
    while after < len(atoms) and (atoms[after].bold, atoms[after].code and not atoms[after].bold) == style:
        after += 1
        if style[1]:
            break
    name = "".join(atom.text for atom in atoms[index:after]).strip()
    inside = name.rstrip(":：").rstrip()
    if inside != name:
        return _Start(index, after, inside, 0) if inside else None
    if after >= len(atoms) or not name:
        return None
    separator = _SEPARATOR.match(atoms[after].text)
    return _Start(index, after, name, separator.end()) if separator else None


def _plain(path: str, lines: Decoded, atoms: Sequence[Atom], words: Words) -> Label | None:
    if not atoms or atoms[0].code:
        return None
    whole = "".join(atom.text for atom in atoms)
    found = _PLAIN.match(whole.lstrip())
    if found is None or len(found[1].split()) > _WORDS_AT_MOST or found.end(1) > len(atoms[0].text.lstrip()):
        return None
    value = whole.lstrip()[found.end() :].strip()
    return Label(words.named(found[1]), value, _place(path, lines, atoms[0], _last_said(atoms, 0, len(atoms))))


def _last_said(atoms: Sequence[Atom], first: int, until: int) -> Atom:
    last = until - 1
    while last > first and not atoms[last].text.strip(_BETWEEN):
        last -= 1
    return atoms[last]


def _place(path: str, lines: Decoded, first: Atom, last: Atom) -> Place:
    start = lines.column(first.index, first.offset)
    end = lines.column(last.index, last.end)
    if first.index == last.index:
        end = max(end, start)
    return Place(path, first.index + 1, last.index + 1, start, end)
