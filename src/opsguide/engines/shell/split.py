"""Shell text to its simple commands, quote by quote. Nothing is expanded; what cannot be known is marked so.

`engines.curl.words` shows what a line says; this file is for judging it, where a quote, a redirection or an operator
that is dropped would hide a command. Source of the rules: POSIX.1-2017, 2.2 to 2.10, and bash's additions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HOLE = re.compile(r"<[A-Za-z][\w. -]*>|\[[A-Za-z][\w -]*\]")
_REDIRECTION = re.compile(r"&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<|>")
_OPERATOR = re.compile(r"&&|\|\||\|&|;;&|;;|;&|[;|&()\n]")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])|\$\{[A-Za-z_]\w*\}")
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")
_PATTERN = re.compile(r"[*?[]")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
_RESERVED = frozenset(
    [
        "if",
        "then",
        "elif",
        "else",
        "fi",
        "do",
        "done",
        "while",
        "until",
        "for",
        "select",
        "case",
        "esac",
        "in",
        "{",
        "}",
    ]
)
_OPENS = frozenset({"if", "while", "until", "for", "select", "case", "function", "{", "[[", "coproc"})
_QUOTED = "\0"
"""Stands for a quoted character in a word's `bare` form, so that nothing of it has a meaning."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word, quotes removed. start, end: where it stands in the text.

    expands: it holds `$NAME`; splits: outside of quotes, so that it may become several words, or none.
    computed: what it will be cannot be known ($(...), `...`, $'...', braces).
    pattern: `*`, `?` or `[` stand in it; globs: it begins with one, so that a file's name may become a flag.
    quoted: some of it is. assigns: it reads `NAME=...`. hole: it holds a `<placeholder>`.
    """

    text: str
    start: int
    end: int
    expands: bool = False
    splits: bool = False
    computed: bool = False
    pattern: bool = False
    globs: bool = False
    quoted: bool = False
    assigns: bool = False
    hole: bool = False


@dataclass(frozen=True, slots=True)
class Redirection:
    """`op target`; fd is "" where none is written."""

    op: str
    target: Word | None
    fd: str = ""


@dataclass(slots=True)
class Simple:
    """One simple command. before: the operator in front of it, after: the one behind it ("" at the ends)."""

    words: list[Word] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    before: str = ""
    after: str = ""


@dataclass(slots=True)
class Script:
    """A text taken apart. compound: it has loops, branches, groups or functions. nested: texts of its substitutions.

    fault: why it could not be taken apart to its end ("" where it could).
    """

    commands: list[Simple] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)
    compound: bool = False
    fault: str = ""


def split(text: str, *, holes: bool = True) -> Script:
    """The simple commands of a text. holes: `<name>` and `[name]` are placeholders, and no redirection or pattern."""
    return _Scan(text, holes=holes).run()


class _Scan:
    """One pass over the text; `_word` collects the word that is being read."""

    def __init__(self, text: str, *, holes: bool) -> None:
        self._text = text
        self._holes = holes
        self._at = 0
        self._script = Script()
        self._now = Simple()
        self._pending: tuple[str, str] | None = None
        self._clear()

    def _clear(self) -> None:
        self._chars: list[str] = []
        self._bare: list[str] = []
        self._start = -1
        self._expands = self._splits = self._computed = self._hole = False

    def run(self) -> Script:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._end_word()
        self._end_command("")
        return self._script

    # ---- one character ----------------------------------------------------------------------------------------------

    def _step(self, char: str) -> None:
        if char in " \t\r":
            self._end_word()
            self._at += 1
        elif char == "\\":
            self._escape()
        elif char == "'":
            self._single()
        elif char == '"':
            self._double()
        elif char in "$`":
            self._expansion(quoted=False)
        elif char == "#" and self._start < 0:
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
        elif self._holes and char in "<[" and (hole := _HOLE.match(self._text, self._at)):
            self._take(hole[0], quoted=True)
            self._hole = True
        elif char in "<>" and self._text[self._at + 1 : self._at + 2] == "(":
            self._begin()
            self._computed = True
            self._nest(self._at + 2, "(", ")")
        elif found := _REDIRECTION.match(self._text, self._at):
            self._redirect(found[0])
        elif found := _OPERATOR.match(self._text, self._at):
            self._operator(found[0])
        else:
            self._take(char, quoted=False)

    def _begin(self) -> None:
        if self._start < 0:
            self._start = self._at

    def _take(self, chars: str, *, quoted: bool, width: int = 0) -> None:
        self._begin()
        self._chars.append(chars)
        self._bare.append(_QUOTED * len(chars) if quoted else chars)
        self._at += width or len(chars)

    def _escape(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        if following == "\n":
            self._at += 2
        elif following:
            self._take(following, quoted=True, width=2)
        else:
            self._take("\\", quoted=True)

    def _single(self) -> None:
        self._begin()
        end = self._text.find("'", self._at + 1)
        if end < 0:
            self._script.fault = "a quote is never closed"
            end = len(self._text)
        inner = self._text[self._at + 1 : end]
        self._bare.append(_QUOTED)  # also of '' : a quoted word is no reserved one
        self._take(inner, quoted=True, width=end + 1 - self._at)

    def _double(self) -> None:
        self._begin()
        self._bare.append(_QUOTED)
        self._at += 1
        while self._at < len(self._text) and (char := self._text[self._at]) != '"':
            following = self._text[self._at + 1 : self._at + 2]
            if char == "\\" and following == "\n":
                self._at += 2
            elif char == "\\" and following and following in '$`"\\':
                self._take(following, quoted=True, width=2)
            elif char in "$`":
                self._expansion(quoted=True)
            else:
                self._take(char, quoted=True)
        if self._at >= len(self._text):
            self._script.fault = "a quote is never closed"
        self._at += 1

    def _expansion(self, *, quoted: bool) -> None:
        rest = self._text[self._at + 1 : self._at + 2]
        if self._text[self._at] == "`":
            self._begin()
            self._computed = True
            end = self._text.find("`", self._at + 1)
            self._inner(self._at + 1, end)
        elif rest == "(":
            self._begin()
            self._computed = True
            self._nest(self._at + 2, "(", ")")
        elif found := _VARIABLE.match(self._text, self._at):
            self._expands = True
            self._splits = self._splits or not quoted
            self._take(found[0], quoted=quoted)
        elif rest == "{":
            self._begin()
            self._computed = True
            self._nest(self._at + 2, "{", "}")
        else:
            # $'...' and $"..." have escapes of their own: what they spell is not worked out here.
            self._computed = self._computed or (rest in {"'", '"', "["} and not quoted)
            self._take("$", quoted=quoted)

    def _nest(self, start: int, opening: str, closing: str) -> None:
        """Keep the text up to the bracket that closes. Quotes are skipped roughly: it is computed either way."""
        depth, at = 1, start
        while at < len(self._text):
            char = self._text[at]
            if char == "\\":
                at += 1
            elif char == "'" and (end := self._text.find("'", at + 1)) > 0:
                at = end
            elif char in (opening, closing):
                depth += 1 if char == opening else -1
                if not depth:
                    break
            at += 1
        self._inner(start, at if at < len(self._text) else -1)

    def _inner(self, start: int, end: int) -> None:
        if end < 0:
            self._script.fault = "a substitution is never closed"
            end = len(self._text)
        self._script.nested.append(self._text[start:end])
        self._bare.append(_QUOTED)
        self._at = end + 1

    # ---- words, redirections, operators -----------------------------------------------------------------------------

    def _redirect(self, op: str) -> None:
        fd = "".join(self._chars)
        if self._start >= 0 and fd.isdigit() and _QUOTED not in "".join(self._bare):
            self._clear()
        else:
            fd = ""
            self._end_word()
        self._flush()
        self._pending = (op, fd)
        self._at += len(op)

    def _flush(self) -> None:
        """A redirection whose target never came."""
        if self._pending is not None:
            self._now.redirections.append(Redirection(self._pending[0], None, self._pending[1]))
            self._pending = None

    def _operator(self, op: str) -> None:
        self._end_word()
        self._at += len(op)
        self._script.compound = self._script.compound or op in {"(", ")", ";;", ";&", ";;&"}
        self._end_command(op)

    def _end_word(self) -> None:
        if self._start < 0:
            return
        bare = "".join(self._bare)
        word = Word(
            text="".join(self._chars),
            start=self._start,
            end=min(self._at, len(self._text)),
            expands=self._expands,
            splits=self._splits,
            computed=self._computed or bool(_BRACES.search(bare)),
            pattern=bool(_PATTERN.search(bare)),
            globs=bool(_PATTERN.match(bare)),
            quoted=_QUOTED in bare,
            assigns=bool(_ASSIGNS.match(bare)),
            hole=self._hole,
        )
        self._clear()
        if self._pending is not None:
            self._now.redirections.append(Redirection(self._pending[0], word, self._pending[1]))
            self._pending = None
        elif not self._now.words and not word.quoted and word.text in _RESERVED | _OPENS:
            self._script.compound = self._script.compound or word.text in _OPENS
        else:
            self._now.words.append(word)

    def _end_command(self, op: str) -> None:
        self._flush()
        done = self._now
        done.after = op
        if done.words or done.redirections:
            self._script.commands.append(done)
        self._now = Simple(before=op)
