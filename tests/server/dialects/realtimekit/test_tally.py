from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.domain import NOW, connection, meeting, participant, session

from server.dialects.realtimekit.answers import whole_ms
from server.dialects.realtimekit.tally import Tally, tally
from server.services.views import ParticipantView, SessionView
from signaling.model import Connection, ConnectionState, Participant, ParticipantKind

MEETING = meeting()
SESSION = session(MEETING)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def person(*spans: tuple[float | None, float | None], **members: object) -> ParticipantView:
    who = participant(SESSION, **members)
    return ParticipantView(who, tuple(link(who, *span) for span in spans))


def link(who: Participant, joined: float | None, left: float | None) -> Connection:
    state = ConnectionState.CONNECTED if left is None else ConnectionState.CLOSED
    return connection(
        who,
        state=state,
        connected_at=None if joined is None else at(joined),
        closed_at=None if left is None else at(left),
    )


def counted(*people: ParticipantView, now: float = 100) -> Tally:
    return tally(SessionView(SESSION, people), at(now))


def test_minutes_are_per_connection_and_run_while_inside():
    found = counted(person((0, 60), (10, None)))
    assert [row.minutes for row in found.rows] == [1.0, 1.5]
    assert (found.minutes, found.live, found.most) == (2.5, 1, 2)


def test_no_shows_and_bots_are_free():
    found = counted(person((None, 30)), person((0, 60), kind=ParticipantKind.BOT))
    assert (found.rows, found.minutes, found.most) == ((), 0, 0)


def test_who_leaves_makes_room_first():
    assert counted(person((0, 30)), person((30, 60))).most == 1
    assert counted(person((5, 5))).most == 1


def test_a_reconnect_does_not_make_the_count_jump():
    old = person((0, 30))
    new = connection(
        old.participant,
        state=ConnectionState.CONNECTING,
        connected_at=None,
        replaces=old.connections[0].id,
    )
    both = ParticipantView(old.participant, (*old.connections, new))
    assert (counted(old).live, counted(both).live, counted(both).most) == (0, 1, 1)


def test_a_left_row_without_an_end_takes_its_last_change():
    who = participant(SESSION)
    lost = connection(
        who, state=ConnectionState.FAILED, connected_at=at(0), closed_at=None, updated_at=at(60)
    )
    (row,) = counted(ParticipantView(who, (lost,))).rows
    assert (row.left_at, row.minutes) == (whole_ms(at(60)), 1.0)


def test_a_clock_that_went_back_makes_no_negative_minutes():
    assert counted(person((50, 20))).minutes == 0
    assert counted(person((50, None)), now=10).minutes == 0


@given(st.lists(st.tuples(st.floats(0, 9000), st.floats(0, 9000)), max_size=20))
def test_minutes_are_the_sum_of_the_rows(spans: list[tuple[float, float]]):
    found = counted(*(person((start, start + length)) for start, length in spans))
    assert found.minutes == round(sum(row.minutes for row in found.rows), 4)
    assert found.most <= len(spans)
    assert found.live == 0
