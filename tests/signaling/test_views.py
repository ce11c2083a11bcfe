"""The model's nouns in the words of the wire."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.signaling import MEETING

from media.types import MediaKind, QualityLabel, Reading, SlotState, TrackSource
from signaling.model import (
    ChatMessage,
    Connection,
    ConnectionState,
    Participant,
    ParticipantKind,
    ParticipantState,
    RecordingNotice,
    RecordingState,
    Role,
    Session,
    SessionState,
    Track,
)
from signaling.ports import IceServer
from signaling.views import (
    any_recording_view,
    chat_view,
    ice_server_views,
    meeting_view,
    participant_view,
    quality_view,
    recording_view,
    session_view,
    slot_views,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
NOTICE = RecordingNotice("r1", RecordingState.RECORDING, "p1", NOW)


def wire(view) -> dict:
    return json.loads(view.model_dump_json())


def test_a_participant_shows_its_newest_connection():
    ada = Participant(
        "p1", "s1", "m1", "Ada", Role.HOST, ParticipantKind.PERSON, ParticipantState.PRESENT, NOW
    )
    newest = Connection("c1", "s1", "m1", "p1", ConnectionState.CONNECTED, NOW, NOW, "c1")
    track = Track("p1", "c1", TrackSource.CAMERA, muted=True, muted_by="p2")
    view = participant_view(ada, replace(newest, quality=QualityLabel.FAIR), [track])
    assert wire(view) == {
        "id": "p1",
        "name": "Ada",
        "role": "host",
        "kind": "person",
        "state": "connected",
        "quality": "fair",
        "quality_reason": None,
        "tracks": [{"source": "camera", "muted": True, "muted_by": "p2"}],
        "joined_at": "2026-11-20T09:00:00.000Z",
    }


def test_slots():
    slot = SlotState("3", MediaKind.AUDIO, "p1", TrackSource.MICROPHONE, paused=True, reason="x")
    assert wire(slot_views([slot])[0]) == {
        "mid": "3",
        "kind": "audio",
        "participant": "p1",
        "source": "microphone",
        "paused": True,
        "reason": "x",
    }


@pytest.mark.parametrize("state", RecordingState)
def test_a_recording_concerns_people_until_it_is_stopped(state):
    over = {RecordingState.PROCESSING, RecordingState.READY, RecordingState.FAILED}
    assert (recording_view(replace(NOTICE, state=state)) is None) == (state in over)
    assert any_recording_view(replace(NOTICE, state=state)).state is state


def test_no_recording():
    assert recording_view(None) is None


def test_an_ice_server_has_no_members_that_are_null():
    turn, stun = ice_server_views([IceServer(("turn:t",), "u", "c"), IceServer(("stun:s",))])
    assert wire(turn) == {"urls": ["turn:t"], "username": "u", "credential": "c"}
    assert wire(stun) == {"urls": ["stun:s"]}


def test_the_rest():
    assert wire(meeting_view(MEETING))["record"] == "manual"
    assert wire(session_view(Session("s1", "m1", SessionState.LIVE, NOW)))["started_at"] is None
    line = ChatMessage("x", "p1", "Ada", "hi", NOW)
    assert wire(chat_view(line))["participant"] == "p1"
    reading = Reading(QualityLabel.POOR, 10, "loss", 9.0, None, 3.0)
    assert wire(quality_view(reading))["loss_percent"] == 9.0
