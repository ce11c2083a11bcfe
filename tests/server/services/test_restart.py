import dataclasses
from datetime import timedelta

from sqlalchemy import text
from support.domain import NOW, connection, entries, meeting, occupied, participant, session

from server.services.context import App
from server.services.restart import close_unfinished, closing_facts
from server.storage.port import StoredSession
from signaling.log import ConnectionChanged, ParticipantLeft, SessionChanged, SessionDiscarded
from signaling.model import (
    ConnectionState,
    EndReason,
    ParticipantState,
    SessionState,
)

STOPPED = EndReason.SERVER_STOPPED


def test_everything_open_is_closed_in_order():
    live, person, link, _ = occupied(meeting())
    gone = participant(live, state=ParticipantState.LEFT)
    done = connection(gone, state=ConnectionState.FAILED)
    stored = StoredSession(live, "default", (person, gone), (link, done), 7)
    at = NOW + timedelta(seconds=9)
    closed, left, ended = closing_facts(stored, at)
    assert isinstance(closed, ConnectionChanged)
    assert closed.previous is ConnectionState.CONNECTED
    assert closed.connection == dataclasses.replace(
        link, state=ConnectionState.CLOSED, reason=STOPPED, closed_at=at, updated_at=at
    )
    assert isinstance(left, ParticipantLeft)
    assert (left.participant.id, left.participant.left_at) == (person.id, at)
    assert isinstance(ended, SessionChanged)
    assert (ended.session.state, ended.session.ended_at) == (SessionState.ENDED, at)
    assert ended.session.reason is STOPPED


def test_one_that_never_connected_anybody_is_discarded():
    pending = session(meeting(), state=SessionState.PENDING, started_at=None)
    stored = StoredSession(pending, "default", (), (), 1)
    assert closing_facts(stored, NOW) == [SessionDiscarded(pending)]


async def test_a_crash_is_made_good_at_the_next_start(running):
    live, _, _, facts = occupied(meeting(account="acme"))
    async with running() as app:
        app.tracker.note_account(live.meeting_id, "acme")
        for entry in entries(live, facts):
            app.tracker.append(entry)
    async with running() as app:
        app.clock.advance(3600)
        assert await close_unfinished(app.storage, app.tracker, app.clock) == 1
        view = await app.sessions.get(live.id)
        assert (view.session.state, view.account) == (SessionState.ENDED, "acme")
        assert view.session.ended_at == NOW
        (one,) = view.participants
        assert one.participant.state is ParticipantState.LEFT
        assert one.connections[0].reason is STOPPED
        events = await app.sessions.events(live.id, after=3, limit=9)
        assert [event.sequence for event in events] == [4, 5, 6]
        assert await close_unfinished(app.storage, app.tracker, app.clock) == 0


async def test_a_pruned_session_ends_when_it_began(app: App):
    live, _, _, facts = occupied(meeting())
    for entry in entries(live, facts[:1]):
        app.tracker.append(entry)
    await app.tracker.flush()
    await app.storage._db.change(text("DELETE FROM events"))
    assert await close_unfinished(app.storage, app.tracker, app.clock) == 1
    stored = await app.storage.find_session(live.id)
    assert stored.session.ended_at == live.created_at
