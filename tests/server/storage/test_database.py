"""SQLite set up as it should be: one writer, readers that cannot write."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs
from support.wait import until

from server.errors import ConfigError
from server.storage.database import Database
from server.storage.sql import SqlStorage


def test_another_database_is_refused_with_a_hint():
    with pytest.raises(ConfigError, match="postgresql") as refused:
        Database("postgresql+asyncpg://localhost/x")
    assert refused.value.hint


async def test_the_journal_is_write_ahead_and_keys_are_enforced(storage: SqlStorage):
    async def pragmas(connection: AsyncConnection) -> tuple[str, int]:
        mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
        return mode, (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one()

    assert await storage._db.write(pragmas) == ("wal", 1)


async def test_readers_cannot_write(storage: SqlStorage):
    with pytest.raises(OperationalError, match="readonly"):
        await storage._db.first(text("DELETE FROM meetings"))


async def test_a_failed_transaction_leaves_nothing(storage: SqlStorage):
    insert = text("INSERT INTO users (id, sub) VALUES ('1', 'user_01')")

    async def twice(connection: AsyncConnection) -> None:
        await connection.execute(insert)
        await connection.execute(insert)

    with pytest.raises(Exception, match="UNIQUE"):
        await storage._db.write(twice)
    assert await storage.find_user("user_01") is None


async def test_writers_queue_up(storage: SqlStorage):
    async def add(number: int) -> int:
        statement = text(f"INSERT INTO users (id, sub) VALUES ('{number}', '{number}')")
        return await storage._db.change(statement)

    assert await asyncio.gather(*(add(n) for n in range(20))) == [1] * 20


async def test_a_write_whose_caller_goes_is_done_whole(storage: SqlStorage):
    async def add(number: int) -> int:
        statement = text(f"INSERT INTO users (id, sub) VALUES ('{number}', '{number}')")
        return await storage._db.change(statement)

    for number in range(40):
        task = asyncio.create_task(add(number))
        for _ in range(number % 20):  # cut off at every stage
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert await add(99) == 1  # nobody holds the lock
    rows = await storage._db.all(text("SELECT count(*) AS n FROM users"))
    assert rows[0]["n"] >= 38  # the two that never began are not there
    assert [task for task in asyncio.all_tasks() if task.get_name() == "database"] == []


async def test_closing_lets_writes_come_to_their_end(storage: SqlStorage):
    statement = text("INSERT INTO users (id, sub) VALUES ('1', 'user_01')")
    task = asyncio.create_task(storage._db.change(statement))
    await asyncio.sleep(0)
    task.cancel()
    await storage._db.close()
    assert await storage.find_user("user_01") is not None


async def test_a_failure_that_nobody_waits_for_is_told(storage: SqlStorage):
    with capture_logs() as logs:
        task = asyncio.create_task(storage._db.change(text("INSERT INTO nowhere VALUES (1)")))
        await asyncio.sleep(0)
        task.cancel()
        await storage._db.close()
        await until(lambda: bool(logs))
    assert [one["event"] for one in logs] == ["a statement failed after its caller had gone"]


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
