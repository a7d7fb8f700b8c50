"""core.ports.Series on this machine: the head in memory, its log on disk, one thread that owns both."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from opsguide.core.ports import Answer, Blind, Metric, Point, RangeAnswer
from opsguide.engines.promql import QueryFault, Vector, many, parse, range_
from opsguide.engines.series import RETENTION_S, Head, to_ms
from opsguide.store.serieslane import Inline, SeriesThread, Turn
from opsguide.store.serieslog import RETRY_MS, Scrape, SeriesLog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from opsguide.core.ports import Samples, Target
    from opsguide.engines.promql import Blindness, Query

T = TypeVar("T")
_SYNC_MS = 1_000
_EXPIRE_MS = 60_000


class SeriesStore:
    """Samples of the last 6 hours, answering PromQL. folder None: in memory only.

    inline: everything runs in the caller (virtual time; always so without a folder). real_io: entered around every wait
    for the thread. A full or broken disk costs only the log: `fault` says what is wrong, `dropped_records` counts.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        inline: bool = False,
        real_io: Callable[[], AbstractContextManager[None]] = nullcontext,
        retention_s: float = RETENTION_S,
    ) -> None:
        """Nothing is read yet; `open` does, or the first call."""
        self.head = Head(retention_s)
        self.fault = ""
        self.dropped_records = 0
        self._log = None if folder is None else SeriesLog(folder, to_ms(retention_s))
        self._inline = inline or folder is None
        self._real_io = real_io
        self._lane: SeriesThread | Inline | None = None
        self._recovered = False
        self._failed_ms: int | None = None
        self._synced_ms = 0
        self._expired_ms = 0

    @property
    def lost(self) -> tuple[tuple[float, float], ...]:
        """Intervals (Unix seconds) of which the log had lost samples when it was read."""
        if self._log is None:
            return ()
        return tuple((since / 1000, until / 1000) for since, until in self._log.damage.lost)

    @property
    def counters(self) -> Mapping[str, float]:
        """What the store says of itself, for /metrics."""
        damage = None if self._log is None else self._log.damage
        return {
            "series": float(self.head.series),
            "targets": float(len(self.head.groups)),
            "late_scrapes": float(self.head.rejected),
            "dropped_records": float(self.dropped_records),
            "lost_intervals": float(len(self.lost)),
            "bad_bytes": float(0 if damage is None else damage.bad_bytes),
            "torn_bytes": float(0 if damage is None else damage.torn_bytes),
        }

    # ---- the port ----------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read the log of earlier runs. Never fails: what cannot be read is in `lost` and `fault`."""
        await self._run(Turn.RULE, lambda: None)

    async def append(self, target: Target, at: float, samples: Samples) -> None:
        """Append one scrape; series of the target that are missing from it become stale at `at`."""
        await self._run(Turn.SCRAPE, lambda: self._append(target, at, samples))

    async def query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        """Evaluate all at one instant, sharing selectors and rates. A query's own fault is its answer's `error`."""
        return await self._run(Turn.RULE, lambda: self._query_many(exprs, at))

    async def query_range(self, expr: str, start: float, end: float, step_s: float) -> RangeAnswer:
        """Evaluate at start, start + step, ... <= end."""
        return await self._run(Turn.PAGE, lambda: self._query_range(expr, start, end, step_s))

    async def catalogue(self) -> Mapping[str, Metric]:
        """Every metric name seen in the last 6 hours, as of the newest scrape of any target."""
        return await self._run(Turn.PAGE, self._catalogue)

    async def sync(self) -> None:
        """All that was appended before is on the disk (unless `fault` says otherwise)."""
        await self._run(Turn.PAGE, self._sync)

    async def close(self) -> None:
        """Finish what waits, sync and close."""
        if self._lane is not None:
            await self._lane.close()
        if self._log is not None:
            try:
                self._log.close()
            except OSError as error:
                self._failed(error, self._synced_ms)

    async def _run(self, turn: Turn, errand: Callable[[], T]) -> T:
        if self._lane is None:
            self._lane = Inline() if self._inline else SeriesThread(self._sync, self._real_io)

        def recovered() -> T:
            self._recover()
            return errand()

        return await self._lane.run(turn, errand if self._recovered else recovered)

    # ---- in the series thread ----------------------------------------------------------------------------------------

    def _recover(self) -> None:
        if self._recovered:
            return
        self._recovered = True
        if self._log is None:
            return
        try:
            for scrape in self._log.read():
                self.head.append(
                    scrape.target, scrape.labels, scrape.at_ms / 1000, scrape.keys, scrape.values, scrape.kinds
                )
        except OSError as error:
            self._failed(error, 0)

    def _append(self, target: Target, at: float, samples: Samples) -> None:
        values = np.asarray(samples.values, dtype=np.float64)
        if not self.head.append(target.key, target.labels, at, samples.keys, values, samples.kinds):
            return
        at_ms = to_ms(at)
        if at_ms - self._expired_ms >= _EXPIRE_MS:
            self._expired_ms = at_ms
            self.head.expire(at)
        self._write(Scrape(target.key, target.labels, at_ms, list(samples.keys), values, dict(samples.kinds)))

    def _write(self, scrape: Scrape) -> None:
        if self._log is None:
            return
        if self._failed_ms is not None and abs(scrape.at_ms - self._failed_ms) < RETRY_MS:
            self.dropped_records += 1
            return
        try:
            self._log.write(scrape)
            self._failed_ms, self.fault = None, ""
            if abs(scrape.at_ms - self._synced_ms) >= _SYNC_MS:
                self._synced_ms = scrape.at_ms
                self._log.sync()
        except OSError as error:
            self.dropped_records += 1
            self._failed(error, scrape.at_ms)

    def _failed(self, error: OSError, at_ms: int) -> None:
        self._failed_ms = at_ms
        self.fault = f"samples are kept in memory only: {error.strerror or error}"

    def _sync(self) -> None:
        if self._log is not None and self._log.dirty:
            try:
                self._log.sync()
            except OSError as error:
                self._failed(error, self._synced_ms)

    def _query_many(self, exprs: Sequence[str], at: float) -> Sequence[Answer]:
        parsed = [_parsed(expr) for expr in exprs]
        queries = [query for query in parsed if not isinstance(query, QueryFault)]
        try:
            found = iter(many(queries, self.head, at))
        except Exception:  # noqa: BLE001 -- one query that meets a fault of ours must not silence the other rules
            found = iter([self._alone(query, at) for query in queries])
        return [_answer(query if isinstance(query, QueryFault) else next(found)) for query in parsed]

    def _alone(self, query: Query, at: float) -> Vector | QueryFault:
        try:
            return many([query], self.head, at)[0]
        except Exception as error:  # noqa: BLE001 -- as above: it is told in the answer of this query
            return QueryFault(f"a fault of opsguide: {type(error).__name__}: {error}")

    def _query_range(self, expr: str, start: float, end: float, step_s: float) -> RangeAnswer:
        try:
            found = range_(parse(expr), self.head, start, end, step_s)
        except QueryFault as fault:
            return RangeAnswer((), np.empty(0), np.empty((0, 0)), error=fault.message)
        return RangeAnswer(found.labels, found.times, found.values, _blinds(found.blind))

    def _catalogue(self) -> Mapping[str, Metric]:
        newest_s = max((group.newest_ms for group in self.head.groups.values()), default=0) / 1000
        facts = self.head.facts(newest_s).values()
        return {f.name: Metric(f.name, f.kind, f.series, f.last_s, f.labels, f.stale) for f in facts}


def _parsed(expr: str) -> Query | QueryFault:
    try:
        return parse(expr)
    except QueryFault as fault:
        return fault


def _answer(found: Vector | QueryFault) -> Answer:
    if isinstance(found, QueryFault):
        return Answer((), error=found.message)
    if found.kind == "string":
        return Answer((), error="the query is a string, not a vector")
    points = tuple(Point(labels, value) for labels, value in zip(found.labels, found.values.tolist(), strict=True))
    return Answer(points, _blinds(found.blind), scalar=found.kind == "scalar", partly=_blinds(found.partly))


def _blinds(found: Sequence[Blindness]) -> tuple[Blind, ...]:
    return tuple(Blind(blindness.selector, blindness.why, blindness.labels) for blindness in found)
