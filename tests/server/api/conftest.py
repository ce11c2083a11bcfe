from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.webserver import Web, serving


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path) as web:
        yield web
