"""getActiveSessions over live facts: rows, their order, and who may ask."""

import pytest

from media.types import QualityLabel
from server.dialects.convex.documents import creation_time, whole_milliseconds
from server.dialects.convex.ids import Table, encode_id
from server.services.views import TokenWish
from signaling.errors import RefusalKind, Refused
from signaling.ids import new_id
from signaling.model import ConnectionState, Role

UNAUTHORIZED = {"code": "UNAUTHORIZED", "message": "Authentication required", "statusCode": 401.0}


class TestRows:
    async def test_an_empty_meeting_has_none(self, convex, world):
        assert await convex.rows(await world.meeting()) == []

    async def test_a_row_has_exactly_its_fields(self, convex, world):
        meeting = await world.meeting()
        made = world.join(meeting, "Ada", user_id="user_01")
        user = await world.users.ensure("user_01", avatar="https://id.test/ada.png")
        world.clock.advance(1.5)
        connection = world.turn(
            made,
            ConnectionState.CONNECTED,
            quality=QualityLabel.GOOD,
            quality_at=world.clock.utc(),
            client_name="tab-1",
            metadata={"kind": "bot", "score": 3, "muted": True},
        )
        [row] = await convex.rows(meeting)
        user_id = encode_id(Table.USERS, user.id)
        assert row == {
            "_creationTime": creation_time(connection.id),
            "_id": encode_id(Table.WEBRTC_SESSIONS, connection.id),
            "connectionQuality": "good",
            "createdAt": whole_milliseconds(made.created_at),
            "lastMetricsAt": whole_milliseconds(made.created_at) + 1500,
            "meetingId": encode_id(Table.MEETINGS, meeting.id),
            "metadata": {"kind": "bot", "score": 3.0, "muted": True},
            "sessionId": "tab-1",
            "state": "connected",
            "updatedAt": whole_milliseconds(made.created_at) + 1500,
            "user": {
                "_id": user_id,
                "avatarUrl": "https://id.test/ada.png",
                "displayName": "Ada",
            },
            "userId": user_id,
        }
        assert list(row) == sorted(row)

    async def test_what_is_not_known_is_absent(self, convex, world):
        meeting = await world.meeting()
        connection = world.join(meeting, "Ada")
        [row] = await convex.rows(meeting)
        assert not {"connectionQuality", "lastMetricsAt", "metadata"} & set(row)
        assert "avatarUrl" not in row["user"]
        assert row["sessionId"] == connection.id

    async def test_a_guest_appears_under_the_participants_id(self, convex, world):
        meeting = await world.meeting()
        connection = world.join(meeting, "Ada")
        [row] = await convex.rows(meeting)
        assert row["userId"] == encode_id(Table.USERS, connection.participant_id)
        assert row["user"] == {"_id": row["userId"], "displayName": "Ada"}

    async def test_come_by_state_and_then_by_age(self, convex, world):
        meeting = await world.meeting()
        joined = [world.join(meeting, name) for name in "abcdefg"]
        states = ["disconnected", "connected", "connecting", "failed", "closed", "connected"]
        for connection, state in zip(joined, states, strict=False):
            if state != "connecting":
                world.turn(connection, ConnectionState(state))
        rows = await convex.rows(meeting)
        assert [(row["user"]["displayName"], row["state"]) for row in rows] == [
            ("c", "connecting"),
            ("g", "connecting"),
            ("b", "connected"),
            ("f", "connected"),
            ("a", "disconnected"),
        ]

    async def test_two_connections_of_a_user_share_the_user(self, convex, world):
        meeting = await world.meeting()
        world.join(meeting, "Ada", user_id="user_01")
        world.join(meeting, "Ada", user_id="user_01")
        rows = await convex.rows(meeting)
        assert len({row["userId"] for row in rows}) == 1
        assert len({row["_id"] for row in rows}) == 2

    async def test_creation_times_are_unique_and_increase(self, convex, world):
        meeting = await world.meeting()
        for _ in range(50):
            world.join(meeting, "Ada")
        times = [row["_creationTime"] for row in await convex.rows(meeting)]
        assert times == sorted(set(times))
        assert any(time != int(time) for time in times)

    async def test_of_other_meetings_stay_away(self, convex, world):
        meeting, other = await world.meeting(), await world.meeting()
        world.join(other, "Ada")
        assert await convex.rows(meeting) == []

    async def test_a_plain_uuid_asks_for_the_same(self, convex, world):
        meeting = await world.meeting()
        world.join(meeting, "Ada")
        answer = await convex.run(meeting.id)
        assert answer["value"] == await convex.rows(meeting)


class TestAccess:
    async def test_without_identity_it_is_unauthorized(self, convex, world):
        answer = await convex.run((await world.meeting()).id, None)
        assert answer["status"] == "error"
        assert answer["errorData"] == UNAUTHORIZED
        assert answer["errorMessage"].endswith(
            '] Server Error\nUncaught ConvexError: {"code":"UNAUTHORIZED","message":'
            '"Authentication required","statusCode":401}\n'
        )

    async def test_a_stranger_is_forbidden(self, convex, world):
        meeting = await world.meeting()
        answer = await convex.run(meeting.id, world.issuer.issue("stranger"))
        user = await world.users.by_sub("stranger")
        assert answer["errorData"] == {
            "code": "FORBIDDEN",
            "message": "Access denied: Not a meeting participant",
            "metadata": {
                "meetingId": encode_id(Table.MEETINGS, meeting.id),
                "userId": encode_id(Table.USERS, user.id),
            },
            "statusCode": 403.0,
        }

    async def test_an_unknown_meeting_looks_the_same(self, convex, world):
        unknown = new_id()
        answer = await convex.run(unknown, world.issuer.issue("stranger"))
        assert answer["errorData"]["code"] == "FORBIDDEN"
        assert answer["errorData"]["metadata"]["meetingId"] == encode_id(Table.MEETINGS, unknown)

    async def test_the_creator_passes(self, convex, world):
        meeting = await world.meeting(by="user_01")
        assert await convex.rows(meeting, world.issuer.issue("user_01")) == []

    async def test_a_registered_user_passes_before_joining(self, convex, world):
        meeting = await world.meeting()
        await world.meetings.issue_token(meeting.id, TokenWish("Ada", user_id="user_01"))
        assert await convex.rows(meeting, world.issuer.issue("user_01")) == []

    async def test_who_was_there_passes(self, convex, world):
        meeting = await world.meeting()
        world.turn(world.join(meeting, "Ada", user_id="user_01"), ConnectionState.CLOSED)
        assert await convex.rows(meeting, world.issuer.issue("user_01")) == []

    async def test_a_join_token_passes_for_its_own_meeting_only(self, convex, world):
        meeting, other = await world.meeting(), await world.meeting()
        issued = await world.meetings.issue_token(meeting.id, TokenWish("Ada", Role.OBSERVER))
        assert await convex.rows(meeting, issued.token) == []
        answer = await convex.run(other.id, issued.token)
        assert answer["errorData"]["code"] == "FORBIDDEN"
        assert answer["errorData"]["metadata"]["userId"] == encode_id(
            Table.USERS, issued.participant_id
        )

    async def test_a_join_token_of_a_user_names_the_user(self, convex, world):
        meeting, other = await world.meeting(), await world.meeting()
        wish = TokenWish("Ada", user_id="user_01")
        token = (await world.meetings.issue_token(meeting.id, wish)).token
        assert await convex.rows(meeting, token) == []
        answer = await convex.run(other.id, token)
        user = await world.users.by_sub("user_01")
        assert answer["errorData"]["metadata"]["userId"] == encode_id(Table.USERS, user.id)

    async def test_an_api_key_passes_for_its_account(self, convex, world):
        mine, others = await world.meeting(account="acme"), await world.meeting()
        text, _ = await world.keys.create("laptop", account="acme")
        assert await convex.rows(mine, text) == []
        answer = await convex.run(others.id, text)
        assert answer["errorData"] == {
            "code": "FORBIDDEN",
            "message": "Access denied: Not a meeting participant",
            "metadata": {"meetingId": encode_id(Table.MEETINGS, others.id)},
            "statusCode": 403.0,
        }


class TestWithoutProvisioning:
    @pytest.fixture
    def provision(self) -> bool:
        return False

    async def test_an_unknown_user_is_unauthorized(self, convex, world):
        meeting = await world.meeting(by="user_01")
        answer = await convex.run(meeting.id, world.issuer.issue("user_01"))
        message = "User not provisioned. Please complete sign-in and try again."
        assert answer["errorData"] == UNAUTHORIZED | {"message": message}

    async def test_a_known_user_passes(self, convex, world):
        meeting = await world.meeting(by="user_01")
        await world.users.ensure("user_01")
        assert await convex.rows(meeting, world.issuer.issue("user_01")) == []


async def test_trouble_in_a_service_is_told_with_a_code(convex, world, monkeypatch):
    async def unavailable(_: str) -> None:
        raise Refused(RefusalKind.UNAVAILABLE, "storage_down", "Storage does not answer.")

    monkeypatch.setattr(world.meetings, "get", unavailable)
    answer = await convex.run(new_id())
    assert answer["errorData"]["code"] == "UNAVAILABLE"
    assert answer["errorData"]["message"] == "Storage does not answer."
