"""Samples of connection quality in SQL."""

import dataclasses
from collections.abc import Sequence

from sqlalchemy import and_, delete, or_, select, tuple_
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.quality import STEPS, QualityChunk
from server.storage.tables import quality_chunks as table

_PLACES = 60
_KEY = (table.c.session_id, table.c.connection_id, table.c.stream, table.c.step, table.c.start)


class SqlQuality:
    """`server.storage.quality.QualityStore` on SQL.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    async def save_quality(
        self, chunks: Sequence[QualityChunk], *, instead: Sequence[QualityChunk] = ()
    ) -> None:
        """Insert or replace chunks and drop those that they stand for, in one transaction."""
        statement = insert(table)
        statement = statement.on_conflict_do_update(
            index_elements=list(_KEY), set_={"data": statement.excluded.data}
        )

        async def work(connection: AsyncConnection) -> None:
            if chunks:
                await connection.execute(statement, [dataclasses.asdict(one) for one in chunks])
            if instead:
                keys = [(o.session_id, o.connection_id, o.stream, o.step, o.start) for o in instead]
                await connection.execute(delete(table).where(tuple_(*_KEY).in_(keys)))

        await self._db.write(work)

    async def list_quality(
        self, session_id: str, *, start: int, end: int, participant_id: str | None = None
    ) -> list[QualityChunk]:
        """A session's chunks that begin before `end` and reach beyond `start`, oldest first."""
        reaches = or_(
            *(and_(table.c.step == step, table.c.start > start - _PLACES * step) for step in STEPS)
        )
        statement = (
            select(table)
            .where(table.c.session_id == session_id, table.c.start < end, reaches)
            .order_by(table.c.connection_id, table.c.stream, table.c.start)
        )
        if participant_id is not None:
            statement = statement.where(table.c.participant_id == participant_id)
        return [QualityChunk(**row) for row in await self._db.all(statement)]

    async def old_quality(self, step: int, before: int, limit: int) -> list[QualityChunk]:
        """Chunks of a step that begin before a time, those of one stream side by side."""
        statement = (
            select(table)
            .where(table.c.step == step, table.c.start < before)
            .order_by(*_KEY)
            .limit(limit)
        )
        return [QualityChunk(**row) for row in await self._db.all(statement)]

    async def prune_quality(self, before: int) -> int:
        """Drop chunks that began before a time; how many."""
        return await self._db.change(delete(table).where(table.c.start < before))
