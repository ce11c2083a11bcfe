"""The access rule where the function's own tests do not reach."""

import pytest

from server.auth.principal import ANONYMOUS, Principal, PrincipalKind
from server.dialects.convex.access import require_meeting
from server.dialects.convex.context import Context
from server.dialects.convex.deployment import Deployment
from server.dialects.convex.errors import FunctionFailure
from signaling.errors import RefusalKind, Refused


async def test_a_user_of_another_account_is_forbidden(world):
    meeting = await world.meeting(account="acme", by="user_01")
    user = Principal(PrincipalKind.USER, sub="user_01")
    with pytest.raises(FunctionFailure, match="FORBIDDEN"):
        await require_meeting(Context(Deployment(world), user), meeting.id)


async def test_a_deleted_meeting_is_forbidden_to_its_creator(world):
    meeting = await world.meeting(by="user_01")
    await world.storage.delete_meeting(meeting.id, world.clock.utc())
    user = Principal(PrincipalKind.USER, sub="user_01")
    with pytest.raises(FunctionFailure, match="FORBIDDEN"):
        await require_meeting(Context(Deployment(world), user), meeting.id)


async def test_identity_comes_before_the_meeting(world):
    with pytest.raises(FunctionFailure, match="UNAUTHORIZED"):
        await require_meeting(Context(Deployment(world), ANONYMOUS), "no meeting at all")


async def test_trouble_with_storage_is_not_a_refusal(world, monkeypatch):
    async def unavailable(_: str) -> None:
        raise Refused(RefusalKind.UNAVAILABLE, "storage_down", "Later.")

    monkeypatch.setattr(world.meetings, "get", unavailable)
    with pytest.raises(Refused, match="Later"):
        await require_meeting(Context(Deployment(world), Principal(PrincipalKind.API_KEY)), "m1")


async def test_a_visit_is_found_once_until_the_meeting_changes(world, monkeypatch):
    meeting = await world.meeting(by="user_01")
    context = Context(Deployment(world), Principal(PrincipalKind.USER, sub="user_01"))
    first = await require_meeting(context, meeting.id)
    asked: list[str] = []
    find = world.meetings.get

    async def counted(meeting_id: str):
        asked.append(meeting_id)
        return await find(meeting_id)

    monkeypatch.setattr(world.meetings, "get", counted)
    assert await require_meeting(context, meeting.id) is first
    assert asked == []
    context.deployment.visits.forget(meeting.id)
    await require_meeting(context, meeting.id)
    assert asked == [meeting.id]


async def test_a_meeting_that_changes_meanwhile_is_not_remembered(world, monkeypatch):
    meeting = await world.meeting(by="user_01")
    context = Context(Deployment(world), Principal(PrincipalKind.USER, sub="user_01"))
    find = world.meetings.get

    async def changing(meeting_id: str):
        context.deployment.visits.forget(meeting_id)
        return await find(meeting_id)

    monkeypatch.setattr(world.meetings, "get", changing)
    await require_meeting(context, meeting.id)
    assert context.deployment.visits.find(meeting.id, context.principal) is None
