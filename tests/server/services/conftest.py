"""Every service on real SQLite, with an engine without media and a clock that obeys."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from support.webserver import starting

from server.services.context import App

Running = Callable[..., AbstractAsyncContextManager[App]]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Start the services of an installation; the same directory is the same installation."""

    @asynccontextmanager
    async def start(**settings: object) -> AsyncIterator[App]:
        async with starting(tmp_path, **settings) as (app, _, _):
            yield app

    return start


@pytest.fixture
async def app(running: Running) -> AsyncIterator[App]:
    async with running() as started:
        yield started
