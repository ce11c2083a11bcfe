"""For every test: a detector of calls that would block the event loop, and a last deadline."""

import asyncio
import faulthandler
import functools
import inspect
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

# A busy machine must not fail a test: speed is measured in bench/.
settings.register_profile("roomtone", deadline=None)
settings.load_profile("roomtone")


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """A blocking call made by our own code on the event loop fails the test."""
    with blockbuster_ctx(["media", "signaling", "server"]) as detector:
        yield detector


SOONER_SECONDS = 5
"""An asynchronous test is cancelled so long before its timeout, and can still close what it opened:
the timeout's exception is lost when it meets the event loop inside a callback."""
LAST_DEADLINE_SECONDS = 120
"""Beyond the timeout, for what waits without the event loop, or for ever at its end."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End the process of a test that does not end."""
    guard = threading.Timer(_seconds(item) + LAST_DEADLINE_SECONDS, _give_up, (item.nodeid,))
    guard.daemon = True
    guard.start()
    try:
        return (yield)
    finally:
        guard.cancel()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Cancel an asynchronous test that does not end."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = _bounded(item.obj, _seconds(item) - SOONER_SECONDS)
    return (yield)


def _bounded(
    test: Callable[..., Awaitable[None]], seconds: float
) -> Callable[..., Awaitable[None]]:
    @functools.wraps(test)
    async def bounded(**fixtures: object) -> None:
        async with asyncio.timeout(seconds):
            await test(**fixtures)

    return bounded


def _seconds(item: pytest.Item) -> float:
    marker = item.get_closest_marker("timeout")
    own = marker.args[0] if marker else item.config.getoption("timeout", None)
    return float(own or item.config.getini("timeout"))


def _give_up(name: str) -> None:
    print(f"{name} does not end", file=sys.__stderr__, flush=True)
    faulthandler.dump_traceback(sys.__stderr__)
    os._exit(70)
