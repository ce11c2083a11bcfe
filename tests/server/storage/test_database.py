"""SQLite set up as it should be: one writer, readers that cannot write."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.errors import ConfigError
from server.storage.database import Database
from server.storage.sql import SqlStorage


def test_another_database_is_refused_with_a_hint():
    with pytest.raises(ConfigError, match="postgresql") as refused:
        Database("postgresql+asyncpg://localhost/x")
    assert refused.value.hint


async def test_the_journal_is_write_ahead_and_keys_are_enforced(storage: SqlStorage):
    async with storage._db.writing() as connection:
        mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar()
        keys = (await connection.execute(text("PRAGMA foreign_keys"))).scalar()
    assert (mode, keys) == ("wal", 1)


async def test_readers_cannot_write(storage: SqlStorage):
    with pytest.raises(OperationalError, match="readonly"):
        await storage._db.first(text("DELETE FROM meetings"))


async def test_a_failed_transaction_leaves_nothing(storage: SqlStorage):
    insert = text("INSERT INTO users (id, sub) VALUES ('1', 'user_01')")

    async def twice() -> None:
        async with storage._db.writing() as connection:
            await connection.execute(insert)
            await connection.execute(insert)

    with pytest.raises(Exception, match="UNIQUE"):
        await twice()
    assert await storage.find_user("user_01") is None


async def test_writers_queue_up(storage: SqlStorage):
    async def add(number: int) -> int:
        statement = text(f"INSERT INTO users (id, sub) VALUES ('{number}', '{number}')")
        return await storage._db.change(statement)

    assert await asyncio.gather(*(add(n) for n in range(20))) == [1] * 20


async def test_two_processes_may_write_in_turn(storage: SqlStorage, tmp_path: Path):
    other = await asyncio.to_thread(SqlStorage, str(storage._db.url))
    await other.start()
    try:
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate((storage, other) * 5):
                statement = text(f"INSERT INTO users (id, sub) VALUES ('{number}', '{number}')")
                group.create_task(one._db.change(statement))
        rows = await other._db.all(text("SELECT id FROM users"))
    finally:
        await other.stop()
    assert len(rows) == 10
