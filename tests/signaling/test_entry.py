"""How somebody comes in."""

from datetime import UTC, datetime

import pytest
from support.signaling import MEETING

from signaling.entry import Entry, participant_of
from signaling.model import ConnectionState, ParticipantState, Role, Session, SessionState
from signaling.ports import Admission

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SESSION = Session("s1", "m1", SessionState.PENDING, NOW)


def somebody(role: Role = Role.PARTICIPANT):
    return participant_of(Admission(MEETING, "Ada", role, "user_01"), SESSION, "p1", NOW)


def test_a_participant_is_present_from_the_start():
    ada = somebody()
    assert (ada.id, ada.session_id, ada.user_id, ada.state, ada.joined_at) == (
        "p1",
        "s1",
        "user_01",
        ParticipantState.PRESENT,
        NOW,
    )


def test_a_connection_begins_connecting_under_its_client_s_name_or_its_own():
    named = Entry("convex", client_name="8f93").connection(SESSION, "p1", "c0", NOW)
    assert (named.client_name, named.replaces, named.state) == (
        "8f93",
        "c0",
        ConnectionState.CONNECTING,
    )
    plain = Entry("websocket").connection(SESSION, "p1", None, NOW)
    assert plain.client_name == plain.id


@pytest.mark.parametrize(
    ("protocol", "role", "publish", "subscribe", "every_video"),
    [
        ("websocket", Role.HOST, True, True, False),
        ("websocket", Role.OBSERVER, False, True, False),
        ("whip", Role.PARTICIPANT, True, False, False),
        ("whep", Role.HOST, False, True, True),
    ],
)
def test_what_the_engine_is_told(protocol, role, publish, subscribe, every_video):
    entry = Entry(protocol, only_participant="p9")
    spec = entry.spec(entry.connection(SESSION, "p1", None, NOW), somebody(role))
    assert (spec.publish, spec.subscribe, spec.every_video) == (publish, subscribe, every_video)
    assert (spec.room_id, spec.label, spec.only_participant) == ("s1", "Ada", "p9")
    assert not spec.mix
