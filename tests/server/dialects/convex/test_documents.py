"""Documents out of the domain (rows as a whole are tested with the function)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from server.dialects.convex.documents import active_sessions, creation_time, whole_milliseconds
from server.dialects.convex.ids import Table, encode_id
from server.records import User
from signaling.ids import new_id
from signaling.model import (
    Connection,
    ConnectionState,
    Participant,
    ParticipantKind,
    ParticipantState,
    Role,
)

NOW = datetime(2026, 11, 20, 9, 0, 0, 123_999, UTC)
PARTICIPANT = Participant(
    new_id(),
    new_id(),
    new_id(),
    "",
    Role.PARTICIPANT,
    ParticipantKind.PERSON,
    ParticipantState.PRESENT,
    NOW,
)
CONNECTION = Connection(
    new_id(),
    PARTICIPANT.session_id,
    PARTICIPANT.meeting_id,
    PARTICIPANT.id,
    ConnectionState.CONNECTING,
    NOW,
    NOW,
    "",
)
USER = User(new_id(), "user_01", "Ada")
OF_USER = replace(PARTICIPANT, user_id="user_01")


def test_moments_are_cut_to_whole_milliseconds():
    assert whole_milliseconds(datetime(1970, 1, 1, tzinfo=UTC)) == 0.0
    assert whole_milliseconds(NOW) == 1795165200123.0
    assert whole_milliseconds(NOW + timedelta(microseconds=1)) == 1795165200124.0


def test_creation_times_carry_a_fraction():
    assert creation_time("019a7f3e-5c10-7000-8000-000000000000") == float(0x019A7F3E5C10)
    assert creation_time("019a7f3e-5c10-7800-8000-000000000000") == 0x019A7F3E5C10 + 0.5
    assert creation_time("019a7f3e-5c10-7fff-8000-000000000000") == 0x019A7F3E5C10 + 4095 / 4096


def test_somebody_without_a_name_has_none():
    [row] = active_sessions([(CONNECTION, PARTICIPANT)], {})
    assert row["user"] == {"_id": encode_id(Table.USERS, PARTICIPANT.id)}
    assert row["sessionId"] == CONNECTION.id


def test_a_users_own_name_fills_in():
    [row] = active_sessions([(CONNECTION, OF_USER)], {"user_01": USER})
    assert row["user"] == {"_id": encode_id(Table.USERS, USER.id), "displayName": "Ada"}


def test_a_row_whose_user_is_gone_is_dropped():
    assert active_sessions([(CONNECTION, OF_USER)], {}) == []


def test_failed_and_closed_rows_are_dropped():
    rows = [
        (replace(CONNECTION, state=state), PARTICIPANT) for state in ConnectionState if state.final
    ]
    assert len(rows) == 2
    assert active_sessions(rows, {}) == []
