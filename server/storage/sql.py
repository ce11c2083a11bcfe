"""The storage port on SQL (SQLite)."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from server.storage.database import Database
from server.storage.migrate import migrate
from server.storage.sql_bots import SqlBots
from server.storage.sql_integrations import SqlIntegrations
from server.storage.sql_meetings import SqlMeetings, SqlUsers
from server.storage.sql_quality import SqlQuality
from server.storage.sql_recordings import SqlKeys, SqlRecordings
from server.storage.sql_sessions import SqlSessions
from server.storage.sql_transcripts import SqlTranscripts


class SqlStorage(
    SqlMeetings,
    SqlUsers,
    SqlSessions,
    SqlRecordings,
    SqlKeys,
    SqlIntegrations,
    SqlQuality,
    SqlTranscripts,
    SqlBots,
):
    """Everything of the port; `start` before use, `stop` after.

    Args:
        url: SQLAlchemy address such as `sqlite+aiosqlite:////var/lib/roomtone/roomtone.db`.
    """

    def __init__(self, url: str) -> None:
        super().__init__(Database(url))

    async def start(self) -> None:
        """Make the directory, bring the schema up to date."""
        await asyncio.to_thread(self._prepare)

    def _prepare(self) -> None:
        path = self._db.url.database
        if path and path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        migrate(self._db.url)

    async def stop(self) -> None:
        """Close."""
        await self._db.close()

    async def check(self) -> None:
        """Raise when the database does not answer."""
        await self._db.first(text("SELECT 1"))
