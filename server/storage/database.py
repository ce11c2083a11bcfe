"""The database connection: many readers, one writer, and never a wait on the event loop."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import Connection, Executable, RowMapping, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.errors import ConfigError

BUSY_MS = 5000
READERS = 4


def _tune(engine: AsyncEngine, *, writer: bool) -> None:
    """SQLite as it should be: WAL, foreign keys, patience, and writes that queue at BEGIN."""

    def connected(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if writer:
            cursor.execute("PRAGMA journal_mode = WAL")
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

    async def close(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        await self._writer.dispose()

    async def all(self, statement: Executable) -> Sequence[RowMapping]:
        """Every row of a query."""
        async with self._reader.connect() as connection:
            return (await connection.execute(statement)).mappings().all()

    async def first(self, statement: Executable) -> RowMapping | None:
        """The first row of a query."""
        async with self._reader.connect() as connection:
            return (await connection.execute(statement)).mappings().first()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes data: all or nothing, one at a time."""
        async with self._writer.begin() as connection:
            yield connection

    async def change(self, statement: Executable) -> int:
        """Run one changing statement; how many rows it touched."""
        async with self.writing() as connection:
            return (await connection.execute(statement)).rowcount
