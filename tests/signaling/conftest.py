from collections.abc import AsyncIterator

import pytest
from support.signaling import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A control plane on fakes; a test that leaves a fault behind fails."""
    made = World()
    yield made
    await made.live.stop()
    assert made.faults == []
