"""The database connection: many readers, one writer, and never a wait on the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Executable, RowMapping, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.errors import ConfigError

logger = structlog.get_logger(__name__)
_T = TypeVar("_T")

BUSY_MS = 5000
READERS = 4


def _tune(engine: AsyncEngine, *, writer: bool) -> None:
    """SQLite as it should be: foreign keys, patience, and writes that queue at BEGIN.

    Write-ahead is the file's own, see `migrate`.
    """

    def connected(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if writer:
            cursor.execute("PRAGMA synchronous = NORMAL")  # a power cut costs the last commits
            cursor.execute("PRAGMA foreign_keys = ON")
        else:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


class Database:
    """Runs statements; each write is one transaction and writes never overlap.

    What has begun is brought to its end, also when the caller is cancelled meanwhile: a
    transaction cut off in its middle would hold the file's only write lock until its connection
    happens to be closed.

    Args:
        url: SQLAlchemy address with an asynchronous driver.

    Raises:
        ConfigError: The address names a database that is not supported.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            raise ConfigError(
                f"storage.database_url names {parsed.get_backend_name()}, only SQLite is supported",
                "Leave it out to keep everything in the data directory.",
            )
        self.url = parsed.set(drivername="sqlite+aiosqlite")
        self._writer = create_async_engine(
            self.url, pool_size=1, max_overflow=0, pool_timeout=60, echo=False
        )
        self._reader = create_async_engine(self.url, pool_size=READERS, max_overflow=0)
        _tune(self._writer, writer=True)
        _tune(self._reader, writer=False)
        self._running: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Let what runs come to its end, then close every connection."""
        while self._running:
            _ = await asyncio.wait(tuple(self._running))
        await self._reader.dispose()
        await self._writer.dispose()

    async def all(self, statement: Executable) -> Sequence[RowMapping]:
        """Every row of a query."""
        return await self._whole(self._read(statement))

    async def first(self, statement: Executable) -> RowMapping | None:
        """The first row of a query."""
        return await self._whole(self._read_first(statement))

    async def write(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """Run a transaction that changes data: all or nothing, one at a time.

        Args:
            work: Its statements, on the connection that it is given; nothing else is awaited there.
        """
        return await self._whole(self._transaction(work))

    async def change(self, statement: Executable) -> int:
        """Run one changing statement; how many rows it touched."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self.write(work)

    async def returned(self, statement: Executable) -> RowMapping:
        """Run one changing statement that returns one row."""

        async def work(connection: AsyncConnection) -> RowMapping:
            return (await connection.execute(statement)).mappings().one()

        return await self.write(work)

    async def _read(self, statement: Executable) -> Sequence[RowMapping]:
        async with self._reader.connect() as connection:
            return (await connection.execute(statement)).mappings().all()

    async def _read_first(self, statement: Executable) -> RowMapping | None:
        async with self._reader.connect() as connection:
            return (await connection.execute(statement)).mappings().first()

    async def _transaction(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        async with self._writer.begin() as connection:
            return await work(connection)

    async def _whole(self, work: Coroutine[Any, Any, _T]) -> _T:
        task = asyncio.get_running_loop().create_task(work, name="database")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_report)
            raise


def _report(task: asyncio.Task[Any]) -> None:
    """Tell of a failure that nobody waits for any more."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("a statement failed after its caller had gone", exc_info=error)
