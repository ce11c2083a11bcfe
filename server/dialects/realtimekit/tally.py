"""Sessions counted in the dialect's way: rows, minutes, people live and at most. Pure.

Times are cut to milliseconds first, so that what is counted agrees with what is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.dialects.realtimekit.answers import whole_ms
from server.services.views import ParticipantView, SessionView
from signaling.model import Connection, ConnectionState, Participant, ParticipantKind

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One connection of a person that was up at least once.

    Attributes:
        left_at: None while inside.
        minutes: Until it left, or until now.
    """

    connection: Connection
    participant: Participant
    joined_at: datetime
    left_at: datetime | None
    minutes: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What a session comes to."""

    rows: tuple[Row, ...]
    live: int
    most: int
    minutes: float


def rows_of(view: SessionView, now: datetime) -> list[Row]:
    """The rows of a session in order of joining; bots and no-shows have none."""
    found = [
        _row(one, connection, now)
        for one in view.participants
        if one.participant.kind is ParticipantKind.PERSON
        for connection in one.connections
        if connection.connected_at is not None
    ]
    return sorted(found, key=lambda row: (row.joined_at, row.connection.id))


def _row(one: ParticipantView, connection: Connection, now: datetime) -> Row:
    assert connection.connected_at is not None  # noqa: S101  (rows_of has looked)
    joined = whole_ms(connection.connected_at)
    ended = (connection.closed_at or connection.updated_at) if connection.state.final else None
    left = None if ended is None else max(joined, whole_ms(ended))
    until = max(joined, whole_ms(now)) if left is None else left
    minutes = round((until - joined).total_seconds() / 60, _DIGITS)
    return Row(connection, one.participant, joined, left, minutes)


def tally(view: SessionView, now: datetime) -> Tally:
    """Count a session."""
    rows = rows_of(view, now)
    return Tally(
        rows=tuple(rows),
        live=sum(1 for row in rows if row.left_at is None) + _returning(view, rows),
        most=_most(rows),
        minutes=round(sum(row.minutes for row in rows), _DIGITS),
    )


def _returning(view: SessionView, rows: Iterable[Row]) -> int:
    """People between two connections: the old one is replaced, the new one not up yet."""
    joined = {row.connection.id for row in rows}
    return sum(
        1
        for one in view.participants
        if one.participant.kind is ParticipantKind.PERSON
        for connection in one.connections
        if connection.state is ConnectionState.CONNECTING and connection.replaces in joined
    )


def _most(rows: Iterable[Row]) -> int:
    """The largest number of rows inside at once; who leaves makes room first."""
    turns: list[tuple[datetime, int]] = []
    for row in rows:
        turns.append((row.joined_at, 1))
        if row.left_at is not None:
            turns.append((row.left_at, -1))
    inside, most = 0, min(1, len(turns))
    for _, step in sorted(turns):
        inside += step
        most = max(most, inside)
    return most
