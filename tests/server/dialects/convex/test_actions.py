"""Actions: rooms, tokens, and advice."""

import pytest
from support.convex_sync import RefusedError

from media.types import QualityLabel
from server.dialects.convex.actions import advise
from server.services.views import PatchMeeting
from signaling.model import MeetingStatus, Role


@pytest.fixture
async def meeting(whole) -> str:
    return await whole.meeting("ada")


@pytest.fixture
async def ada(whole, meeting):
    member = whole.member("ada")
    await member.call("createWebRTCSession", meetingId=meeting, sessionId="tab")
    return member


class TestRoom:
    async def test_what_it_offers(self, whole, ada, meeting):
        room = await ada.call("initializeWebRTCRoom", meetingId=meeting)
        canonical = (await whole.app.meetings.get(meeting)).id
        assert room == {
            "features": {
                "chat": True,
                "maxParticipants": 100.0,
                "recording": True,
                "screenSharing": True,
                "transcription": False,
            },
            "provider": "webrtc",
            "roomId": canonical,
            "success": True,
        }

    async def test_a_wished_limit(self, ada, meeting):
        room = await ada.call("initializeWebRTCRoom", meetingId=meeting, maxParticipants=4)
        assert room["features"]["maxParticipants"] == 4


class TestToken:
    async def test_it_admits_to_the_meeting(self, whole, ada, meeting):
        answer = await ada.call(
            "generateParticipantAccessToken", meetingId=meeting, sessionId="tab"
        )
        claims = whole.app.signer.read_join(answer["token"])
        assert (claims.name, claims.user_id, claims.role) == ("Ada", "ada", Role.PARTICIPANT)
        assert answer["participantId"] == "tab"
        assert answer["roomId"] == claims.meeting_id
        assert answer["permissions"] == {
            "canKick": False,
            "canMute": False,
            "canRecord": False,
            "canShare": True,
        }

    async def test_without_a_name_the_participant_is_user_and_time(self, ada, meeting):
        answer = await ada.call("generateParticipantAccessToken", meetingId=meeting)
        user, _, at = answer["participantId"].partition("_")
        assert user == await ada.user_id()
        assert at.isdigit()

    async def test_a_host_may_more(self, whole):
        meeting = await whole.meeting("hanna", role=Role.HOST)
        answer = await whole.member("hanna").call(
            "generateParticipantAccessToken", meetingId=meeting
        )
        assert all(answer["permissions"].values())

    async def test_an_observer_gets_none(self, whole):
        meeting = await whole.meeting("oskar", role=Role.OBSERVER)
        with pytest.raises(RefusedError, match="Observers cannot generate participant tokens"):
            await whole.member("oskar").call("generateParticipantAccessToken", meetingId=meeting)

    async def test_an_inactive_meeting_has_none(self, whole, ada, meeting):
        await whole.app.meetings.patch(meeting, PatchMeeting(status=MeetingStatus.INACTIVE))
        with pytest.raises(RefusedError, match="Cannot generate token for inactive meeting"):
            await ada.call("generateParticipantAccessToken", meetingId=meeting)


class TestFailure:
    @pytest.mark.parametrize(("kind", "retry"), [("ice_failed", True), ("media_failed", False)])
    async def test_the_connection_fails(self, whole, ada, meeting, kind, retry):
        [before] = whole.connections()
        answer = await ada.call(
            "handleConnectionFailure", meetingId=meeting, sessionId="tab", errorType=kind
        )
        assert answer == {"retryRecommended": retry, "success": True}
        assert await ada.call("getActiveSessions", meetingId=meeting) == []
        assert whole.connections() == []
        view = whole.app.tracker.live_session(before.meeting_id)
        assert view is None  # nobody was ever connected, so nothing is left of it

    async def test_only_ones_own(self, ada, meeting):
        with pytest.raises(RefusedError, match="NOT_FOUND"):
            await ada.call(
                "handleConnectionFailure",
                meetingId=meeting,
                sessionId="other",
                errorType="ice_failed",
            )


class TestQuality:
    @pytest.mark.parametrize(
        ("loss", "latency", "jitter", "bitrate", "quality", "advice"),
        [
            (5.1, 0, 0, 1e6, "poor", 2),
            (0, 301, 0, 1e6, "poor", 2),
            (0, 0, 51, 1e6, "poor", 2),
            (5, 300, 50, 1e6, "fair", 1),
            (2.1, 0, 0, 1e6, "fair", 1),
            (0, 151, 0, 1e6, "fair", 1),
            (0, 0, 31, 1e6, "fair", 1),
            (2, 150, 30, 1e6, "good", 1),
            (0.6, 0, 0, 1e6, "good", 1),
            (0, 101, 0, 1e6, "good", 1),
            (0.5, 100, 30, 1e6, "excellent", 0),
            (0, 0, 0, 99_999, "fair", 1),
            (0.6, 0, 0, 99_999, "good", 2),
        ],
    )
    def test_thresholds(self, loss, latency, jitter, bitrate, quality, advice):
        stats = {"packetLoss": loss, "latency": latency, "jitter": jitter, "bitrate": bitrate}
        found = advise(stats)
        assert (found.quality, len(found.recommendations)) == (quality, advice)

    async def test_it_is_kept_where_the_server_has_none(self, whole, ada, meeting):
        stats = {"packetLoss": 9, "latency": 0, "jitter": 0, "bitrate": 1e6}
        answer = await ada.call(
            "monitorConnectionQuality", meetingId=meeting, sessionId="tab", stats=stats
        )
        assert (answer["quality"], answer["shouldFallback"]) == ("poor", True)
        [row] = await ada.call("getActiveSessions", meetingId=meeting)
        assert row["connectionQuality"] == "poor"
        assert "lastMetricsAt" in row
        stats["packetLoss"] = 0
        await ada.call("monitorConnectionQuality", meetingId=meeting, sessionId="tab", stats=stats)
        [connection] = whole.connections()
        assert connection.quality is QualityLabel.EXCELLENT

    async def test_it_needs_a_connection(self, ada, meeting):
        stats = {"packetLoss": 0, "latency": 0, "jitter": 0, "bitrate": 0}
        with pytest.raises(RefusedError, match="NOT_FOUND"):
            await ada.call(
                "monitorConnectionQuality", meetingId=meeting, sessionId="other", stats=stats
            )
