"""For every test: a detector of calls that would block the event loop, and a last deadline."""

import faulthandler
import os
import sys
import threading
from collections.abc import Iterator

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


LAST_DEADLINE_SECONDS = 120
"""Beyond a test's own timeout, whose exception is lost when it is raised inside a callback of the
event loop, or while the loop is being closed: such a test would hang for ever."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End the process of a test that does not end."""
    marker = item.get_closest_marker("timeout")
    own = marker.args[0] if marker else item.config.getoption("timeout", None)
    seconds = float(own or item.config.getini("timeout")) + LAST_DEADLINE_SECONDS
    guard = threading.Timer(seconds, _give_up, (item.nodeid,))
    guard.daemon = True
    guard.start()
    try:
        return (yield)
    finally:
        guard.cancel()


def _give_up(name: str) -> None:
    print(f"{name} does not end", file=sys.__stderr__, flush=True)
    faulthandler.dump_traceback(sys.__stderr__)
    os._exit(70)
