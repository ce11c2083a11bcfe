from dataclasses import replace

import pytest
from support.domain import NOW, connection, meeting, participant, session

from media.types import TrackSource
from server.dialects.realtimekit.watch import Watch, What
from signaling.log import (
    CaptionsChanged,
    ChatSent,
    ConnectionChanged,
    Fact,
    LogEntry,
    ParticipantJoined,
    RecordingChanged,
    SessionChanged,
    SessionDiscarded,
    TrackEnded,
)
from signaling.model import (
    CaptionsNotice,
    CaptionState,
    ChatMessage,
    ConnectionState,
    EndReason,
    ParticipantKind,
    RecordingNotice,
    RecordingState,
    SessionState,
)

MEETING = meeting()
PENDING = session(MEETING, state=SessionState.PENDING, started_at=None)
LIVE = replace(PENDING, state=SessionState.LIVE, started_at=NOW)
ENDED = replace(LIVE, state=SessionState.ENDED, ended_at=NOW, reason=EndReason.EMPTY)
ADA = participant(PENDING)
WAITING = connection(ADA, state=ConnectionState.CONNECTING)
UP = replace(WAITING, state=ConnectionState.CONNECTED, connected_at=NOW)
GONE = replace(UP, state=ConnectionState.CLOSED, closed_at=NOW)


class Teller:
    def __init__(self) -> None:
        self.watch, self.number = Watch(), 0

    def tell(self, *facts: Fact) -> list[What]:
        found: list[What] = []
        for fact in facts:
            self.number += 1
            entry = LogEntry(PENDING.id, MEETING.id, self.number, NOW, fact)
            found += [one.what for one in self.watch.fold(entry)]
        return found


def opened() -> Teller:
    teller = Teller()
    assert teller.tell(SessionChanged(PENDING), ParticipantJoined(ADA)) == []
    return teller


def up(one: object = UP) -> ConnectionChanged:
    return ConnectionChanged(one, ConnectionState.CONNECTING)


def test_a_session_starts_before_its_first_join():
    teller = opened()
    assert teller.tell(ConnectionChanged(WAITING, None), up()) == []
    assert teller.tell(SessionChanged(LIVE)) == [What.STARTED, What.JOINED]
    assert teller.tell(up(GONE)) == [What.LEFT]
    empty = replace(LIVE, state=SessionState.KEEP_ALIVE)
    assert teller.tell(SessionChanged(empty), SessionChanged(LIVE)) == []
    assert teller.tell(SessionChanged(ENDED)) == [What.ENDED]


def test_everybody_has_left_when_it_ends():
    teller = opened()
    _ = teller.tell(up(), SessionChanged(LIVE))
    assert teller.tell(SessionChanged(ENDED)) == [What.LEFT, What.ENDED]
    assert teller.tell(up(GONE)) == []


def test_bots_and_no_shows_are_not_told():
    teller = opened()
    bot = participant(PENDING, kind=ParticipantKind.BOT)
    _ = teller.tell(SessionChanged(LIVE), ParticipantJoined(bot))
    assert teller.tell(up(replace(UP, id="b", participant_id=bot.id))) == []
    failed = replace(WAITING, state=ConnectionState.FAILED)
    assert teller.tell(up(failed)) == []


def test_a_disconnect_is_no_leave():
    teller = opened()
    _ = teller.tell(SessionChanged(LIVE), up())
    assert teller.tell(up(replace(UP, state=ConnectionState.DISCONNECTED)), up()) == []


def test_a_session_that_nobody_reached_is_silent():
    teller = opened()
    assert teller.tell(SessionDiscarded(PENDING), SessionChanged(ENDED)) == []


def test_a_chat_is_told_after_the_end():
    teller = opened()
    _ = teller.tell(SessionChanged(LIVE))
    assert teller.tell(ChatSent(ChatMessage("m", ADA.id, "Ada", "hi", NOW))) == []
    assert teller.tell(SessionChanged(ENDED)) == [What.ENDED, What.CHAT]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (CaptionState.RUNNING, [What.ENDED, What.TRANSCRIPT, What.SUMMARY]),
        (CaptionState.UNAVAILABLE, [What.ENDED]),
    ],
)
def test_what_was_captioned_is_told_after_the_end(state, told):
    teller = opened()
    _ = teller.tell(SessionChanged(LIVE))
    for now in (state, CaptionState.STOPPED):
        assert teller.tell(CaptionsChanged(CaptionsNotice(now, "en", "pocketsphinx"))) == []
    assert teller.tell(SessionChanged(ENDED)) == told


def test_recordings_are_told_even_after_the_end():
    notice = RecordingNotice("r", RecordingState.READY, None, NOW)
    assert Teller().tell(RecordingChanged(notice)) == [What.RECORDING]
    assert opened().tell(TrackEnded("p", "c", TrackSource.CAMERA)) == []


def test_a_session_recalled_after_a_crash_ends_as_any_other():
    teller = Teller()
    bot = replace(participant(PENDING), kind=ParticipantKind.BOT)
    its = replace(UP, id="its", participant_id=bot.id)
    teller.watch.recall(LIVE, [ADA, bot], [UP, its, replace(GONE, id="earlier")], chats=1)
    closed = replace(GONE, reason=EndReason.SERVER_STOPPED)
    assert teller.tell(ConnectionChanged(closed, ConnectionState.CONNECTED)) == [What.LEFT]
    told = teller.tell(SessionChanged(ENDED))
    assert told == [What.ENDED, What.CHAT, What.TRANSCRIPT, What.SUMMARY]


def test_a_session_that_never_started_is_not_recalled():
    teller = Teller()
    teller.watch.recall(PENDING, [ADA], [WAITING], chats=0)
    assert teller.tell(SessionDiscarded(PENDING)) == []
