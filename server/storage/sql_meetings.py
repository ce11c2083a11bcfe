"""Meetings, registrations and users in SQL."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from server.records import Registration, User
from server.storage.database import Database
from server.storage.port import MeetingQuery
from server.storage.rows import from_row, to_row
from server.storage.tables import invitations, meetings, participants, registrations, users
from signaling.model import Meeting


def member_of(meeting_id: ColumnElement[str], sub: str) -> ColumnElement[bool]:
    """The user created the meeting, is registered for it, or was a participant."""
    return or_(
        exists().where(meetings.c.id == meeting_id, meetings.c.created_by == sub),
        exists().where(registrations.c.meeting_id == meeting_id, registrations.c.sub == sub),
        exists().where(invitations.c.meeting_id == meeting_id, invitations.c.user_id == sub),
        exists().where(
            participants.c.meeting_id == meeting_id,
            or_(participants.c.user_id == sub, participants.c.id == sub),
        ),
    )


class SqlMeetings:
    """The meeting part of the storage port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def insert_meeting(self, meeting: Meeting) -> None:
        """Keep a new meeting."""
        await self._db.change(insert(meetings).values(to_row(meeting)))

    async def find_meeting(self, meeting_id: str) -> Meeting | None:
        """One meeting, unless it is deleted."""
        row = await self._db.first(
            select(meetings).where(meetings.c.id == meeting_id, meetings.c.deleted_at.is_(None))
        )
        return from_row(Meeting, row) if row else None

    async def list_meetings(self, query: MeetingQuery) -> list[Meeting]:
        """Meetings that are not deleted, newest first."""
        statement = (
            select(meetings)
            .where(meetings.c.account == query.account, meetings.c.deleted_at.is_(None))
            .order_by(meetings.c.id.desc())
            .limit(query.limit)
        )
        if query.before is not None:
            statement = statement.where(meetings.c.id < query.before)
        if query.status is not None:
            statement = statement.where(meetings.c.status == query.status.value)
        if query.member is not None:
            outer = meetings.alias("outer_meetings")
            mine = select(outer.c.id).where(member_of(outer.c.id, query.member))
            statement = statement.where(meetings.c.id.in_(mine))
        return [from_row(Meeting, row) for row in await self._db.all(statement)]

    async def update_meeting(self, meeting: Meeting) -> bool:
        """Replace a meeting's members; False when there is none."""
        values = to_row(meeting)
        statement = update(meetings).where(
            meetings.c.id == values.pop("id"), meetings.c.deleted_at.is_(None)
        )
        return await self._db.change(statement.values(values)) > 0

    async def delete_meeting(self, meeting_id: str, at: datetime) -> bool:
        """Hide a meeting for good; False when there is none."""
        statement = update(meetings).where(
            meetings.c.id == meeting_id, meetings.c.deleted_at.is_(None)
        )
        return await self._db.change(statement.values(deleted_at=at)) > 0

    async def register(self, registration: Registration) -> Registration:
        """Register a user, or renew name and role; the first participant id is kept."""
        statement = insert(registrations).values(to_row(registration))
        statement = statement.on_conflict_do_update(
            index_elements=["meeting_id", "sub"],
            set_={"name": statement.excluded.name, "role": statement.excluded.role},
        )
        row = await self._db.returned(statement.returning(registrations))
        return from_row(Registration, row)

    async def find_registration(self, meeting_id: str, sub: str) -> Registration | None:
        """One registration."""
        row = await self._db.first(
            select(registrations).where(
                registrations.c.meeting_id == meeting_id, registrations.c.sub == sub
            )
        )
        return from_row(Registration, row) if row else None

    async def is_member(self, meeting_id: str, sub: str) -> bool:
        """Whether the user created the meeting, is registered for it or was a participant."""
        outer = meetings.alias("outer_meetings")
        statement = select(outer.c.id).where(outer.c.id == meeting_id, member_of(outer.c.id, sub))
        return await self._db.first(statement) is not None


class SqlUsers:
    """The user part of the storage port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def ensure_user(self, user: User) -> User:
        """The user with this `sub`: the stored one, renewed by name and avatar where given."""
        statement = insert(users).values(to_row(user))
        news = {
            name: getattr(statement.excluded, name)
            for name in ("name", "avatar")
            if getattr(user, name) is not None
        }
        statement = statement.on_conflict_do_update(
            index_elements=["sub"], set_=news or {"sub": statement.excluded.sub}
        )
        return from_row(User, await self._db.returned(statement.returning(users)))

    async def find_user(self, sub: str) -> User | None:
        """One user."""
        row = await self._db.first(select(users).where(users.c.sub == sub))
        return from_row(User, row) if row else None
