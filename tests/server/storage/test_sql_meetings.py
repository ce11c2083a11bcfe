import pytest
from sqlalchemy.exc import IntegrityError
from support.domain import NOW, meeting

from server.records import Registration
from server.storage.sql import SqlStorage
from signaling.model import Role


async def test_two_meetings_cannot_share_an_id(storage: SqlStorage):
    one = meeting()
    await storage.insert_meeting(one)
    with pytest.raises(IntegrityError):
        await storage.insert_meeting(one)


async def test_nobody_registers_for_a_meeting_that_never_was(storage: SqlStorage):
    ghost = Registration(meeting().id, "user_01", "Ada", Role.HOST, "p", NOW)
    with pytest.raises(IntegrityError):
        await storage.register(ghost)


async def test_text_from_users_is_never_sql(storage: SqlStorage):
    nasty = "'; DROP TABLE meetings; --"
    one = meeting(title=nasty, created_by=nasty)
    await storage.insert_meeting(one)
    assert await storage.is_member(one.id, nasty)
    assert await storage.find_meeting(one.id) == one
