"""A simulated world: answers are scripted, everything asked is recorded, waiting is virtual.

    sim = SimWorld()
    sim.net.on("http://api:8080/health", reply(200))
    sim.net.on("http://api:8080/metrics", WorldFault("refused", "nobody listens"))
    evidence = run(KIND.run(batch, sim.world))

An answer is a reply, a fault, or a function of the request that gives one; scripting a prefix again replaces it.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from opsguide.core.ports import (
    Answer,
    Finished,
    HttpReply,
    MailReply,
    Metric,
    RangeAnswer,
    Samples,
    World,
    WorldFault,
)
from opsguide.world.sim.loop import SimClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opsguide.core.nouns import Labels
    from opsguide.core.ports import Clock, Collect, Collector, Command, HttpRequest, Mail, Series, Target

Q = TypeVar("Q")
A = TypeVar("A")
_REFERENCE = re.compile(r"\$\{(\w+)\}")


def reply(status: int = 200, body: bytes | str = b"", headers: Labels = ()) -> HttpReply:
    """An HTTP answer with plausible phases."""
    data = body.encode() if isinstance(body, str) else body
    return HttpReply(status, headers, data, {"connect": 0.001, "first_byte": 0.004, "total": 0.005})


@dataclass(slots=True)
class Script(Generic[Q, A]):
    """Scripted answers, newest first."""

    answers: list[tuple[Callable[[str], bool], A | WorldFault | Callable[[Q], A | WorldFault], float]]

    def put(
        self, fits: Callable[[str], bool], answer: A | WorldFault | Callable[[Q], A | WorldFault], after_s: float
    ) -> None:
        """Answer so from now on."""
        self.answers.insert(0, (fits, answer, after_s))

    async def play(self, name: str, query: Q, timeout_s: float, otherwise: A | WorldFault) -> A:
        """The newest answer that fits `name`, `after_s` later; a fault `timeout` where that is past the limit."""
        found, after_s = next(((a, s) for fits, a, s in self.answers if fits(name)), (otherwise, 0.0))
        if after_s > timeout_s:
            await asyncio.sleep(timeout_s)
            raise WorldFault("timeout", f"no answer within {timeout_s:g} s")
        if after_s:
            await asyncio.sleep(after_s)
        outcome = found(query) if callable(found) else found
        if isinstance(outcome, WorldFault):
            raise WorldFault(outcome.says, outcome.detail, outcome.tls_not_after)
        return outcome


class SimNet:
    """A network of scripted hosts. requests: (virtual time, request); mails: what was handed to `smtp`."""

    def __init__(self, clock: Clock) -> None:
        self.requests: list[tuple[float, HttpRequest]] = []
        self.mails: list[tuple[float, Mail]] = []
        self._clock = clock
        self._http: Script[HttpRequest, HttpReply] = Script([])
        self._tcp: Script[str, float] = Script([])
        self._smtp: Script[Mail, MailReply] = Script([])

    def on(
        self,
        prefix: str,
        answer: HttpReply | WorldFault | Callable[[HttpRequest], HttpReply | WorldFault],
        after_s: float = 0.0,
    ) -> None:
        """Answer every URL that begins with `prefix`, until scripted again."""
        self._http.put(lambda url: url.startswith(prefix), answer, after_s)

    def on_tcp(self, address: str, answer: float | WorldFault) -> None:
        """Answer connects to `host:port` with the seconds they took."""
        self._tcp.put(lambda asked: asked == address, answer, 0.0)

    def on_smtp(self, address: str, answer: MailReply | WorldFault | Callable[[Mail], MailReply | WorldFault]) -> None:
        """Answer mails for the server at `host:port`; without a script it answers 250."""
        self._smtp.put(lambda asked: asked == address, answer, 0.0)

    async def http(self, request: HttpRequest) -> HttpReply:
        """The scripted answer; `refused` where nobody listens, `too_large` past the request's limit."""
        self.requests.append((self._clock.now(), request))
        refused = WorldFault("refused", f"nobody listens at {request.url}")
        answer = await self._http.play(request.url, request, request.timeout_s, refused)
        if len(answer.body) > request.limit_bytes and request.cut:
            return replace(answer, body=answer.body[: request.limit_bytes])
        if len(answer.body) > request.limit_bytes:
            raise WorldFault("too_large", f"the body is larger than {request.limit_bytes} bytes")
        return answer

    async def tcp(self, host: str, port: int, timeout_s: float) -> float:
        """The scripted seconds; `refused` where nothing is scripted."""
        address = f"{host}:{port}"
        return await self._tcp.play(address, address, timeout_s, WorldFault("refused", f"{address} refused"))

    async def smtp(self, mail: Mail) -> MailReply:
        """The scripted reply, or 250."""
        self.mails.append((self._clock.now(), mail))
        return await self._smtp.play(f"{mail.host}:{mail.port}", mail, mail.timeout_s, MailReply(250, "queued"))


class SimProc:
    """Commands with scripted ends. commands: (virtual time, command)."""

    def __init__(self, clock: Clock) -> None:
        self.commands: list[tuple[float, Command]] = []
        self._clock = clock
        self._script: Script[Command, Finished] = Script([])

    def on(
        self,
        pattern: str,
        answer: Finished | WorldFault | Callable[[Command], Finished | WorldFault],
        after_s: float = 0.0,
    ) -> None:
        """Answer every command line that the shell-style `pattern` fits (`*` for any text)."""
        self._script.put(lambda text: fnmatchcase(text, pattern), answer, after_s)

    async def run(self, command: Command) -> Finished:
        """The scripted end; code 127 where nothing is scripted."""
        self.commands.append((self._clock.now(), command))
        unknown = Finished(127, f"{command.text.split()[0] if command.text.split() else ''}: command not found", 0.0)
        return await self._script.play(command.text, command, command.timeout_s, unknown)


@dataclass(slots=True)
class SimFiles:
    """Files by path; programs: the names on the PATH."""

    content: dict[str, bytes] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)

    async def exists(self, path: str) -> bool:
        """Whether it is there, as a file or as a folder of one."""
        return path in self.content or any(name.startswith(path.rstrip("/") + "/") for name in self.content)

    async def read(self, path: str, limit_bytes: int = 1 << 20) -> bytes:
        """Its content within the limit."""
        if path not in self.content:
            raise WorldFault("not_found", f"{path} does not exist")
        if len(self.content[path]) > limit_bytes:
            raise WorldFault("too_large", f"{path} is larger than {limit_bytes} bytes")
        return self.content[path]

    async def program(self, name: str) -> bool:
        """Whether it is among the programs."""
        return name in self.programs


@dataclass(slots=True)
class SimSecrets:
    """Secrets by name with any purpose; trusts: (claim, text) that a person trusted."""

    values: dict[str, str] = field(default_factory=dict)
    trusts: set[tuple[str, str]] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    def resolve(self, text: str, purpose: str) -> str:
        """`text` with its references filled."""
        if missing := self.missing(text):
            raise WorldFault("not_found", f"secret {missing[0]} has no value for {purpose}")
        return _REFERENCE.sub(lambda found: self.values[found[1]], text)

    def missing(self, text: str) -> Sequence[str]:
        """Names without a value."""
        return [name for name in _REFERENCE.findall(text) if name not in self.values]

    def mask(self, text: str) -> str:
        """`text` with every value replaced."""
        for value in sorted(filter(None, {*self.values.values(), *self.hidden}), key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    def hide(self, value: str) -> None:
        """Mask this value too from now on."""
        self.hidden.add(value)

    def trusted(self, claim: str, text: str) -> bool:
        """Whether it is among `trusts`."""
        return (claim, text) in self.trusts


@dataclass(slots=True)
class SimSeries:
    """Records what is appended; answers queries from `answers`, and with nothing otherwise."""

    appended: list[tuple[Target, float, Samples]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)

    async def append(self, target: Target, at: float, samples: Samples) -> None:
        """Remember it."""
        self.appended.append((target, at, samples))

    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:  # noqa: ARG002 -- the port's signature
        """The scripted answers."""
        return [self.answers.get(expr, Answer(())) for expr in exprs]

    async def query_range(self, expr: str, start: float, end: float, step_s: float) -> RangeAnswer:  # noqa: ARG002 -- the port's signature
        """Nothing over any range."""
        times = np.arange(start, end + step_s / 2, step_s)
        return RangeAnswer((), times, np.empty((0, len(times))))

    async def catalogue(self) -> Mapping[str, Metric]:
        """The scripted metrics."""
        return self.metrics

    def last(self, key: str, target: str | None = None) -> float | None:
        """The newest value appended under a key (of a target), None where there is none."""
        for where, _, samples in reversed(self.appended):
            if key in samples.keys and target in {None, where.key}:
                return float(samples.values[list(samples.keys).index(key)])
        return None


@dataclass(slots=True)
class SimCollect:
    """Collectors by name with scripted samples; `refused` where nothing is scripted."""

    samples: dict[str, Samples | WorldFault] = field(default_factory=dict)

    async def collect(self, collector: Collector, timeout_s: float) -> Samples:  # noqa: ARG002 -- the port's signature
        """The scripted samples."""
        found = self.samples.get(collector.name, WorldFault("refused", f"nobody listens at {collector.name}"))
        if isinstance(found, WorldFault):
            raise WorldFault(found.says, found.detail)
        return found


class SimWorld:
    """All twins together; `world` is what a kind's run takes. series and collect may be real ones."""

    def __init__(
        self,
        *,
        clock: SimClock | None = None,
        series: Series | None = None,
        collect: Collect | None = None,
        folder: Path = Path(),
    ) -> None:
        self.clock = clock or SimClock()
        self.net = SimNet(self.clock)
        self.proc = SimProc(self.clock)
        self.files = SimFiles()
        self.secrets = SimSecrets()
        self.series = SimSeries()
        self.collect = SimCollect()
        self.world = World(
            clock=self.clock,
            net=self.net,
            proc=self.proc,
            files=self.files,
            secrets=self.secrets,
            series=series or self.series,
            collect=collect or self.collect,
            folder=folder,
        )
