"""The dialect's own state: which facts change which topics."""

import pytest

from server.dialects.convex.deployment import Deployment
from server.dialects.convex.topics import access_to, meeting_itself, rows_of, user_behind
from server.dialects.convex.values import Written
from server.services.views import PatchMeeting, TokenWish
from signaling.model import ConnectionState, MeetingStatus


@pytest.fixture
async def deployment(world):
    made = Deployment(world)
    await made.start()
    yield made
    await made.stop()


def listen(deployment: Deployment, *topics: str) -> list[str]:
    heard: list[str] = []
    deployment.topics.watch(topics, heard.append)
    return heard


async def test_a_connection_changes_its_meetings_rows_alone(deployment, world):
    mine, other = await world.meeting(), await world.meeting()
    heard = listen(deployment, rows_of(mine.id), rows_of(other.id))
    connection = world.join(mine, "Ada")
    del heard[:]
    before = deployment.timestamps.latest
    world.turn(connection, ConnectionState.CONNECTED)
    assert heard == [rows_of(mine.id)]
    assert deployment.timestamps.latest > before


async def test_who_belongs_to_a_meeting(deployment, world):
    meeting = await world.meeting()
    heard = listen(deployment, access_to(meeting.id))
    await world.meetings.issue_token(meeting.id, TokenWish(name="Ada", user_id="ada"))
    assert heard == [access_to(meeting.id)]
    world.join(meeting, "Bob", user_id="bob")
    assert len(heard) == 2


async def test_a_meeting_that_closes(deployment, world):
    meeting = await world.meeting()
    heard = listen(deployment, meeting_itself(meeting.id))
    await world.meetings.patch(meeting.id, PatchMeeting(status=MeetingStatus.INACTIVE))
    assert heard == [meeting_itself(meeting.id)]


async def test_a_new_name_of_a_user(deployment, world):
    await world.users.ensure("ada", "Ada")
    heard = listen(deployment, user_behind("ada"))
    await world.users.ensure("ada", "Ada")
    assert heard == []
    await world.users.ensure("ada", "Ada L.")
    assert heard == [user_behind("ada")]


async def test_rows_are_kept_until_something_changes(deployment, world):
    meeting = await world.meeting()
    rows = Written([])
    deployment.keep_rows(meeting.id, rows, deployment.topics.changes)
    assert deployment.rows(meeting.id) is rows
    world.join(meeting, "Ada")
    assert deployment.rows(meeting.id) is None
    deployment.keep_rows(meeting.id, rows, deployment.topics.changes - 1)
    assert deployment.rows(meeting.id) is None


async def test_the_server_has_one_user_id_for_ever(deployment, world):
    assert Deployment(world).server_user == deployment.server_user


async def test_a_timestamp_is_reserved_in_time(deployment, world):
    world.clock.advance(60)
    deployment.commit()
    await deployment.scope.drain(5)
    assert not deployment.timestamps.running_low


async def test_after_its_end_nothing_is_heard(world):
    made = Deployment(world)
    await made.start()
    await made.stop()
    meeting = await world.meeting()
    heard = listen(made, rows_of(meeting.id))
    world.join(meeting, "Ada")
    assert heard == []
