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
