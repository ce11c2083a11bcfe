import pytest
from support.hall import Hall

from media.workers.remote import WorkerEngine


@pytest.fixture
async def hall():
    """Two workers in processes of their own, and the people in them."""
    hall = Hall(make=lambda settings, clock, fault: WorkerEngine(settings, 2, 1.0, clock, fault))
    await hall.engine.start()
    yield hall
    await hall.close()
