"""What a command would do to the world. Reading means that every program and every flag of it is on the lists.

The worst of what a text holds wins; what cannot be taken apart, or is not known, writes. Nothing is expanded or run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opsguide.engines.shell.checks import CHECKS, Given, Judged
from opsguide.engines.shell.lexicon import (
    ASKING,
    DESTROYERS,
    DESTROYING_FLAGS,
    EXECS,
    INTERPRETERS,
    SAFE_VARIABLES,
    SHELLS,
    TERMINAL,
    TOOLS,
    WRAPPERS,
    Tool,
)
from opsguide.engines.shell.options import Options, options
from opsguide.engines.shell.split import split
from opsguide.engines.shell.statements import DESTROY, DESTROYING, INTERACTIVE, READ, WRITE, EffectClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.engines.shell.split import Redirection, Script, Simple, Word

# env and sudo look at the word after the shell took its quotes off.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SET = re.compile(r"[A-Za-z_]\w*=")
LONGEST = 20_000
"""Characters of a text that is looked at; a longer one writes."""
DEEPEST = 6
_BIN = frozenset({"/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"})
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_SSH_OPTIONS = ("stricthostkeychecking=", "connecttimeout=", "batchmode=", "userknownhostsfile=/dev/null", "loglevel=")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command does: kind (the worst of its parts), why (of that part), and the program that decided.

    endless: it goes on until somebody stops it; bounded is then the same command with an end, "" where there is none.
    """

    kind: EffectClass
    why: str
    program: str = ""
    endless: bool = False
    bounded: str = ""


def effect(command: str, *, holes: bool = True) -> Effect:
    """The effect of a command text. holes: `<name>` and `[name]` are placeholders; False for what is about to run."""
    found = _text(command, 0, holes=holes)
    if found.kind.weight >= WRITE.weight and (said := DESTROYING.search(command)):
        found = replace(found, kind=DESTROY, why=f"{said[0].upper()} cannot be taken back")
    bounded = ""
    if found.endless and found.edits is not None and found.kind is READ:
        bounded = _edited(command, found.edits)
        again = _text(bounded, 0, holes=holes)
        bounded = bounded if again.kind is READ and not again.endless else ""
    return Effect(found.kind, found.why, found.program, found.endless, bounded)


def worst(effects: Iterable[Effect]) -> Effect:
    """The worst of several; of none: reading."""
    return max(effects, key=lambda one: one.kind.weight, default=Effect(READ, "nothing is run"))


def _edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, put in sorted(edits, reverse=True):
        blank = not put and start > 0 and text[start - 1] == " "
        text = text[: start - blank] + put + text[end:]
    return text.strip()


# ---- texts -----------------------------------------------------------------------------------------------------------


def _text(text: str, depth: int, *, holes: bool) -> Judged:
    if len(text) > LONGEST or depth > DEEPEST:
        return Judged(WRITE, "too long or too deeply nested to be taken apart")
    script = split(text, holes=holes)
    if _CONTROL.search(text):
        return _worst([Judged(WRITE, "it holds control characters"), *_parts(script, depth, holes=holes)])
    parts = _parts(script, depth, holes=holes)
    parts += [_inside(_text(inner, depth + 1, holes=holes)) for inner in script.nested]
    floor = _floor(script)
    return _worst([*parts, *([floor] if floor else [])])


def _parts(script: Script, depth: int, *, holes: bool) -> list[Judged]:
    """Each command, and whether anything is fed to it: a bare `echo |` and `</dev/null` only end a connection."""
    found: list[Judged] = []
    feeder = ""
    for simple in script.commands:
        fed = simple.before in {"|", "|&"} and feeder != "echo"
        found.append(_command(simple, depth, fed=fed, holes=holes))
        feeder = " ".join(word.text for word in simple.words)
    return found


def _floor(script: Script) -> Judged | None:
    """What the shape of a text makes of it, whatever the commands in it."""
    if script.fault:
        return Judged(WRITE, script.fault)
    if script.compound:
        return Judged(WRITE, "a program of its own: loops, branches or groups")
    if script.nested:
        return Judged(WRITE, "it takes what another command says: $(...)")
    if any(simple.after == "&" for simple in script.commands):
        return Judged(WRITE, "it runs on in the background")
    return None


def _inside(found: Judged) -> Judged:
    """A judgement of a text within the text: its places are not those of the whole."""
    return replace(found, edits=None if found.endless else ())


def _worst(parts: Sequence[Judged]) -> Judged:
    """The first of the worst, with what is endless in any of them."""
    if not parts:
        return Judged(READ, "nothing is run")
    found = max(parts, key=lambda part: part.kind.weight)
    endless = [part for part in parts if part.endless]
    edits = None if any(part.edits is None for part in endless) else tuple(e for p in endless for e in p.edits or ())
    return replace(found, endless=bool(endless), edits=edits)


def _command(simple: Simple, depth: int, *, fed: bool, holes: bool) -> Judged:
    words = list(simple.words)
    parts: list[Judged] = [found for one in simple.redirections if (found := _redirection(one))]
    while words and words[0].assigns:
        name = words[0].text.partition("=")[0]
        if name not in SAFE_VARIABLES or words[0].computed or len(words) == 1:
            parts.append(Judged(WRITE, f"it sets {name}", name))
        words.pop(0)
    fed = fed or any(
        one.op in {"<", "<<<", "<<", "<<-"} and (one.target is None or one.target.text != "/dev/null")
        for one in simple.redirections
    )
    if words:
        parts.append(_simple(words, Given(fed, depth, holes)))
    return _worst(parts)


def _redirection(one: Redirection) -> Judged | None:
    target = one.target.text if one.target is not None else ""
    if one.target is None or one.target.computed or one.target.expands:
        return Judged(WRITE, f"{one.op} goes to what cannot be known")
    if one.op in {"<", "<<<"}:
        return (
            Judged(WRITE, "it reads from a device") if target.startswith("/dev/") and target not in _NOWHERE else None
        )
    if one.op in {">&", "<&"} and (target.isdigit() or target == "-"):
        return None
    if one.op in {"<<", "<<-"}:
        return Judged(WRITE, "it is fed a text of the guide")
    if target in _NOWHERE:
        return None
    if target.startswith("/dev/"):
        return Judged(DESTROY, f"it writes to the device {target}")
    return Judged(WRITE, f"it writes the file {target}")


# ---- one command -----------------------------------------------------------------------------------------------------


def _simple(words: Sequence[Word], given: Given) -> Judged:
    """One command: wrappers are taken off, shells are looked into, the rest is looked up."""
    first = words[0]
    if first.computed or first.expands or first.globs:
        return Judged(WRITE, "which program it is cannot be known", first.text)
    folder, _, name = first.text.rpartition("/")
    if "/" in first.text and folder not in _BIN:
        return _raised(Judged(WRITE, f"{first.text} is a script of its own", first.text), words, None)
    if name in WRAPPERS:
        return _wrapped(name, words, given)
    if name == "env":
        return _env(words, given)
    if name == "watch":
        return _watched(words, given)
    if name == "ssh":
        found = _elsewhere("ssh", words[1:], given)
        return _worst([Judged(WRITE, "ssh sends what it is fed", name), found]) if given.fed else found
    if name in SHELLS | INTERPRETERS | {"eval"}:
        return _shell(name, words, given)
    if name in DESTROYERS or name.startswith("mkfs"):
        return Judged(DESTROY, f"{name} cannot be taken back", name)
    if name in ASKING:
        return Judged(INTERACTIVE, f"{name} wants a person", name)
    if name in TOOLS:
        return _raised(_tool(TOOLS[name], name, words, given), words, TOOLS[name])
    return _raised(Judged(WRITE, f"what {name} does is not known", name), words, None)


def _raised(found: Judged, words: Sequence[Word], tool: Tool | None) -> Judged:
    """A command that writes and says --force, or whose sub-command destroys."""
    if found.kind is not WRITE:
        return found
    known = DESTROYING_FLAGS | (_destroyers(tool) if tool is not None else frozenset())
    said = next((word.text for word in words[1:] if word.text.partition("=")[0] in known), "")
    return replace(found, kind=DESTROY, why=f"{said} cannot be taken back") if said else found


def _destroyers(tool: Tool) -> frozenset[str]:
    """Sub-commands that destroy, of a program and of its sub-commands; their flags count where they stand alone."""
    found = {name for name in tool.destroys if not name.startswith("-") or name.startswith("--")}
    return frozenset(found).union(*(_destroyers(sub) for sub in tool.subs.values()))


def _tool(tool: Tool, name: str, named: Sequence[Word], given: Given) -> Judged:
    """A program, or a sub-command, whose name is the first of the words."""
    words = named[1:]
    if tool.check in EXECS:
        return _elsewhere(tool.check, words, given)
    if tool.check == "attach":
        return Judged(INTERACTIVE, f"{name} wants a person", name)
    found = options(tool, words, at=named[0].end)
    if tool.subs and found.positional:
        sub = found.positional[0]
        if sub.text in tool.subs and not found.fault:
            return _tool(tool.subs[sub.text], f"{name} {sub.text}", found.positional, given)
        if sub.text in tool.destroys:
            return Judged(DESTROY, f"{name} {sub.text} cannot be taken back", name)
        return Judged(WRITE, found.fault or f"{name} {sub.text} is not on the list of what reads", name)
    return _checked(tool, name, found, given)


def _checked(tool: Tool, name: str, found: Options, given: Given) -> Judged:
    """A program without sub-commands, or the last of them."""
    if found.destroys:
        return Judged(DESTROY, f"{name} {found.destroys} cannot be taken back", name)
    verdict = CHECKS[tool.check](tool, name, found, given, _judges) if tool.check else None
    if verdict is None:
        verdict = _listed(tool, name, found)
    if found.asks and verdict.kind is READ:
        return replace(verdict, kind=INTERACTIVE, why=f"{name} {found.asks} asks a person")
    if not verdict.endless and verdict.kind is READ and (edits := _endless(tool, found)) is not None:
        return replace(verdict, endless=True, edits=edits)
    return verdict


def _listed(tool: Tool, name: str, found: Options) -> Judged:
    if found.fault:
        return Judged(WRITE, f"{name}: {found.fault}", name)
    if tool.needs and not found.asks and not tool.needs & found.names:
        return Judged(WRITE, f"{name} reads only with {' or '.join(sorted(tool.needs))}", name)
    if len(found.positional) > tool.most:
        return Judged(WRITE, f"{name} {found.positional[tool.most].text}: more than it reads", name)
    return Judged(READ, f"{name} only reads", name)


def _endless(tool: Tool, found: Options) -> tuple[tuple[int, int, str], ...] | None:
    """The edits that give it an end; None where it has one."""
    if not tool.endless or tool.ends & found.names:
        return None
    if "*" in tool.endless:
        return ((found.at, found.at, f" {tool.bound}"),) if tool.bound else ()
    if not tool.endless & found.names:
        return None
    cut = tuple(edit for flag in found.flags if (edit := flag.without(tool.endless)) is not None)
    limits = {tool.bound.replace("=", " ").split(" ")[0], "--lines", "--since"}
    return cut if limits & found.names or not tool.bound else (*cut, (found.at, found.at, f" {tool.bound}"))


# ---- commands that start commands ------------------------------------------------------------------------------------


def _judges(words: Sequence[Word], given: Given) -> Judged:
    """For checks that meet a command (find -exec)."""
    return _simple(words, given) if words else Judged(WRITE, "no command")


def _wrapped(name: str, words: Sequence[Word], given: Given) -> Judged:
    flags, valued, skip = WRAPPERS[name]
    found = options(Tool(flags=flags, valued=valued), words[1:], stop=True)
    inner = found.positional[skip:]
    if not inner:
        asks = name in {"sudo", "doas"}
        return Judged(INTERACTIVE if asks else WRITE, f"{name} without a command", name)
    while name == "sudo" and inner and _SET.match(inner[0].text):
        if inner[0].text.partition("=")[0] not in SAFE_VARIABLES:
            return _worst([Judged(WRITE, "it sets a variable", name), _judges(inner[1:], given)])
        inner = inner[1:]
    verdict = _judges(inner, given)
    if found.fault:
        verdict = _worst([Judged(WRITE, f"{name}: {found.fault}", name), verdict])
    if name == "xargs" and verdict.kind is READ and not _is_free(inner[0].text):
        verdict = Judged(WRITE, f"xargs gives {inner[0].text} arguments that cannot be known", name)
    return verdict


def _is_free(program: str) -> bool:
    return program in TOOLS and TOOLS[program].free


def _env(words: Sequence[Word], given: Given) -> Judged:
    rest = list(words[1:])
    unsafe = ""
    while rest and (_SET.match(rest[0].text) or rest[0].text in {"-i", "-"}):
        name = rest[0].text.partition("=")[0]
        unsafe = unsafe or ("" if name in SAFE_VARIABLES | {"-i", "-"} and not rest[0].computed else name)
        rest.pop(0)
    verdict = _simple(rest, given) if rest else Judged(READ, "env only prints", "env")
    return _worst([Judged(WRITE, f"it sets {unsafe}", "env"), verdict]) if unsafe else verdict


def _watched(words: Sequence[Word], given: Given) -> Judged:
    watch = Tool(flags=frozenset({"-d", "-t", "-e", "-c", "-b"}), valued=frozenset({"-n", "--interval"}))
    found = options(watch, words[1:], stop=True)
    if not found.positional:
        return Judged(WRITE, "watch without a command", "watch")
    inner = " ".join(word.text for word in found.positional)
    verdict = _text(inner, given.depth + 1, holes=given.holes)
    if found.fault:
        verdict = _worst([Judged(WRITE, f"watch: {found.fault}", "watch"), verdict])
    known = given.depth == 0 and not verdict.endless
    edits = ((words[0].start, words[-1].end, inner),) if known else None
    return replace(verdict, endless=True, edits=edits)


def _shell(name: str, words: Sequence[Word], given: Given) -> Judged:
    """A shell with -c is its text; anything else it is given runs unseen."""
    rest = list(words[1:])
    if name == "eval":
        inner = " ".join(word.text for word in rest)
        return _worst([Judged(WRITE, "eval runs what it is told", name), _inside(_nested(inner, given))])
    if not rest:
        kind, why = (WRITE, f"{name} runs what it is fed") if given.fed else (INTERACTIVE, f"{name} wants a person")
        return Judged(kind, why, name)
    if len(rest) == 1 and rest[0].text in {"--version", "-V", "-version"}:
        return Judged(READ, f"{name} says its version", name)
    flags = {word.text for word in rest[:-1]}
    if (
        name in SHELLS
        and len(rest) > 1
        and flags <= {"-c", "-lc", "-l", "-ec", "-e", "-x", "sh"}
        and flags & {"-c", "-lc", "-ec"}
    ):
        computed = rest[-1].computed or rest[-1].expands
        inside = _inside(_nested(rest[-1].text, given))
        return _worst([Judged(WRITE, "its text is computed", name), inside]) if computed else inside
    parts = [_nested(word.text, given) for word in rest if not word.text.startswith("-")] if name in SHELLS else []
    lost = [part for part in parts if part.kind is DESTROY]
    return _worst([Judged(WRITE, f"what {name} is given to run is not known", name), *map(_inside, lost)])


def _nested(text: str, given: Given) -> Judged:
    return _text(text, given.depth + 1, holes=given.holes)


def _elsewhere(form: str, words: Sequence[Word], given: Given) -> Judged:
    """Docker exec, kubectl exec, ssh: what is run there counts, and whether it wants a terminal."""
    flags, valued = EXECS[form]
    found = options(Tool(flags=flags, valued=valued), words, stop=form != "kubectl exec", dashes=form == "kubectl exec")
    inner = found.behind or found.positional[1:]
    program = form.replace("compose exec", "docker-compose exec")
    if not found.positional:
        return Judged(WRITE, f"{program} names nowhere to run", program)
    if not inner:
        return Judged(INTERACTIVE, f"{program} without a command wants a person", program)
    there = " ".join(word.text for word in inner)
    verdict = _inside(_nested(there, given)) if form == "ssh" else _simple(inner, given)
    fault = found.fault or _set_there(form, found)
    parts = [verdict]
    if fault:
        parts.append(Judged(WRITE, f"{program}: {fault}", program))
    if TERMINAL & found.names:
        parts.append(Judged(INTERACTIVE, f"{program} -t wants a person's terminal", program))
    return _worst(parts)


def _set_there(form: str, found: Options) -> str:
    """What the options of an exec wrapper set that may change what runs."""
    for flag in found.flags:
        name = flag.text.partition("=")[0]
        if form == "ssh" and flag.name == "-o" and not flag.text.lower().startswith(_SSH_OPTIONS):
            return f"-o {flag.text} may start programs"
        if flag.name in {"-e", "--env"} and name not in SAFE_VARIABLES:
            return f"it sets {name}"
    return ""
