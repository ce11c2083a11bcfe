"""What a crash left: sessions that never ended are closed in the log, as of their last fact."""

import dataclasses
from datetime import datetime

import structlog

from media.clock import Clock
from server.services.tracker import Tracker
from server.storage.port import SessionStore, StoredSession
from signaling.log import (
    ConnectionChanged,
    Fact,
    LogEntry,
    ParticipantLeft,
    SessionChanged,
    SessionDiscarded,
)
from signaling.model import (
    Connection,
    ConnectionState,
    EndReason,
    Participant,
    ParticipantState,
    SessionState,
)

logger = structlog.get_logger(__name__)
STOPPED = EndReason.SERVER_STOPPED


async def close_unfinished(store: SessionStore, tracker: Tracker, clock: Clock) -> int:
    """Close every session that a crash left open, with all in it; how many.

    Raises:
        Exception: The database's.
    """
    left_open = await store.unfinished_sessions()
    for stored in left_open:
        ended_at = await _last_sign_of_life(store, stored)
        tracker.note_account(stored.session.meeting_id, stored.account)
        facts = closing_facts(stored, ended_at)
        for number, fact in enumerate(facts, start=stored.last_sequence + 1):
            tracker.append(
                LogEntry(stored.session.id, stored.session.meeting_id, number, clock.utc(), fact)
            )
        logger.info("session closed after a crash", session=stored.session.id)
    await tracker.flush()
    return len(left_open)


def closing_facts(stored: StoredSession, ended_at: datetime) -> list[Fact]:
    """The facts that end a session which nobody could end when it happened."""
    session = stored.session
    if session.started_at is None:
        return [SessionDiscarded(session)]
    facts: list[Fact] = [
        ConnectionChanged(_closed(connection, ended_at), connection.state)
        for connection in stored.connections
        if not connection.state.final
    ]
    facts += [
        ParticipantLeft(_left(who, ended_at))
        for who in stored.participants
        if who.state is ParticipantState.PRESENT
    ]
    ended = dataclasses.replace(
        session, state=SessionState.ENDED, ended_at=ended_at, reason=STOPPED
    )
    return [*facts, SessionChanged(ended)]


def _closed(connection: Connection, at: datetime) -> Connection:
    return dataclasses.replace(
        connection, state=ConnectionState.CLOSED, reason=STOPPED, closed_at=at, updated_at=at
    )


def _left(who: Participant, at: datetime) -> Participant:
    return dataclasses.replace(who, state=ParticipantState.LEFT, reason=STOPPED, left_at=at)


async def _last_sign_of_life(store: SessionStore, stored: StoredSession) -> datetime:
    last = await store.list_events(stored.session.id, after=stored.last_sequence - 1, limit=1)
    return last[-1].at if last else stored.session.created_at
