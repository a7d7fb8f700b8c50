"""The real world, put together. Its heavy parts are imported when it is made, not before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from opsguide.core.ports import World
from opsguide.world.secrets import no_trust

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from opsguide.core.ports import Series
    from opsguide.core.settings import Settings


def real_world(
    folder: Path,
    settings: Settings,
    series: Series,
    trusted: Callable[[str, str], bool] = no_trust,
    environment: Mapping[str, str] = os.environ,
) -> World:
    """The world of this machine for the guide in `folder`.

    trusted: (claim id, command text) -> whether a person trusted exactly that, still. Close it with `close_world`.
    """
    from opsguide.world.clock import SystemClock  # noqa: PLC0415 -- aiohttp and psutil cost start time
    from opsguide.world.collect import RealCollect  # noqa: PLC0415 -- as above
    from opsguide.world.files import RealFiles  # noqa: PLC0415 -- as above
    from opsguide.world.hasty import HastySeries  # noqa: PLC0415 -- as above
    from opsguide.world.net import RealNet  # noqa: PLC0415 -- as above
    from opsguide.world.proc import RealProc  # noqa: PLC0415 -- as above
    from opsguide.world.secrets import RealSecrets  # noqa: PLC0415 -- as above

    secrets = RealSecrets(settings.secrets, folder, environment, trusted)
    return World(
        clock=SystemClock(),
        net=RealNet(secrets.mask, folder, secrets.mask_bytes),
        proc=RealProc(secrets.mask),
        files=RealFiles(folder, mask=secrets.mask),
        secrets=secrets,
        series=series if settings.hasten == 1.0 else HastySeries(series, settings.hasten),
        collect=RealCollect(secrets),
        folder=folder,
    )


async def close_world(world: World) -> None:
    """Close what the world's adapters hold open; a simulated world holds nothing."""
    for adapter in (world.net, world.collect):
        close = getattr(adapter, "close", None)
        if close is not None:
            await close()
