"""A block of a guide as steps for a person, and whether it is shell at all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from opsguide.engines.curl import commands
from opsguide.engines.shell.effect import Effect, effect, worst
from opsguide.engines.shell.lexicon import BUILTINS, DESTROYERS, SHELLS, TOOLS, WRAPPERS, Tool
from opsguide.engines.shell.options import options
from opsguide.engines.shell.split import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.engines.curl import Shell
    from opsguide.engines.shell.split import Word

LANGUAGES = frozenset({"", "bash", "sh", "shell", "zsh", "console", "terminal", "shell-session", "shellscript"})
"""Languages of a fence that may hold shell text."""
LONGEST_LINES = 500
_NUMBERED = re.compile(r"^(?:step\s*)?\d+[.):]\s*", re.IGNORECASE)
_SETTING = re.compile(r"(?:export\s+)?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|\S*)\s*$")
_CRON = re.compile(r"(?:[\d*/,-]+\s+){4}[\d*/,A-Za-z-]+\s+\S|@(?:daily|hourly|weekly|monthly|reboot|yearly)\s+\S")
_SQL = re.compile(
    r"(?:select|insert|update|delete|create|alter|drop|vacuum|analyze|show|explain|with|begin|commit|rollback|savepoint|grant"
    r"|set|truncate)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_YAML = re.compile(r"(?:- )?[\w./-]+:(?:\s|$)|- \S")
_ASSIGNED = re.compile(r"[\w.-]+\s+=\s+\S")
_FILE = re.compile(r"#\s*[\w./-]+\.(?:conf|cnf|ini|properties|toml|env|cfg|yaml|yml|json|xml)$")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a block. title: its comment ("" without one). line, end_line: first and last, 1-based as given.

    commands: () for a step that only tells a person what to do.
    """

    title: str
    commands: tuple[Shell, ...]
    line: int
    end_line: int


@dataclass(slots=True)
class _Chunk:
    title: list[str] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)
    line: int = 0
    ends: dict[int, int] = field(default_factory=dict)


def steps(lines: Iterable[tuple[int, str]]) -> list[Step]:
    """A block, given as (line number, text), split at its comment lines.

    Comment lines that follow each other are one title; a blank line between two makes two steps of them.
    """
    return [step for chunk in _chunks(list(lines)[:LONGEST_LINES]) for step in _steps_of(chunk)]


def _chunks(lines: Sequence[tuple[int, str]]) -> list[_Chunk]:
    found = [_Chunk()]
    for number, end, text in _joined(lines):
        bare = text.strip()
        now = found[-1]
        if bare.startswith("#") and not bare.startswith("#!") and not re.match(r"#\s+curl\b", bare):
            if now.lines or (now.title and now.ends.get(0)):
                found.append(_Chunk())
            found[-1].title.append(bare.lstrip("# ").strip())
            found[-1].line = found[-1].line or number
            found[-1].ends[1] = number
        elif not bare:
            now.ends[0] = 1  # a blank: the next comment begins anew
        elif not bare.startswith("#!"):
            now.lines.append((number, text))
            now.line = now.line or number
            now.ends[number] = end
    return [chunk for chunk in found if chunk.lines or chunk.title]


def _steps_of(chunk: _Chunk) -> list[Step]:
    title = " ".join(_NUMBERED.sub("", one) for one in chunk.title if one)
    if not chunk.lines:
        return [Step(title, (), chunk.line, chunk.ends.get(1, chunk.line))]
    found = tuple(replace(one, end_line=chunk.ends.get(one.end_line, one.end_line)) for one in commands(chunk.lines))
    return [Step(title, found, chunk.line, max((one.end_line for one in found), default=chunk.line))]


def _joined(lines: Sequence[tuple[int, str]]) -> list[tuple[int, int, str]]:
    """Lines joined while a quote is open: (first line, last line, text). An unclosed one joins nothing."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while at < len(lines):
        number, text = lines[at]
        end = at
        if not text.lstrip().startswith("#") and ("'" in text or '"' in text) and split(text).fault:
            end = _closing(lines, at)
        found.append((number, lines[end][0], "\n".join(line for _, line in lines[at : end + 1])))
        at = end + 1
    return found


def _closing(lines: Sequence[tuple[int, str]], at: int) -> int:
    text = lines[at][1]
    for end in range(at + 1, min(len(lines), at + 60)):
        text += "\n" + lines[end][1]
        if ("'" in lines[end][1] or '"' in lines[end][1]) and not split(text).fault:
            return end
    return at


@dataclass(frozen=True, slots=True)
class Block:
    """A block judged. not_shell: what it is instead ("json", "sql", "settings", ...), "" where it is shell.

    effect: the worst of its commands.
    """

    steps: tuple[Step, ...]
    effect: Effect
    not_shell: str = ""


def block(lines: Iterable[tuple[int, str]], language: str = "bash") -> Block:
    """The steps of a block and the worst of what they do; no steps where it is no shell text."""
    given = list(lines)
    what = shape([text for _, text in given]) if language in LANGUAGES else language
    if what:
        return Block((), worst(()), what)
    found = tuple(steps(given))
    return Block(found, worst(effect(one.text) for step in found for one in step.commands))


def shape(lines: Sequence[str]) -> str:
    """What a text is that stands in a block for shell commands: "" for shell, else a word for it."""
    said = [line.strip() for line in lines if line.strip() and not line.strip().startswith(("#", "--", "//"))]
    if not said:
        return "" if any(line.strip() for line in lines) else "empty"
    text = "\n".join(said)
    if said[0][0] in "{[" and said[-1][-1] in "}]" and _is_json(text):
        return "json"
    if said[0].startswith("<") and re.match(r"<[?!/\w][^>]*>", said[0]) and said[-1].endswith(">"):
        return "xml"
    for name, pattern in (("environment", _SETTING), ("crontab", _CRON)):
        if all(pattern.match(line) for line in said):
            return name
    if text.rstrip().endswith(";") and all(_SQL.fullmatch(part.strip()) for part in text.rstrip("; \n").split(";")):
        return "sql"
    if len(said) > 1 and sum(bool(_YAML.match(line)) for line in said) > 0.7 * len(said):
        return "yaml"
    if _ASSIGNED.match(said[0]) or _FILE.match(next(line.strip() for line in lines if line.strip())):
        return "settings"
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def looks_run(text: str) -> bool:
    """Whether words in code ticks are a command line: a known program or a script, with something behind it."""
    first, _, rest = text.strip().partition(" ")
    script = first.startswith(("./", "/")) and "." in first[1:]
    return script or (bool(rest.strip()) and first in TOOLS.keys() | WRAPPERS.keys() | SHELLS | DESTROYERS)


def programs(command: str) -> tuple[str, ...]:
    """Programs and scripts that a command would need on this machine, each once; what runs elsewhere is not asked for.

    Scripts keep their path ("./scripts/x.sh").
    """
    timed = _CRON.match(command)
    script = split(command[timed.end() - 1 :] if timed else command)
    found = [name for simple in script.commands for name in _programs([w for w in simple.words if not w.assigns])]
    found += [name for inner in script.nested for name in programs(inner)]
    return tuple(dict.fromkeys(name for name in found if name))


def _programs(words: Sequence[Word]) -> list[str]:
    if not words or words[0].computed or words[0].expands or words[0].hole:
        return []
    name = words[0].text
    if name in WRAPPERS or name in {"env", "watch"}:
        flags, valued, skip = WRAPPERS.get(name, (frozenset({"-i", "-d", "-t"}), frozenset({"-n"}), 0))
        tool = Tool(flags=flags, valued=valued)
        inner = [word for word in options(tool, words[1:], stop=True).positional[skip:] if "=" not in word.text]
        return [*([] if name in BUILTINS else [name]), *_programs(inner)]
    if (
        name in {"bash", "sh", "python", "python3"}
        and len(words) > 1
        and "." in words[1].text
        and not words[1].text.startswith("-")
    ):
        return [name, words[1].text if "/" in words[1].text else f"./{words[1].text}"]
    return [] if name in BUILTINS or not re.fullmatch(r"[\w./~+-]+", name) else [name]
