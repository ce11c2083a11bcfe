from dataclasses import replace

import pytest
from support.domain import NOW, connection, meeting, participant, session

from server.dialects.realtimekit.payloads import (
    EVENT_NAMES,
    chat_payload,
    meeting_object,
    payload,
    recording_payload,
    spoken_payload,
)
from server.dialects.realtimekit.watch import Happening, What
from signaling.model import EndReason

MEETING = meeting()
SESSION = session(MEETING)
ADA = participant(SESSION, user_id="user_1")
LINK = connection(ADA, connected_at=NOW, closed_at=NOW)
BY = {"id": "app", "name": "App"}


def happening(what: What, **members: object) -> Happening:
    return Happening(what, SESSION.id, MEETING.id, SESSION, **members)


def test_the_status_stays_live_even_at_the_end():
    ended = replace(SESSION, ended_at=NOW, reason=EndReason.MEETING_ENDED)
    body = payload(replace(happening(What.ENDED), session=ended), MEETING, "T", BY)
    assert (body["event"], body["reason"]) == ("meeting.ended", "HOST_ENDED_MEETING")
    assert body["meeting"]["status"] == "LIVE"
    assert body["meeting"]["roomName"] == MEETING.id
    empty = replace(ended, reason=EndReason.EMPTY)
    body = payload(replace(happening(What.ENDED), session=empty), MEETING, "T", BY)
    assert body["reason"] == "ALL_PARTICIPANTS_LEFT"


def test_people_are_told_by_both_names():
    body = payload(happening(What.LEFT, participant=ADA, connection=LINK), MEETING, "T", BY)
    who = body["participant"]
    assert who["customParticipantId"] == who["clientSpecificId"] == "user_1"
    assert (who["peerId"], who["leftAt"]) == (LINK.id, "2026-11-20T09:00:00.123Z")
    joined = payload(happening(What.JOINED, participant=ADA, connection=LINK), MEETING, "T", BY)
    assert "leftAt" not in joined["participant"]


def test_the_size_of_a_recording_is_text():
    shown = {"id": "r", "status": "UPLOADED", "output_file_name": "n", "session_id": "s"}
    body = recording_payload({**shown, "file_size": 12}, {}, MEETING.id, "app")
    assert body["recording"]["fileSize"] == "12"
    assert body["recording"]["roomUUID"] == "s"
    assert recording_payload(shown, {}, MEETING.id, "app")["recording"]["fileSize"] is None


@pytest.mark.parametrize(
    ("what", "name"), [(What.TRANSCRIPT, "transcript"), (What.SUMMARY, "summary")]
)
def test_what_was_said_comes_with_its_link(what, name):
    body = spoken_payload(what, {"id": "m"}, "u", "later")
    assert body == {
        "event": f"meeting.{name}",
        "meeting": {"id": "m"},
        f"{name}DownloadUrl": "u",
        f"{name}DownloadUrlExpiry": "later",
    }


def test_a_chat_comes_with_its_link():
    body = chat_payload(MEETING, SESSION, "T", BY, {"chatDownloadUrl": "u"})
    assert (body["event"], body["chatDownloadUrl"]) == ("meeting.chatSynced", "u")
    assert body["sessionId"] == SESSION.id
    assert EVENT_NAMES[What.STARTED] == "meeting.started"
    assert "startedAt" not in meeting_object(MEETING, None, "T", BY)
