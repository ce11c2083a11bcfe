"""Sessions and their log in SQL: a batch of facts is folded to its last entities, then written."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Executable, Table, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.facts import fact_data
from server.records import LogEntryView, TranscriptSegment
from server.storage.database import Database
from server.storage.port import PlacedEntry, SessionQuery, StoredSession
from server.storage.rows import Values, from_row, to_row
from server.storage.sql_meetings import member_of
from server.storage.tables import connections, events, participants, sessions, transcript_segments
from signaling.log import (
    CaptionAdded,
    ConnectionChanged,
    ConnectionDescribed,
    Fact,
    LogEntry,
    ParticipantJoined,
    ParticipantLeft,
    QualityChanged,
    SessionChanged,
    SessionDiscarded,
)
from signaling.model import CaptionLine, Connection, Participant, Session, SessionState


@dataclass(slots=True)
class _Batch:
    """What a batch of facts comes to: the last state of each entity, keyed by id."""

    sessions: dict[str, Values] = field(default_factory=dict)
    participants: dict[tuple[str, str], Values] = field(default_factory=dict)
    connections: dict[str, Values] = field(default_factory=dict)
    events: list[Values] = field(default_factory=list)
    segments: list[Values] = field(default_factory=list)
    discarded: set[str] = field(default_factory=set)
    sequences: dict[str, int] = field(default_factory=dict)

    def take(self, placed: PlacedEntry) -> None:
        """Fold one fact in."""
        entry = placed.entry
        self._fold(entry.fact, placed.account)
        if isinstance(entry.fact, CaptionAdded):
            self.segments.append(_segment(entry, entry.fact.caption))
        self.sequences[entry.session_id] = entry.sequence
        self.events.append(
            {
                "position": placed.position,
                "session_id": entry.session_id,
                "meeting_id": entry.meeting_id,
                "account": placed.account,
                "sequence": entry.sequence,
                "at": entry.at,
                "type": entry.fact.type,
                "data": fact_data(entry.fact),
            }
        )

    def _fold(self, fact: Fact, account: str) -> None:
        match fact:
            case SessionChanged(session=session):
                self.sessions[session.id] = {**to_row(session), "account": account}
            case SessionDiscarded(session=session):
                self.discarded.add(session.id)
            case ParticipantJoined(participant=who) | ParticipantLeft(participant=who):
                self.participants[(who.session_id, who.id)] = to_row(who)
            case (
                ConnectionChanged(connection=one)
                | ConnectionDescribed(connection=one)
                | QualityChanged(connection=one)
            ):
                self.connections[one.id] = to_row(one)
            case _:
                pass  # tracks, chat and notices live in the events alone

    def kept(self, rows: Iterable[Values], key: str = "session_id") -> list[Values]:
        """Rows that do not belong to a discarded session."""
        return [row for row in rows if row[key] not in self.discarded]


def _segment(entry: LogEntry, line: CaptionLine) -> Values:
    return to_row(
        TranscriptSegment(
            id=line.id,
            session_id=entry.session_id,
            recording_id=None,
            participant_id=line.participant_id,
            connection_id=line.connection_id,
            name=line.name,
            start=line.start,
            end=line.end,
            text=line.text,
            words=[asdict(word) for word in line.words],
            language=line.language,
            engine=line.engine,
            confidence=line.confidence,
            created_at=entry.at,
        )
    )


def _folded(entries: Sequence[PlacedEntry]) -> _Batch:
    batch = _Batch()
    for placed in entries:
        batch.take(placed)
    return batch


async def _upsert(connection: AsyncConnection, table: Table, rows: list[Values]) -> None:
    if not rows:
        return
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    news = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=news), rows)


class SqlSessions:
    """The session part of the storage port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def write_facts(self, entries: Sequence[PlacedEntry]) -> None:
        """Append facts and bring the entities that they carry up to date, in one transaction."""
        batch = await asyncio.to_thread(_folded, tuple(entries))

        async def work(connection: AsyncConnection) -> None:
            await _upsert(connection, sessions, batch.kept(batch.sessions.values(), "id"))
            await _upsert(connection, participants, batch.kept(batch.participants.values()))
            await _upsert(connection, connections, batch.kept(batch.connections.values()))
            if rows := batch.kept(batch.events):
                await connection.execute(insert(events).on_conflict_do_nothing(), rows)
            if said := batch.kept(batch.segments):
                await connection.execute(insert(transcript_segments).on_conflict_do_nothing(), said)
            await self._number(connection, batch)
            for session_id in batch.discarded:
                await self._forget(connection, session_id)

        await self._db.write(work)

    @staticmethod
    async def _number(connection: AsyncConnection, batch: _Batch) -> None:
        for session_id, sequence in batch.sequences.items():
            if session_id not in batch.discarded:
                await connection.execute(
                    sessions.update()
                    .where(sessions.c.id == session_id)
                    .values(last_sequence=sequence)
                )

    @staticmethod
    async def _forget(connection: AsyncConnection, session_id: str) -> None:
        for table in (events, connections, participants):
            await connection.execute(delete(table).where(table.c.session_id == session_id))
        await connection.execute(delete(sessions).where(sessions.c.id == session_id))

    async def last_position(self) -> int:
        """The largest position ever written; 0 when there is none."""
        row = await self._db.first(select(func.max(events.c.position).label("last")))
        return int(row["last"] or 0) if row else 0

    async def find_session(self, session_id: str) -> StoredSession | None:
        """One session."""
        found = await self._sessions(select(sessions).where(sessions.c.id == session_id))
        return found[0] if found else None

    async def list_sessions(self, query: SessionQuery) -> list[StoredSession]:
        """Sessions, newest first, pending ones left out."""
        statement = (
            select(sessions)
            .where(
                sessions.c.account == query.account,
                sessions.c.state != SessionState.PENDING.value,
            )
            .order_by(sessions.c.id.desc())
            .limit(query.limit)
        )
        if query.before is not None:
            statement = statement.where(sessions.c.id < query.before)
        if query.states:
            statement = statement.where(sessions.c.state.in_([s.value for s in query.states]))
        if query.meeting_id is not None:
            statement = statement.where(sessions.c.meeting_id == query.meeting_id)
        if query.member is not None:
            statement = statement.where(member_of(sessions.c.meeting_id, query.member))
        return await self._sessions(statement)

    async def unfinished_sessions(self) -> list[StoredSession]:
        """Sessions that never ended, of every account."""
        return await self._sessions(
            select(sessions).where(sessions.c.state != SessionState.ENDED.value)
        )

    async def _sessions(self, statement: Executable) -> list[StoredSession]:
        rows = await self._db.all(statement)
        if not rows:
            return []
        ids = [row["id"] for row in rows]
        people: defaultdict[str, list[Participant]] = defaultdict(list)
        links: defaultdict[str, list[Connection]] = defaultdict(list)
        for row in await self._db.all(
            select(participants)
            .where(participants.c.session_id.in_(ids))
            .order_by(participants.c.joined_at, participants.c.id)
        ):
            people[row["session_id"]].append(from_row(Participant, row))
        for row in await self._db.all(
            select(connections)
            .where(connections.c.session_id.in_(ids))
            .order_by(connections.c.created_at, connections.c.id)
        ):
            links[row["session_id"]].append(from_row(Connection, row))
        return [
            StoredSession(
                session=from_row(Session, row),
                account=row["account"],
                participants=tuple(people[row["id"]]),
                connections=tuple(links[row["id"]]),
                last_sequence=row["last_sequence"],
            )
            for row in rows
        ]

    async def list_events(self, session_id: str, *, after: int, limit: int) -> list[LogEntryView]:
        """A session's facts with a larger sequence than `after`, in order."""
        statement = (
            select(events)
            .where(events.c.session_id == session_id, events.c.sequence > after)
            .order_by(events.c.sequence)
            .limit(limit)
        )
        return [from_row(LogEntryView, row) for row in await self._db.all(statement)]

    async def list_events_of_account(
        self, account: str, *, after: int, limit: int
    ) -> list[LogEntryView]:
        """An account's facts with a larger position than `after`, in order."""
        statement = (
            select(events)
            .where(events.c.account == account, events.c.position > after)
            .order_by(events.c.position)
            .limit(limit)
        )
        return [from_row(LogEntryView, row) for row in await self._db.all(statement)]

    async def prune_events(self, before: datetime) -> int:
        """Drop facts of ended sessions from before that time; how many."""
        ended = select(sessions.c.id).where(sessions.c.state == SessionState.ENDED.value)
        return await self._db.change(
            delete(events).where(events.c.at < before, events.c.session_id.in_(ended))
        )
