from __future__ import annotations

import asyncio
import socket

import numpy as np
import pytest
from tests.servers import free_port

from opsguide.core.ports import Collector, Samples, WorldFault
from opsguide.world.collect import RealCollect
from opsguide.world.sim.world import SimSecrets


def _fault(collector: Collector, timeout_s: float = 5.0, secrets: SimSecrets | None = None) -> WorldFault:
    async def ask() -> Samples:
        return await RealCollect(secrets or SimSecrets()).collect(collector, timeout_s)

    with pytest.raises(WorldFault) as fault:
        asyncio.run(ask())
    return fault.value


@pytest.mark.parametrize(("kind", "scheme"), [("redis", "redis"), ("mysql", "mysql"), ("postgresql", "postgresql")])
def test_a_server_that_is_down_is_refused(kind: str, scheme: str) -> None:
    fault = _fault(Collector("x", kind, f"{scheme}://u:p@127.0.0.1:{free_port()}/0"))
    assert fault.says == "refused"


@pytest.mark.parametrize(("kind", "scheme"), [("redis", "redis"), ("mysql", "mysql"), ("postgresql", "postgresql")])
def test_a_server_that_is_silent_times_out(kind: str, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fault = _fault(Collector("x", kind, f"{scheme}://u:p@127.0.0.1:{silent.getsockname()[1]}/0"), 1.0)
    assert fault.says == "timeout"


@pytest.mark.parametrize("kind", ["nothing", "os.path", "", "sheet2"])
def test_a_collector_nobody_wrote_is_named(kind: str) -> None:
    assert _fault(Collector("x", kind)).says == "not_found"


def test_a_missing_secret_is_named_and_a_known_one_is_never_shown() -> None:
    assert "PW" in _fault(Collector("x", "redis", "redis://:${PW}@127.0.0.1:1/0")).detail
    secrets = SimSecrets({"HOST": "canary.invalid"})
    fault = _fault(Collector("x", "redis", "redis://${HOST}:1/0"), secrets=secrets)
    assert "canary" not in fault.detail


def test_a_collection_that_still_hangs_is_not_started_again() -> None:
    async def twice() -> str:
        collect = RealCollect(SimSecrets())
        with socket.create_server(("127.0.0.1", 0)) as silent:
            collector = Collector("x", "redis", f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
            first = asyncio.ensure_future(collect.collect(collector, 0.3))
            await asyncio.sleep(0)
            with pytest.raises(WorldFault, match="has not ended") as fault:
                await collect.collect(collector, 0.3)
            with pytest.raises(WorldFault):
                await first
        return fault.value.says

    assert asyncio.run(twice()) == "timeout"


def test_a_hanging_thread_is_left_alone_and_no_second_one_joins_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from opsguide.world.collect import host

    free, started = threading.Event(), []

    def hang() -> Samples:
        started.append(1)
        free.wait(20)
        return Samples(["up"], np.array([1.0]))

    monkeypatch.setattr(host, "host_samples", hang)

    async def thrice() -> Samples:
        collect, node = RealCollect(SimSecrets()), Collector("node", "host")
        for why in ("did not answer", "has not ended"):
            with pytest.raises(WorldFault, match=why):
                await collect.collect(node, 0.05)
        assert len(started) == 1
        free.set()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        return await collect.collect(node, 5.0)

    assert list(asyncio.run(thrice()).keys) == ["up"]
    assert len(started) == 2
