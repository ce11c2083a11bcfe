"""Every service on real SQLite, with an engine without media and a clock that obeys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from support.clock import FakeClock
from support.engine import FakeEngine

from server.app import build
from server.config import Settings
from server.services.context import App

SECRET = "a secret of at least thirty-two characters"
Running = Callable[..., AbstractAsyncContextManager[App]]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Start the services of an installation; the same directory is the same installation."""

    @asynccontextmanager
    async def start(**settings: object) -> AsyncIterator[App]:
        groups = {"dev": True, "auth": {"secret": SECRET}, "storage": {"data": tmp_path}}
        tree = Settings.model_validate({**groups, **settings})
        engine, clock = FakeEngine(), FakeClock()
        app = await asyncio.to_thread(build, tree, clock=clock, make_engine=lambda *_: engine)
        await app.storage.start()
        await app.tracker.start()
        await app.recordings.start_writing()
        await app.live.start()
        yield app
        await app.bots.close()
        await app.live.stop()
        await app.recordings.stop_all()
        await app.tracker.stop()
        await app.documents.close()
        await app.storage.stop()

    return start


@pytest.fixture
async def app(running: Running) -> AsyncIterator[App]:
    async with running() as started:
        yield started
