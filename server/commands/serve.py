"""`roomtone serve`: build, start, print the banner, serve until told to stop."""

import asyncio
import sys

from media.clock import SystemClock
from server.app import build, engine_settings, fault_reporter
from server.banner import lines
from server.config import Settings
from server.edge import create_application
from server.errors import StartError
from server.lifecycle import Server
from server.observability.logging import configure


def run(settings: Settings, began: float) -> None:
    """Serve.

    Args:
        settings: What the operator wants.
        began: Monotonic seconds when the command began, for the banner.

    Raises:
        ConfigError: Settings that cannot work together.
        StartError: A port is taken, or the data directory cannot be used.
    """
    clock = SystemClock()
    configure(dev=settings.dev)
    try:
        settings.storage.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartError(
            f"the data directory {settings.storage.data} cannot be made: {error.strerror}",
            "Choose another with --data.",
        ) from error
    asyncio.run(_serve(settings, clock, began))


async def _serve(settings: Settings, clock: SystemClock, began: float) -> None:
    app = build(settings, clock=clock)
    server = Server(app, create_application, fault_reporter(app.metrics))

    def ready() -> None:
        advertise = engine_settings(settings).advertise
        for line in lines(app, advertise, clock.monotonic() - began):
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    await server.run(ready)
