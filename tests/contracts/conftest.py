"""Every adapter of the storage port; a further one is added to the list."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.domain import open_storage

from server.storage.port import Storage


@pytest.fixture(params=["sqlite"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await open_storage(tmp_path)
    yield opened
    await opened.stop()
