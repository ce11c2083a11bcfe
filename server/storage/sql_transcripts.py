"""What was said, in SQL."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import RecordingView, TranscriptSegment
from server.storage.database import Database
from server.storage.rows import from_row, to_row
from server.storage.tables import events
from server.storage.tables import transcript_segments as table
from signaling.log import CaptionAdded


class SqlTranscripts:
    """`server.storage.port.TranscriptStore` on SQL.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    async def list_segments(
        self, session_id: str, *, recording_id: str | None = None
    ) -> list[TranscriptSegment]:
        """What was made live in a session, or from one of its recordings; by start and end."""
        made_from = table.c.recording_id.is_not_distinct_from(recording_id)
        statement = (
            select(table)
            .where(table.c.session_id == session_id, made_from)
            .order_by(table.c.start, table.c.end, table.c.id)
        )
        return [from_row(TranscriptSegment, row) for row in await self._db.all(statement)]

    async def transcribed(self, recordings: Sequence[RecordingView]) -> set[str]:
        """Ids of those of which something that was said is written down."""
        made = select(table.c.recording_id.label("id")).where(
            table.c.recording_id.in_([one.id for one in recordings])
        )
        live = select(table.c.session_id.label("id")).where(
            table.c.recording_id.is_(None),
            table.c.session_id.in_([one.session_id for one in recordings]),
        )
        found = {row["id"] for row in await self._db.all(union(made, live))}
        return {one.id for one in recordings if one.id in found or one.session_id in found}

    async def replace_segments(
        self, recording_id: str, segments: Sequence[TranscriptSegment]
    ) -> None:
        """Keep what was made from a recording instead of what was before, in one transaction."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(table).where(table.c.recording_id == recording_id))
            if segments:
                await connection.execute(insert(table), [to_row(one) for one in segments])

        await self._db.write(work)

    async def delete_segments(self, session_id: str) -> int:
        """Forget everything that was said in a session, in its log too; how many segments."""

        async def work(connection: AsyncConnection) -> int:
            said = events.c.type == CaptionAdded.type
            await connection.execute(delete(events).where(events.c.session_id == session_id, said))
            gone = await connection.execute(delete(table).where(table.c.session_id == session_id))
            return gone.rowcount

        return await self._db.write(work)
