"""Checks of programs whose arguments are more than flags: a statement, an expression, a request, a command.

A check answers None where the lists of flags decide alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from opsguide.engines.curl import read_curl
from opsguide.engines.shell import statements
from opsguide.engines.shell.statements import DESTROY, INTERACTIVE, READ, WRITE, EffectClass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opsguide.engines.shell.lexicon import Tool
    from opsguide.engines.shell.options import Options
    from opsguide.engines.shell.split import Word


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect with the edits that would give an endless command an end; edits None: there are none that would.

    An edit is (start, end, put instead), in the text as it was given.
    """

    kind: EffectClass
    why: str
    program: str = ""
    endless: bool = False
    edits: tuple[tuple[int, int, str], ...] | None = ()


@dataclass(frozen=True, slots=True)
class Given:
    """How a command stands. fed: another command or a file is its input. depth: texts around this one."""

    fed: bool
    depth: int
    holes: bool


class Judges(Protocol):
    """Judges a command that stands inside another."""

    def __call__(self, words: Sequence[Word], given: Given) -> Judged:
        """Its effect."""
        ...


class Check(Protocol):
    """Looks at one program's arguments."""

    def __call__(self, tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
        """Its effect; None: the lists decide."""
        ...


_PRIVATE = re.compile(
    r"(?:^|/)\.env(?:\.|$)|(?:^|[/_.-])(?:secrets?|passwords?|credentials?|privkey|private)(?:[/_.-]|$)|id_(?:rsa|dsa|ecdsa|ed25519)$"
    r"|\.(?:key|p12|pfx|jks|keystore|pgpass|netrc|kdbx)$|(?:^|/)(?:g?shadow|\.pgpass|\.netrc|\.my\.cnf)$|/proc/[^/]+/environ",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[@+\w.:/=-]*")
_JSTAT = re.compile(r"-(?:gc\w*|class|compiler|printcompilation|t|h\d*)|\d+m?s?|<[\w-]+>")
_HTTP = re.compile(
    r"https?://|[$<{\[]|(?!ftp\.|dict\.|ldap\.|imap\.|smtp\.|pop3\.|gopher\.|telnet\.)[\w.-]+(?::\d+)?(?:[/?]|$)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_FIND_PLAIN = frozenset(
    [
        *(
            "-print",
            "-print0",
            "-ls",
            "-empty",
            "-not",
            "!",
            "-o",
            "-or",
            "-a",
            "-and",
            "-prune",
            "-quit",
            "-follow",
            "-depth",
        ),
        *(
            "-xdev",
            "-mount",
            "-daystart",
            "-readable",
            "-writable",
            "-executable",
            "-nouser",
            "-nogroup",
            "-true",
            "-false",
        ),
        *("-L", "-H", "-P", "(", ")", ",", "-noleaf"),
    ]
)
_FIND_VALUED = frozenset(
    [
        *(
            "-name",
            "-iname",
            "-path",
            "-ipath",
            "-wholename",
            "-regex",
            "-iregex",
            "-type",
            "-xtype",
            "-size",
            "-mtime",
            "-atime",
        ),
        *(
            "-ctime",
            "-mmin",
            "-amin",
            "-cmin",
            "-newer",
            "-anewer",
            "-cnewer",
            "-newermt",
            "-user",
            "-group",
            "-uid",
            "-gid",
        ),
        *(
            "-perm",
            "-links",
            "-inum",
            "-maxdepth",
            "-mindepth",
            "-printf",
            "-fstype",
            "-lname",
            "-samefile",
            "-regextype",
        ),
    ]
)
_FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_AWS_READS = re.compile(
    r"(?:describe|list)-[a-z-]+|get-caller-identity|get-metric-(?:statistics|data)|get-bucket-location"
)
_AWS_DESTROYS = re.compile(r"(?:delete|terminate|remove|purge|deregister)-[a-z-]+|rm|rb")
_JCMD = frozenset(
    [
        *(
            "Thread.print",
            "GC.heap_info",
            "VM.flags",
            "VM.version",
            "VM.uptime",
            "VM.command_line",
            "VM.system_properties",
        ),
        *("GC.class_histogram", "VM.native_memory", "help", "-l"),
    ]
)


def _private(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    hidden = next((word.text for word in found.positional if _PRIVATE.search(word.text)), "")
    return Judged(WRITE, f"{hidden} may hold secrets, and what is read is kept as evidence", name) if hidden else None


def _anything(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """Programs none of whose arguments does anything but choose what is shown."""
    del tool, given, judges
    words = [*found.positional, *(flag.word for flag in found.flags)]
    if any(word.computed for word in words):
        return Judged(WRITE, f"{name}: an argument is computed", name)
    return Judged(READ, f"{name} only reads", name)


def _test(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """`test -v 'a[$(...)]'` evaluates what stands in the brackets, quoted or not."""
    if any(word.text in {"-v", "-R"} or re.search(r"\$\(|`", word.text) for word in found.words):
        return Judged(WRITE, f"{name} -v evaluates what it is given", name)
    return _anything(tool, name, found, given, judges)


def _sends(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """A connection sends what it is fed."""
    del tool, found, judges
    return Judged(WRITE, f"{name} sends what it is fed", name) if given.fed else None


def _plain(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    odd = next((w.text for w in found.positional if not _PLAIN.fullmatch(w.text)), "")
    return Judged(WRITE, f"{name}: {odd}", name) if odd else _anything(tool, name, found, given, judges)


def _printf(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    if any(word.text.startswith("-v") for word in found.words):
        return Judged(WRITE, "printf -v sets a variable", name)
    return _anything(tool, name, found, given, judges)


def _date(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    sets = any(not word.text.startswith("+") for word in found.positional)
    return Judged(WRITE, "it sets the clock", name) if sets else None


def _sleep(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    seconds = found.positional[0].text if found.positional else ""
    short = re.fullmatch(r"[0-5]?\d(?:\.\d+)?s?", seconds)
    return None if short else Judged(READ, "it only waits", name, endless=True, edits=None)


def _samples(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """An interval without a count goes on for ever."""
    del tool, given, judges
    numbers = [word for word in found.positional if _NUMBER.fullmatch(word.text)]
    if len(numbers) != 1 or found.fault:
        return None
    return Judged(READ, f"{name} only reads", name, endless=True, edits=((numbers[0].end, numbers[0].end, " 5"),))


def _jstat(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    if any(not _JSTAT.fullmatch(word.text) for word in found.words):
        return Judged(WRITE, f"{name}: not on the list", name)
    numbers = [word for word in found.words if not word.text.startswith("-")]
    if len(numbers) == 2:  # noqa: PLR2004 -- a process and an interval
        edits = ((numbers[1].end, numbers[1].end, " 5"),)
        return Judged(READ, f"{name} only reads", name, endless=True, edits=edits)
    return Judged(READ, f"{name} only reads", name)


def _jcmd(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    asked = [word.text for word in found.positional[1:]]
    ok = not found.fault and all(one in _JCMD for one in asked)
    return Judged(READ if ok else WRITE, f"{name} {' '.join(asked)}".strip(), name)


def _shown(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    first = found.positional[0].text if found.positional else "show"
    ok = first in {"show", "list", "ls", "get", "s", "sh"}
    return None if ok else Judged(WRITE, f"{name} {first}", name)


def _sysctl(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    return Judged(WRITE, "it sets a kernel setting", name) if any("=" in w.text for w in found.positional) else None


def _service(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    words = [word.text for word in found.positional]
    ok = len(words) == 2 and words[1] == "status" and not found.fault  # noqa: PLR2004 -- a name and an action
    return Judged(READ if ok else WRITE, f"service {' '.join(words)}", name)


def _tar(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """Listing only; tar's first word may lack its dash."""
    del tool, given, judges
    texts = [word.text for word in found.words]
    lists = bool(texts) and re.fullmatch(r"-?[vzjJfa]*t[vzjJfa]*", texts[0]) is not None
    if lists and not found.doubt and not any(text.startswith("-") for text in texts[1:]):
        return Judged(READ, "tar only lists", name)
    return Judged(WRITE, "tar reads only as tar -tf", name)


def _find(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """Tests are a list; -delete destroys; -exec is what it runs, and writes at least."""
    del tool
    words = list(found.words)
    parts: list[Judged] = []
    while words:
        word = words.pop(0)
        if word.text == "-delete":
            return Judged(DESTROY, "find -delete cannot be taken back", name)
        if word.text in _FIND_RUNS:
            end = next((at for at, one in enumerate(words) if one.text in {";", "+"}), len(words))
            inner = judges(words[:end], given)
            if inner.kind is DESTROY:
                return inner
            parts.append(Judged(WRITE, f"find {word.text} runs a command for each file", name))
            words = words[end + 1 :]
        elif word.text in _FIND_VALUED:
            words = words[1:]
        elif word.text not in _FIND_PLAIN and word.text.startswith("-"):
            parts.append(Judged(WRITE, f"find {word.text} is not on the list", name))
    if found.doubt:
        parts.append(Judged(WRITE, f"find: {found.doubt}", name))
    return parts[0] if parts else Judged(READ, "find only lists", name)


def _awk(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    if found.fault or not found.positional or found.positional[0].expands:
        return Judged(WRITE, f"awk: {found.fault or 'its program cannot be known'}", name)
    return Judged(*statements.awk(found.positional[0].text), name)


def _sed(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    if found.fault or not found.positional or found.positional[0].expands:
        return Judged(WRITE, f"sed: {found.fault or 'its program cannot be known'}", name)
    return Judged(*statements.sed(found.positional[0].text), name)


def _curl(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    """A GET whose answer is shown. What a `curl` sends is worked out by the engine that reads probes."""
    del tool, given, judges
    if "DELETE" in (method.upper() for method in found.texts("-X", "--request")):
        return Judged(DESTROY, "curl -X DELETE cannot be taken back", name)
    asked = read_curl(" ".join(["curl", *(_quoted(word.text) for word in found.words)]))
    if asked is not None and asked.sends:
        return Judged(WRITE, f"curl sends ({asked.method})", name)
    if not found.positional and not found.texts("--url"):
        return Judged(WRITE, "curl without an address", name)
    if odd := _odd_address(found):
        return Judged(WRITE, f"{odd} may speak something else than HTTP", name)
    if any(text not in {"/dev/null", "-"} for text in found.texts("-o", "--output")):
        return Judged(WRITE, "curl -o writes a file", name)
    if any("%output" in text or "%{output" in text for text in found.texts("-w", "--write-out")):
        return Judged(WRITE, "curl -w writes a file", name)
    if any(text.startswith("@") for text in found.texts("-H", "--header", "-w", "--write-out")):
        return Judged(WRITE, "curl sends a file", name)
    return None


def _odd_address(found: Options) -> str:
    """An address that is not plainly http: dict:// and gopher:// speak to Redis, file:// and ftp:// read and write."""
    addresses = [*(word.text for word in found.positional), *found.texts("--url")]
    return next((one for one in addresses if not _HTTP.match(one)), "")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _wget(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    written = found.texts("-O", "--output-document")
    shown = "--spider" in found.names or (written and all(text in {"-", "/dev/null"} for text in written))
    if odd := _odd_address(found):
        return Judged(WRITE, f"{odd} may speak something else than HTTP", name)
    return None if shown else Judged(WRITE, "wget writes a file", name)


def _psql(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, judges
    if {"-l", "--list"} & found.names:
        return None
    return _statement(name, found, given, statements.psql, "-c", "--command")


def _mysql(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, judges
    return _statement(name, found, given, statements.sql, "-e", "--execute")


def _statement(
    name: str, found: Options, given: Given, judge: Callable[[str], statements.Said], *names: str
) -> Judged | None:
    """The statements of an option, all of them; without one, what it is fed or a person types."""
    said = [flag for flag in found.flags if flag.name in names]
    for flag in said:
        kind, why = judge(flag.text)
        if kind is not READ or flag.value is None or flag.value.expands:
            return Judged(kind if kind is not READ else WRITE, f"{name}: {why}", name)
    if said:
        return None
    return Judged(WRITE, f"{name} runs what it is fed", name) if given.fed else _typed(name, found)


def _typed(name: str, found: Options) -> Judged:
    if found.fault:
        return Judged(WRITE, f"{name}: {found.fault}", name)
    return Judged(INTERACTIVE, f"{name} without a statement wants a person", name)


def _sqlite(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, judges
    if len(found.positional) < 2:  # noqa: PLR2004 -- a file and a statement
        return Judged(WRITE, "sqlite3 runs what it is fed", name) if given.fed else _typed(name, found)
    for word in found.positional[1:]:
        kind, why = statements.sqlite(word.text)
        if kind is not READ or word.expands:
            return Judged(kind if kind is not READ else WRITE, f"{name}: {why}", name)
    return None


def _redis(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, judges
    words = [word.text for word in found.positional]
    if not words:
        if found.names & {"--bigkeys", "--memkeys", "--hotkeys", "--stat", "--latency"}:
            return None
        return Judged(WRITE, "redis-cli runs what it is fed", name) if given.fed else _typed(name, found)
    if statements.redis_endless(words) and not found.fault:
        return Judged(READ, f"{words[0]} listens", name, endless=True, edits=None)
    kind, why = statements.redis(words)
    return None if kind is READ else Judged(kind, f"{name}: {why}", name)


def _kubectl_get(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    printed = "-o" in found.names or "--output" in found.names or "--raw" in found.names
    secret = any(re.search(r"\bsecrets?\b", word.text.lower()) for word in found.positional)
    raw = any("secrets" in text for text in found.texts("--raw"))
    if (secret and printed) or raw:
        return Judged(WRITE, "it prints secrets, and what is read is kept as evidence", name)
    return None


def _aws(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, given, judges
    words = [word.text for word in found.positional]
    asked = " ".join(words[:2])
    if len(words) > 1 and _AWS_DESTROYS.fullmatch(words[1]):
        return Judged(DESTROY, f"aws {asked} cannot be taken back", name)
    reads = asked == "s3 ls" or (len(words) > 1 and words[0] != "secretsmanager" and _AWS_READS.fullmatch(words[1]))
    if reads and not found.doubt:
        return Judged(READ, f"aws {asked} only reads", name)
    return Judged(WRITE, f"aws {asked}", name)


def _never(tool: Tool, name: str, found: Options, given: Given, judges: Judges) -> Judged | None:
    del tool, found, given, judges
    return Judged(WRITE, f"{name} writes", name)


CHECKS: Mapping[str, Check] = {
    "private": _private,
    "test": _test,
    "sends": _sends,
    "ps": _anything,
    "getent": _anything,
    "dig": _plain,
    "printf": _printf,
    "date": _date,
    "sleep": _sleep,
    "samples": _samples,
    "jstat": _jstat,
    "jcmd": _jcmd,
    "shown": _shown,
    "sysctl": _sysctl,
    "service": _service,
    "tar": _tar,
    "find": _find,
    "awk": _awk,
    "sed": _sed,
    "curl": _curl,
    "wget": _wget,
    "psql": _psql,
    "mysql": _mysql,
    "sqlite": _sqlite,
    "redis": _redis,
    "kubectl get": _kubectl_get,
    "aws": _aws,
    "never": _never,
}
