"""Recordings, their files, and API keys in SQL."""

from collections import defaultdict
from datetime import datetime
from enum import Enum

from sqlalchemy import ColumnElement, Executable, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.records import (
    ApiKey,
    RecordingFileView,
    RecordingPlace,
    RecordingView,
    Tombstone,
)
from server.storage.database import Database
from server.storage.port import RecordingQuery
from server.storage.rows import from_row, to_row
from server.storage.sql_meetings import member_of
from server.storage.tables import (
    api_keys,
    meetings,
    recording_files,
    recordings,
    share_accesses,
    shares,
    tombstones,
    transcript_segments,
)
from signaling.model import RecordingState

FINISHED = [RecordingState.READY.value, RecordingState.FAILED.value]


class SqlRecordings:
    """The recording part of the storage port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def save_recording(self, recording: RecordingView) -> None:
        """Insert or replace a recording and its files."""
        values = to_row(recording)
        files: tuple[RecordingFileView, ...] = values.pop("files")
        statement = insert(recordings).values(values)
        news = {name: statement.excluded[name] for name in values if name != "id"}
        gone = delete(recording_files).where(recording_files.c.recording_id == recording.id)
        rows = [{**to_row(file), "position": at} for at, file in enumerate(files)]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_=news)
            )
            await connection.execute(gone)
            if rows:
                await connection.execute(insert(recording_files), rows)

        await self._db.write(work)

    async def find_recording(self, recording_id: str) -> RecordingView | None:
        """One recording."""
        found = await self._recordings(select(recordings).where(recordings.c.id == recording_id))
        return found[0] if found else None

    async def list_recordings(self, query: RecordingQuery) -> list[RecordingView]:
        """Recordings, newest first."""
        table = recordings.c
        statement = (
            select(recordings)
            .where(table.account == query.account)
            .order_by(table.id.desc())
            .limit(query.limit)
        )
        if query.before is not None:
            statement = statement.where(table.id < query.before)
        if query.states:
            statement = statement.where(table.state.in_([state.value for state in query.states]))
        if query.meeting_id is not None:
            statement = statement.where(table.meeting_id == query.meeting_id)
        if query.session_id is not None:
            statement = statement.where(table.session_id == query.session_id)
        if query.member is not None:
            statement = statement.where(member_of(table.meeting_id, query.member))
        if query.text:
            statement = statement.where(_mentions(query.text))
        if query.since is not None:
            statement = statement.where(table.started_at >= query.since)
        if query.until is not None:
            statement = statement.where(table.started_at < query.until)
        return await self._recordings(statement)

    async def recorded_total(self, account: str) -> tuple[int, int]:
        """How many recordings an account has, and the bytes of their recorded files."""
        own = recordings.c.account == account
        many = select(func.count()).select_from(recordings).where(own).scalar_subquery()
        size = func.coalesce(func.sum(recording_files.c.bytes), 0)
        joined = recordings.c.id == recording_files.c.recording_id
        row = await self._db.first(
            select(many.label("many"), size.label("size")).where(own, joined)
        )
        return (row["many"], row["size"]) if row else (0, 0)

    async def unfinished_recordings(self) -> list[RecordingView]:
        """Recordings neither ready nor failed, of every account."""
        return await self._recordings(
            select(recordings).where(recordings.c.state.not_in(FINISHED)).order_by(recordings.c.id)
        )

    async def recordings_ended_before(self, moment: datetime) -> list[RecordingView]:
        """Finished recordings that ended before that time, oldest first, of every account."""
        ended, free = recordings.c.ended_at < moment, recordings.c.held_at.is_(None)
        done = recordings.c.state.in_(FINISHED)
        return await self._recordings(
            select(recordings).where(done, ended, free).order_by("ended_at")
        )

    async def recordings_at(self, *places: RecordingPlace) -> list[RecordingView]:
        """Finished recordings with these places, oldest first, of every account."""
        there = recordings.c.place.in_([place.value for place in places])
        done = recordings.c.state.in_(FINISHED)
        return await self._recordings(
            select(recordings).where(done, there).order_by(recordings.c.id)
        )

    async def rename_recorded(self, recording_id: str, participant_id: str, name: str) -> bool:
        """Call a recorded person otherwise; False when nobody of that id was recorded."""
        theirs = update(recording_files).where(
            recording_files.c.recording_id == recording_id,
            recording_files.c.participant_id == participant_id,
        )
        return await self._db.change(theirs.values(name=name)) > 0

    async def change_recording(self, recording_id: str, **changes: object) -> None:
        """Give some columns of a recording other values."""
        plain = {
            name: value.value if isinstance(value, Enum) else value
            for name, value in changes.items()
        }
        _ = await self._db.change(
            update(recordings).where(recordings.c.id == recording_id).values(plain)
        )

    async def _recordings(self, statement: Executable) -> list[RecordingView]:
        rows = await self._db.all(statement)
        if not rows:
            return []
        files: defaultdict[str, list[RecordingFileView]] = defaultdict(list)
        for row in await self._db.all(
            select(recording_files)
            .where(recording_files.c.recording_id.in_([row["id"] for row in rows]))
            .order_by(recording_files.c.recording_id, recording_files.c.position)
        ):
            files[row["recording_id"]].append(from_row(RecordingFileView, row))
        return [from_row(RecordingView, row, files=tuple(files[row["id"]])) for row in rows]

    async def find_file(self, recording_id: str, file_id: str) -> RecordingFileView | None:
        """One file of a recording."""
        row = await self._db.first(
            select(recording_files).where(
                recording_files.c.id == file_id, recording_files.c.recording_id == recording_id
            )
        )
        return from_row(RecordingFileView, row) if row else None

    async def delete_recording(self, recording_id: str, tombstone: Tombstone) -> bool:
        """Forget a recording, its files, links and transcript, and keep that it was there."""
        links = select(shares.c.id).where(shares.c.recording_id == recording_id)

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(
                delete(share_accesses).where(share_accesses.c.share_id.in_(links))
            )
            await connection.execute(delete(shares).where(shares.c.recording_id == recording_id))
            said = transcript_segments.c.recording_id == recording_id
            await connection.execute(delete(transcript_segments).where(said))
            gone = await connection.execute(
                delete(recordings).where(recordings.c.id == recording_id)
            )
            if gone.rowcount:
                await connection.execute(insert(tombstones).values(to_row(tombstone)))
            return gone.rowcount

        return await self._db.write(work) > 0


def _mentions(text: str) -> ColumnElement[bool]:
    """Title of the meeting or name of somebody recorded; SQLite folds the case of ASCII alone."""
    named = select(recording_files.c.recording_id).where(
        recording_files.c.name.icontains(text, autoescape=True)
    )
    titled = select(meetings.c.id).where(meetings.c.title.icontains(text, autoescape=True))
    return or_(recordings.c.id.in_(named), recordings.c.meeting_id.in_(titled))


class SqlKeys:
    """The API key part of the storage port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def insert_key(self, key: ApiKey) -> None:
        """Keep a new key."""
        await self._db.change(insert(api_keys).values(to_row(key)))

    async def find_key_by_hash(self, digest: str) -> ApiKey | None:
        """The key with this SHA-256, revoked ones included."""
        row = await self._db.first(select(api_keys).where(api_keys.c.hash == digest))
        return from_row(ApiKey, row) if row else None

    async def list_keys(self, account: str) -> list[ApiKey]:
        """Every key of an account, newest first, revoked ones included."""
        statement = (
            select(api_keys).where(api_keys.c.account == account).order_by(api_keys.c.id.desc())
        )
        return [from_row(ApiKey, row) for row in await self._db.all(statement)]

    async def revoke_key(self, key_id: str, at: datetime) -> bool:
        """Refuse a key from now on; False when there is none or it was revoked before."""
        statement = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        return await self._db.change(statement.values(revoked_at=at)) > 0
