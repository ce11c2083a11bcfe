"""Mutations: the caller's own connection, and signals."""

import pytest
from support.convex_sync import RefusedError

from server.dialects.convex.mutations import MAX_METADATA, MAX_NAME
from server.services.views import PatchMeeting
from signaling.model import MeetingStatus

OFFER = {"type": "offer", "sdp": "v=0 offer"}


@pytest.fixture
async def meeting(whole) -> str:
    return await whole.meeting("ada", "bob")


@pytest.fixture
def ada(whole):
    return whole.member("ada")


@pytest.fixture
def bob(whole):
    return whole.member("bob")


async def code(call) -> str:
    with pytest.raises(RefusedError) as refused:
        await call
    return refused.value.data["code"]


class TestSessions:
    async def test_one_is_opened_once(self, whole, ada, meeting):
        for _ in range(2):
            answer = await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
            assert answer == {"sessionId": "tab", "success": True}
        [row] = await ada.call("getActiveSessions", meetingId=meeting)
        assert (row["sessionId"], row["state"]) == ("tab", "connecting")
        assert row["user"]["displayName"] == "Ada"
        assert [one.protocol for one in whole.connections()] == ["convex"]

    async def test_a_name_of_somebody_else(self, ada, bob, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        wish = bob.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        assert await code(wish) == "CONFLICT"

    async def test_a_closed_one_may_be_opened_again(self, ada, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        assert await ada.call("closeSession", meetingId=meeting, sessionId="tab") is None
        assert await ada.call("closeSession", meetingId=meeting, sessionId="tab") is None
        assert await ada.call("getActiveSessions", meetingId=meeting) == []
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        assert len(await ada.call("getActiveSessions", meetingId=meeting)) == 1

    async def test_an_inactive_meeting(self, whole, ada, meeting):
        await whole.app.meetings.patch(meeting, PatchMeeting(status=MeetingStatus.INACTIVE))
        with pytest.raises(RefusedError, match="Cannot create WebRTC session for inactive"):
            await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")

    async def test_somebody_without_a_part(self, whole, meeting):
        eve = whole.member("eve")
        wish = eve.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        assert await code(wish) == "FORBIDDEN"

    async def test_an_api_key_is_nobody(self, ada, meeting):
        ada.token = "rt_dev"
        wish = ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        assert await code(wish) == "FORBIDDEN"

    @pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1)])
    async def test_a_name_that_is_none(self, ada, meeting, name):
        wish = ada.call("createWebRTCSession", meetingId=meeting, sessionId=name)
        assert await code(wish) == "VALIDATION_ERROR"

    async def test_a_name_that_is_not_text(self, ada, meeting):
        with pytest.raises(RefusedError, match="Value does not match validator"):
            await ada.call("createWebRTCSession", meetingId=meeting, sessionId=7)


class TestState:
    async def update(self, member, meeting, state="connected", **more):
        return await member.call(
            "updateSessionState", meetingId=meeting, sessionId="tab", state=state, **more
        )

    async def test_metadata_is_replaced_and_shown(self, ada, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        await self.update(ada, meeting, metadata={"a": "x", "b": 1.5, "c": True})
        await self.update(ada, meeting)
        [row] = await ada.call("getActiveSessions", meetingId=meeting)
        assert row["metadata"] == {"a": "x", "b": 1.5, "c": True}
        await self.update(ada, meeting, metadata={"d": "y"})
        [row] = await ada.call("getActiveSessions", meetingId=meeting)
        assert row["metadata"] == {"d": "y"}
        assert row["state"] == "connected"  # no media of it passes here: its client knows

    async def test_every_state_may_be_reported_while_media_goes_elsewhere(self, ada, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        for state in ("connected", "disconnected", "connecting"):
            await self.update(ada, meeting, state=state)
            [row] = await ada.call("getActiveSessions", meetingId=meeting)
            assert row["state"] == state
        await self.update(ada, meeting, state="failed")
        assert await ada.call("getActiveSessions", meetingId=meeting) == []

    async def test_closed_is_believed(self, ada, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        await self.update(ada, meeting, state="closed")
        assert await ada.call("getActiveSessions", meetingId=meeting) == []

    async def test_only_ones_own(self, ada, bob, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        with pytest.raises(RefusedError) as refused:
            await self.update(bob, meeting, state="closed")
        assert refused.value.data == {
            "code": "NOT_FOUND",
            "message": "WebRTC session not found not found",
            "statusCode": 404.0,
        }
        assert await bob.call("closeSession", meetingId=meeting, sessionId="tab") is None
        assert len(await ada.call("getActiveSessions", meetingId=meeting)) == 1

    async def test_too_much_metadata(self, ada, meeting):
        await ada.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
        many = {f"m{number}": number for number in range(MAX_METADATA + 1)}
        assert await code(self.update(ada, meeting, metadata=many)) == "VALIDATION_ERROR"


class TestDescriptions:
    async def send(self, member, meeting, description=OFFER, **more):
        return await member.call(
            "exchangeSessionDescription",
            meetingId=meeting,
            sessionId="tab",
            description=description,
            **more,
        )

    async def test_an_offer_is_answered_by_the_server(self, whole, ada, meeting):
        assert await self.send(ada, meeting) is None
        [signal] = await ada.call("getPendingSignals", meetingId=meeting)
        assert signal["data"] == {"type": "answer", "sdp": whole.engine.answer_now.sdp}
        assert (signal["type"], signal["sessionId"]) == ("sdp", "tab")
        await ada.call("markSignalsProcessed", signalIds=[signal["_id"]])
        assert await ada.call("getPendingSignals", meetingId=meeting) == []

    async def test_an_offer_that_cannot_be_applied(self, ada, meeting):
        with pytest.raises(RefusedError) as refused:
            await self.send(ada, meeting, {"type": "offer", "sdp": "bad"})
        assert refused.value.data["code"] == "VALIDATION_ERROR"
        assert refused.value.data["message"] == "the offer is not SDP"
        await self.send(ada, meeting)
        assert len(await ada.call("getPendingSignals", meetingId=meeting)) == 1

    async def test_a_later_offer_is_answered_too(self, ada, meeting):
        for _ in range(3):
            await self.send(ada, meeting)
        assert len(await ada.call("getPendingSignals", meetingId=meeting)) == 3

    async def test_to_a_user_they_are_relayed(self, whole, ada, bob, meeting):
        description = {"type": "pranswer", "sdp": "anything at all"}
        await self.send(ada, meeting, description, targetUserId=await bob.user_id())
        [signal] = await bob.call("getPendingSignals", meetingId=meeting)
        assert signal["data"] == description
        assert signal["fromUserId"] == await ada.user_id()
        assert whole.connections() == []

    async def test_the_server_makes_no_offers(self, ada, meeting):
        answer = {"type": "answer", "sdp": "v=0"}
        assert await code(self.send(ada, meeting, answer)) == "VALIDATION_ERROR"
        assert await self.send(ada, meeting, {"type": "rollback", "sdp": ""}) is None

    async def test_a_description_of_a_size_that_is_none(self, ada, meeting):
        huge = {"type": "offer", "sdp": "x" * (65 * 1024)}
        assert await code(self.send(ada, meeting, huge)) == "VALIDATION_ERROR"


class TestCandidates:
    async def send(self, member, meeting, text, **more):
        candidate = {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0}
        return await member.call(
            "exchangeICECandidate",
            meetingId=meeting,
            sessionId="tab",
            candidate=candidate,
            **more,
        )

    async def test_they_reach_the_media_server(self, whole, ada, meeting):
        for text in ("candidate:1 1 udp 1 127.0.0.1 9 typ host", ""):
            await self.send(ada, meeting, text)
        [connection] = whole.connections()
        await whole.app.live.stop()  # ends only when everything is handed over
        assert {one for one, _ in whole.engine.candidates} <= {connection.id}

    async def test_to_a_user_they_are_relayed(self, ada, bob, meeting):
        await self.send(ada, meeting, "candidate:1", targetUserId=await bob.user_id())
        [signal] = await bob.call("getPendingSignals", meetingId=meeting)
        assert signal["type"] == "ice"
        assert signal["data"]["candidate"] == "candidate:1"

    async def test_one_of_a_size_that_is_none(self, ada, meeting):
        assert await code(self.send(ada, meeting, "x" * 3000)) == "VALIDATION_ERROR"


async def test_marking_what_belongs_to_others_does_nothing(ada, bob, meeting):
    await ada.call(
        "exchangeICECandidate",
        meetingId=meeting,
        sessionId="tab",
        candidate={"candidate": "c"},
        targetUserId=await bob.user_id(),
    )
    [signal] = await bob.call("getPendingSignals", meetingId=meeting)
    await ada.call("markSignalsProcessed", signalIds=[signal["_id"]])
    assert len(await bob.call("getPendingSignals", meetingId=meeting)) == 1
