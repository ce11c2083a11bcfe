from pathlib import Path

import pytest
from support.domain import meeting, open_storage

from server.errors import StartError
from server.storage.port import Storage
from server.storage.sql import SqlStorage


async def test_it_is_a_storage(storage: SqlStorage):
    async def needs(port: Storage) -> int:
        return await port.last_position()

    assert await needs(storage) == 0


async def test_data_survives_a_restart(tmp_path: Path):
    first = await open_storage(tmp_path)
    kept = meeting()
    await first.insert_meeting(kept)
    await first.stop()
    second = await open_storage(tmp_path)
    assert await second.find_meeting(kept.id) == kept
    await second.stop()


async def test_the_directory_is_made(tmp_path: Path):
    opened = await open_storage(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b" / "roomtone.db").exists()
    await opened.stop()


async def test_what_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "roomtone.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StartError, match="database"):
        await open_storage(tmp_path)
