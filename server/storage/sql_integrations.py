"""Workspaces, presets, invitations, webhooks, deliveries, extras, shares: whole records by id."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, Table, delete, func, select
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import (
    Bot,
    BotLogEntry,
    BotPerson,
    Delivery,
    DeliveryState,
    Extra,
    Invitation,
    Preset,
    Share,
    ShareAccess,
    ShareUsage,
    Tombstone,
    Webhook,
    Workspace,
)
from server.storage.database import Database
from server.storage.rows import from_row, to_row
from server.storage.tables import (
    bot_log,
    bot_people,
    bots,
    deliveries,
    extras,
    invitations,
    presets,
    share_accesses,
    shares,
    tombstones,
    webhooks,
    workspaces,
)

R = TypeVar("R")

_TABLES: Mapping[type[object], Table] = {
    Workspace: workspaces,
    Preset: presets,
    Invitation: invitations,
    Webhook: webhooks,
    Delivery: deliveries,
    Extra: extras,
    Share: shares,
    ShareAccess: share_accesses,
    Tombstone: tombstones,
    Bot: bots,
    BotPerson: bot_people,
    BotLogEntry: bot_log,
}


class SqlIntegrations:
    """The integration part of the storage port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def save_record(self, record: object) -> None:
        """Insert or replace a record."""
        await self.save_records((record,))

    async def save_records(self, records: Sequence[object]) -> None:
        """Insert or replace records in one transaction, kind by kind."""
        rows: dict[type[object], list[Mapping[str, object]]] = {}
        for record in records:
            rows.setdefault(type(record), []).append(to_row(record))

        async def work(connection: AsyncConnection) -> None:
            for kind in _TABLES:
                if kind in rows:  # what others refer to comes first
                    statement = _upsert(_TABLES[kind], tuple(rows[kind][0]))
                    _ = await connection.execute(statement, rows[kind])

        await self._db.write(work)

    async def find_record(self, kind: type[R], record_id: str) -> R | None:
        """One record."""
        table = _TABLES[kind]
        row = await self._db.first(select(table).where(table.c.id == record_id))
        return from_row(kind, row) if row else None

    async def list_records(self, kind: type[R], **equal: object) -> list[R]:
        """Records whose columns equal these values, oldest first."""
        table = _TABLES[kind]
        statement = _equal(table, equal).order_by(table.c.id)
        return [from_row(kind, row) for row in await self._db.all(statement)]

    async def page_records(
        self, kind: type[R], *, before: str | None, most: int, **equal: object
    ) -> list[R]:
        """Some of them, newest first."""
        table = _TABLES[kind]
        statement = _equal(table, equal).order_by(table.c.id.desc()).limit(most)
        if before is not None:
            statement = statement.where(table.c.id < before)
        return [from_row(kind, row) for row in await self._db.all(statement)]

    async def delete_record(self, kind: type[object], record_id: str) -> bool:
        """Forget a record; False when there is none."""
        table = _TABLES[kind]
        return await self._db.change(delete(table).where(table.c.id == record_id)) > 0

    async def share_usage(self, recording_id: str) -> dict[str, ShareUsage]:
        """How much each link of a recording was used, by its id; links never used are absent."""
        uses = share_accesses.c
        rows = await self._db.all(
            select(
                uses.share_id,
                func.count().filter(uses.file_id.is_(None)).label("opened"),
                func.max(uses.at).label("last"),
            )
            .join(shares, shares.c.id == uses.share_id)
            .where(shares.c.recording_id == recording_id)
            .group_by(uses.share_id)
        )
        return {row["share_id"]: ShareUsage(row["opened"], row["last"]) for row in rows}

    async def prune_deliveries(self, before: datetime) -> int:
        """Drop finished deliveries from before that time; how many."""
        table = deliveries.c
        return await self._db.change(
            delete(deliveries).where(
                table.updated_at < before, table.state != DeliveryState.PENDING.value
            )
        )


@cache
def _upsert(table: Table, names: tuple[str, ...]) -> Insert:
    statement = insert(table)
    news = {name: statement.excluded[name] for name in names if name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=news)


def _equal(table: Table, equal: Mapping[str, object]) -> Select[tuple[Any, ...]]:
    statement = select(table)
    for name, value in equal.items():
        statement = statement.where(table.c[name] == value)
    return statement
