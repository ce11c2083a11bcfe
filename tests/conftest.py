"""Fixtures for every test: a detector of calls that would block the event loop."""

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
