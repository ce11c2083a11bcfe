"""A clock that stands still and a writer thread that runs."""

from collections.abc import Iterator

import pytest
from support.clock import FakeClock

from media.recording.writer import WriterThread


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def writer(clock: FakeClock) -> Iterator[WriterThread]:
    thread = WriterThread(clock)
    thread.start()
    yield thread
    thread.stop()
