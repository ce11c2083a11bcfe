from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.domain import open_storage

from server.storage.sql import SqlStorage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqlStorage]:
    opened = await open_storage(tmp_path)
    yield opened
    await opened.stop()
