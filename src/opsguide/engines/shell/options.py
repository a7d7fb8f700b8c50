"""The words of a command as options and arguments, by a tool's own lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from opsguide.engines.shell.lexicon import Tool
    from opsguide.engines.shell.split import Word

_OFF = frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Flag:
    """One option. word: where it stands (several may share one: -it). value: of an option that has one."""

    name: str
    word: Word
    value: Word | None = None

    @property
    def text(self) -> str:
        """The value's text, "" without one."""
        if self.value is None:
            return ""
        if self.value is not self.word:
            return self.value.text
        text = self.word.text
        return text.partition("=")[2] if text.startswith("--") else text[text.index(self.name[1]) + 1 :]

    def without(self, names: frozenset[str]) -> tuple[int, int, str] | None:
        """The edit that cuts these out of the word; None where it holds none of them."""
        if self.name not in names:
            return None
        letters = self.word.text[1:]
        if self.word.text.startswith("--") or len(letters) == 1 or self.word.text in names:
            end = self.value.end if self.value is not None and self.value is not self.word else self.word.end
            return (self.word.start, end, "")
        left = "".join(letter for letter in letters if f"-{letter}" not in names)
        return (self.word.start, self.word.end, f"-{left}" if left else "")


@dataclass(slots=True)
class Options:
    """What stands behind a program's name. at: where its name ends. behind: what follows `--`.

    fault: the first word that is not on the lists ("" where all are). asks, destroys: the first flag that does so.
    doubt: the first word that may become something else than it looks like.
    """

    at: int
    words: tuple[Word, ...] = ()
    flags: list[Flag] = field(default_factory=list)
    positional: list[Word] = field(default_factory=list)
    behind: list[Word] = field(default_factory=list)
    fault: str = ""
    asks: str = ""
    destroys: str = ""
    doubt: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Options that stand and are not switched off."""
        return frozenset(flag.name for flag in self.flags if not _is_off(flag))

    def texts(self, *names: str) -> list[str]:
        """Every value of an option."""
        return [flag.text for flag in self.flags if flag.name in names]


def _is_off(flag: Flag) -> bool:
    return flag.value is flag.word and flag.word.text.partition("=")[2].lower() in _OFF


def options(tool: Tool, words: Sequence[Word], *, at: int = 0, stop: bool = False, dashes: bool = False) -> Options:
    """Read the words. at: where the name before them ends.

    stop: all from the first argument on are arguments. dashes: keep what follows `--` apart.
    """
    return _Reading(tool, words, at=at, stop=stop or bool(tool.subs), dashes=dashes).run()


class _Reading:
    def __init__(self, tool: Tool, words: Sequence[Word], *, at: int, stop: bool, dashes: bool) -> None:
        self._tool = tool
        self._rest = list(words)
        self._stop = stop
        self._dashes = dashes
        self._found = Options(at, tuple(words))

    def run(self) -> Options:
        found = self._found
        while self._rest:
            word = self._rest.pop(0)
            self._doubt(word)
            if word.text == "--":
                (found.behind if self._dashes else found.positional).extend(self._rest)
                self._all(self._rest)
                break
            if word.text.startswith("--"):
                self._long(word)
            elif word.text.startswith("-") and len(word.text) > 1:
                self._short(word)
            else:
                found.positional.append(word)
                if self._stop:
                    found.positional.extend(self._rest)
                    break
        return found

    def _all(self, words: Iterable[Word]) -> None:
        for word in words:
            self._doubt(word)

    def _doubt(self, word: Word, *, value: bool = False) -> None:
        """A word that may become something else than it looks like."""
        if word.computed:
            self._doubtful(f"{word.text or 'a word'} is computed")
        if self._tool.free:
            return
        if word.splits:
            self._doubtful(f"{word.text} may become several words")
        elif word.expands and not value and word.text.startswith(("$", "-")):
            self._doubtful(f"{word.text} may become a flag")
        elif word.globs or (word.pattern and (value or self._tool.most < 1000)):  # noqa: PLR2004 -- no limit
            self._doubtful(f"{word.text} may become several words")

    def _doubtful(self, text: str) -> None:
        self._found.doubt = self._found.doubt or text
        self._fault(text)

    def _fault(self, text: str) -> None:
        self._found.fault = self._found.fault or text

    def _add(self, name: str, word: Word, value: Word | None = None) -> None:
        if name in self._tool.destroys:
            self._found.destroys = self._found.destroys or name
        if value is not None and value is not word:
            self._doubt(value, value=True)
        self._found.flags.append(Flag(name, word, value))

    def _long(self, word: Word) -> None:
        name, equals, _ = word.text.partition("=")
        tool = self._tool
        if name in tool.asks and not equals:
            self._found.asks = name
        elif name in tool.valued or name in tool.asks:
            value = word if equals else self._rest.pop(0) if self._rest else None
            self._add(name, word, value)
            return
        elif name not in tool.flags and name not in tool.destroys:
            self._fault(f"flag {name} is not on the list")
        self._add(name, word, word if equals else None)

    def _short(self, word: Word) -> None:
        """`-n`, `-n 5`, `-n5`, `-it`, and the long names with one dash of find, openssl and java."""
        tool, text = self._tool, word.text
        if text in tool.asks:
            self._found.asks = text
            self._add(text, word)
        elif text[:2] in tool.asks and text[:2] not in tool.flags:
            self._add(text[:2], word, word)  # mysql -psecret
        elif text in tool.flags or text in tool.destroys:
            self._add(text, word)
        elif text in tool.valued:
            self._add(text, word, self._rest.pop(0) if self._rest else None)
        else:
            self._cluster(word)

    def _cluster(self, word: Word) -> None:
        for at, letter in enumerate(word.text[1:], start=1):
            name = f"-{letter}"
            if name in self._tool.flags or name in self._tool.destroys:
                self._add(name, word)
            elif name in self._tool.valued:
                behind = word.text[at + 1 :]
                self._add(name, word, word if behind else self._rest.pop(0) if self._rest else None)
                return
            else:
                self._fault(f"flag {word.text} is not on the list")
                return
