"""Reads contacts: tables, lists of ways to reach somebody, rotations and escalation paths. Forms: docs.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsguide.core.block import Html, Item, Paragraph, Place, Section, Table
from opsguide.core.nouns import Claim
from opsguide.core.units import duration_s, said
from opsguide.kinds.contact.spec import Contact, Step, Way
from opsguide.kinds.contact.ways import channel_of, ways_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from opsguide.core.block import Block, Cell, Label, Node, Row
    from opsguide.core.kind import Context, Filled

_HOME = re.compile(
    r"\bcontacts?\b|\bcontact(?:ing)? (?:information|info|details|us|support|list)\b|\bcontacting\b"
    r"|\bwho to (?:call|contact|page)\b|\bkey (?:personnel|people|contacts)\b|\bpoints? of contact\b"
    r"|\bsupport (?:contacts?|channels?|team)\b|联系人|联系方式|联系信息"
)
_ROTATION = re.compile(
    r"\bon-?call(?: (?:rotation|schedule|rota|roster|contacts?|team|engineers?|structure))?$|\brotations?\b|\brota\b"
    r"|\bescalation (?:paths?|chains?|contacts?|matrix|policy|levels?|tree|order)\b|值班"
)
_SUPPORT = re.compile(r"^(?:support|help|getting (?:help|support)|getting in touch|need help\??)$")
_NOT_THESE = re.compile(
    r"\b(?:communication|notification|alert(?:ing)?) channels?\b|\bform\b|\bdata\b|\bapi\b|\blog\w*\b"
)
_PLACE = re.compile(
    r"^(?:primary|secondary|tertiary|backup|back-up|escalation|first|second|third|level \d|l\d|tier \d|manager\w*"
    r"|(?:1st|2nd|3rd)\b.*|.*\bon-?call\b.*|.*\b(?:engineer|lead|manager|team|owner|director|cto|sre|dba|admin\w*"
    r"|responder|commander|support|head)s?)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(r"\b(?:hours|availability|available|time ?zone|coverage|when)\b|时间", re.IGNORECASE)

_ROLE_COLUMN = re.compile(
    r"^(?:role|team|function|position|title|responsibility|area|level|tier|service|contact type|type|escalation"
    r"|escalation level|department|group|component|角色|职位|团队)$"
)
_NAME_COLUMN = re.compile(
    r"^(?:(?:primary |full )?(?:name|contact name|person|contact person|owner|engineer|who)|姓名)$"
)
_ADDRESS_COLUMN = re.compile(
    r"^(?:(?:primary |main )?(?:contact|address|reach|how to reach|contact (?:info|details|information|method)|handle"
    r"|channels?))$|联系方式"
)
_HOURS_COLUMN = re.compile(r"\b(?:availability|available|hours|coverage|when|time ?zone|schedule)\b|时间")
_AFTER = re.compile(r"\b(\d+\s*(?:m|min\w*|h|hours?|hrs?|s|sec\w*))\b", re.IGNORECASE)
_ASIDE = re.compile(r"\([^()]*\)$")
_OPEN = re.compile(r"^(?:tbd|tba|todo|n/?a|none|unknown|_{2,}|\.{3,}|\?+|-+|–|—|\[[^\]]*\])$", re.IGNORECASE)
_EMPTY = frozenset({"-", "–", "—", "n/a", "N/A"})
_AT_LEAST = 2
_LONGEST_NAME = 60


def read(node: Node, context: Context) -> Iterator[Claim[Contact]]:
    """Contacts that this node states."""
    if isinstance(node, Table):
        yield from _table(node, context)
    elif isinstance(node, Section):
        yield from _section(node, context)


# ---- tables ----------------------------------------------------------------------------------------------------------


def _table(table: Table, context: Context) -> Iterator[Claim[Contact]]:
    """`Role | Name | Contact | Availability`, and a column for each channel."""
    header = [cell.text.strip().lower() for cell in table.header]
    columns = {field: i for i, name in reversed(list(enumerate(header))) if (field := _field(name))}
    channels = {i: channel_of(name) for i, name in enumerate(header) if channel_of(name) and i not in columns.values()}
    who = {"role", "name"} & columns.keys()
    near = " ".join(heading.words for heading in context.path[-2:])
    home = _HOME.search(near) or _ROTATION.search(near) or "name" in columns
    if not who or not home or not (channels or "contact" in columns):
        return
    for row in table.rows:
        yield from _row(row, columns, channels, context)


def _field(name: str) -> str:
    fields = (
        ("role", _ROLE_COLUMN),
        ("name", _NAME_COLUMN),
        ("contact", _ADDRESS_COLUMN),
        ("availability", _HOURS_COLUMN),
    )
    return next((field for field, pattern in fields if pattern.search(name)), "")


def _row(
    row: Row, columns: Mapping[str, int], channels: Mapping[int, str], context: Context
) -> Iterator[Claim[Contact]]:
    texts = {field: _written(row.cells[i]) for field, i in columns.items()}
    reached = [(by, _written(row.cells[i])) for i, by in channels.items()]
    if texts.get("contact"):
        reached.insert(0, ("", texts["contact"]))
    role, name = texts.get("role", ""), texts.get("name", "")
    if role or name:
        availability = texts.get("availability", "")
        yield _single(role or name, name if role else "", reached, availability, row.place, context)


def _written(cell: Cell) -> str:
    """The cell's words, and what its links lead to where those are addresses."""
    links = (link.target.removeprefix("mailto:").removeprefix("tel:") for link in cell.links)
    text = cell.text.strip()
    text = "" if text in _EMPTY else text
    return " ".join([text, *(link for link in links if link not in text)]).strip()


def _single(
    role: str, name: str, reached: Sequence[tuple[str, str]], availability: str, place: Place, context: Context
) -> Claim[Contact]:
    filled = [_fill(text, context) for text in (role, name, availability)]
    addresses = [(by, _fill(text, context)) for by, text in reached]
    blank = [
        one.text for one in (filled[1], *(text for _, text in addresses)) if not one.needs and _OPEN.match(one.text)
    ]
    ways = tuple(way for by, text in addresses for way in ways_in(text.text, by))
    spec = Contact(
        role=filled[0].text,
        name="" if filled[1].text in blank else filled[1].text,
        address=ways[0].to if ways else "",
        availability=filled[2].text,
        contact=", ".join(text.text for _, text in addresses if text.text and text.text not in blank),
        ways=ways,
        open=tuple(dict.fromkeys(blank)),
    )
    needs = dict.fromkeys(need for one in (*filled, *(text for _, text in addresses)) for need in one.needs)
    return _claim(spec, role, place, tuple(needs))


def _fill(text: str, context: Context) -> Filled:
    """A value with its placeholders filled; in quotes, because `[Name]` alone on a line is taken for something else."""
    filled = context.fill(f'"{text}"')
    return type(filled)(filled.text[1:-1], filled.needs)


def _claim(spec: Contact, subject: str, place: Place, needs: tuple[str, ...]) -> Claim[Contact]:
    return Claim(
        kind="contact",
        title=f"{spec.role}: {spec.name}" if spec.name else spec.role,
        subject=subject,
        place=place,
        spec=spec,
        understood=understood(spec),
        needs=needs,
    )


def understood(spec: Contact) -> str:
    """The read-back: "Security Contact is Ann Lee, reached at ann@lee.org (email); 24/7"."""
    if spec.steps:
        return f"{spec.role}: " + ", then ".join(_said(step) for step in spec.steps)
    hours = f"; {spec.availability}" if spec.availability else ""
    return _said(Step(spec.role, spec.name, spec.ways)) + hours


def _said(step: Step) -> str:
    who = f"{step.role} is {step.name}" if step.name else step.role
    after = f" (after {said(step.after_s, 'seconds')})" if step.after_s else ""
    if not step.ways:
        return f"{who}, no address is written{after}"
    return f"{who}, reached at {' or '.join(f'{way.to} ({way.by})' for way in step.ways)}{after}"


# ---- lists -----------------------------------------------------------------------------------------------------------


def _section(section: Section, context: Context) -> Iterator[Claim[Contact]]:
    words = section.heading.words if section.heading is not None else ""
    rotation, home, support = _ROTATION.search(words), _HOME.search(words), _SUPPORT.search(words)
    if not (rotation or home or support) or _NOT_THESE.search(words) or _ignores(section.blocks):
        return
    labels, plain = _labels(section.blocks), _ordered(section.blocks)
    ways = [label for label in labels if channel_of(label.name) and not _is_place(label)]
    people = [label for label in labels if label not in ways and not _HOURS.search(label.name)]
    hours = next((label for label in labels if _HOURS.search(label.name)), None)
    places = [label for label in people if _is_place(label)]
    if rotation and len(places) >= _AT_LEAST:
        yield _rotation(section, [_step(one.name, one.value, one.place) for one in places], context)
    elif rotation and not labels and len(plain) >= _AT_LEAST:
        yield _rotation(section, [_step(one.text, "", one.place) for one in plain], context)
    elif home and people:
        yield from _people(people, context)
    if ways and any(_reaches(label, context) for label in ways):
        yield _reached(section, ways, hours, context)


def _labels(blocks: Iterable[Block]) -> list[Label]:
    found: list[Label] = []
    for block in blocks:
        if isinstance(block, Item) and block.label is not None and not block.depth and block.checked is None:
            found.append(block.label)
        elif isinstance(block, Paragraph):
            found += block.labels
    return [label for label in found if label.value.strip()]


def _ordered(blocks: Iterable[Block]) -> list[Item]:
    """`1. On-call engineer (15 minutes)`: the numbered items, where each of them is somebody."""
    items = [block for block in blocks if isinstance(block, Item) and block.ordinal is not None and not block.depth]
    named = all(len(item.text) <= _LONGEST_NAME and _PLACE.search(_without_time(item.text)) for item in items)
    return items if named else []


def _is_place(label: Label) -> bool:
    return bool(_PLACE.search(label.name))


def _reaches(label: Label, context: Context) -> bool:
    """Whether the value is an address, or a placeholder of one."""
    filled = _fill(label.value, context)
    return bool(ways_in(filled.text) or filled.needs or _OPEN.match(filled.text.strip()))


def _reached(section: Section, ways: Sequence[Label], hours: Label | None, context: Context) -> Claim[Contact]:
    """Several ways to reach one and the same: the section's heading says whom."""
    assert section.heading is not None
    labels = [*ways, *([hours] if hours is not None else [])]
    place = Place(section.place.file, min(x.place.line for x in labels), max(x.place.end_line for x in labels))
    reached = [(channel_of(label.name), label.value.strip()) for label in ways]
    availability = hours.value.strip() if hours is not None else ""
    return _single(section.heading.text.strip(), "", reached, availability, place, context)


def _people(people: Sequence[Label], context: Context) -> Iterator[Claim[Contact]]:
    """`**DevOps lead**: Ann Lee, ann@lee.org`: each somebody with an address, or a placeholder of one."""
    for label in people:
        if _reaches(label, context):
            value = label.value.strip()
            line = Place(label.place.file, label.place.line, label.place.end_line)
            yield _single(label.name, _name(value, context), [("", value)], _hours(value), line, context)


def _name(value: str, context: Context) -> str:
    """What stands before the first address: a person, or a team."""
    if _OPEN.match(value):
        return ""
    ways = ways_in(_fill(value, context).text)
    head = value[: value.find(ways[0].to)] if ways and ways[0].to in value else "" if ways else value
    name = re.split(r"[,;:(<|]|\s[-–—]\s", head)[0].strip(" -–—([<\"'")
    return "" if channel_of(name) else name


def _hours(value: str) -> str:
    found = re.search(r"\b24\s?[/x]\s?7\b|\bbusiness hours\b", value, re.IGNORECASE)
    return found[0] if found else ""


def _rotation(section: Section, steps: Sequence[tuple[Step, Place]], context: Context) -> Claim[Contact]:
    assert section.heading is not None
    filled = [(step, _fill(step.name, context), _fill(" ".join(w.to for w in step.ways), context)) for step, _ in steps]
    needs = dict.fromkeys(need for _, name, to in filled for need in (*name.needs, *to.needs))
    named = tuple(Step(step.role, name.text, step.ways, step.after_s) for step, name, _ in filled)
    ways = [way for step in named for way in step.ways]
    spec = Contact(
        role=section.heading.text.strip(),
        name=named[0].name,
        address=ways[0].to if ways else "",
        ways=tuple(named[0].ways),
        steps=named,
    )
    place = Place(section.place.file, steps[0][1].line, steps[-1][1].end_line)
    return _claim(spec, section.heading.words, place, tuple(needs))


def _step(role: str, value: str, place: Place) -> tuple[Step, Place]:
    after = _AFTER.search(f"{role} {value}")
    ways: tuple[Way, ...] = ways_in(value or role)
    name = re.split(r"[,;(]", _without_time(value))[0].strip() if value else ""
    name = "" if any(way.to == name for way in ways) else name
    return Step(_without_time(role), name, ways, duration_s(after[1]) if after else None), place


def _without_time(text: str) -> str:
    return _ASIDE.sub("", text.strip()).strip(" :")


def _ignores(blocks: Iterable[Block]) -> bool:
    """An annotation that hides blocks is seen by who walks them one by one; here it hides the whole."""
    return any(isinstance(block, Html) and "opsguide:" in block.text and "ignore" in block.text for block in blocks)
