"""The live view: facts folded to who is in which session now. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from media.types import TrackSource
from server.services.views import ParticipantView, SessionView
from signaling.log import (
    ConnectionChanged,
    ConnectionDescribed,
    Fact,
    LogEntry,
    ParticipantJoined,
    ParticipantLeft,
    QualityChanged,
    SessionChanged,
    SessionDiscarded,
    TrackChanged,
    TrackEnded,
)
from signaling.model import (
    Connection,
    Participant,
    ParticipantState,
    Session,
    SessionState,
    Track,
)

KEEP_GONE = 500
"""People who left a live session and are still shown; older ones are in storage alone."""


@dataclass(slots=True)
class LiveSession:
    """One session that has not ended."""

    session: Session
    account: str
    sequence: int = 0
    participants: dict[str, Participant] = field(default_factory=dict)
    connections: dict[str, dict[str, Connection]] = field(default_factory=dict)
    tracks: dict[tuple[str, TrackSource], Track] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)

    def view(self) -> SessionView:
        """A frozen copy."""
        tracks: dict[str, list[Track]] = {}
        for track in self.tracks.values():
            tracks.setdefault(track.participant_id, []).append(track)
        return SessionView(
            self.session,
            tuple(
                ParticipantView(
                    who,
                    tuple(self.connections.get(who.id, {}).values()),
                    tuple(tracks.get(who.id, ())),
                )
                for who in self.participants.values()
            ),
            self.account,
        )

    def joined(self, who: Participant) -> None:
        """Somebody came or changed."""
        self.participants[who.id] = who
        self.gone.pop(who.id, None)

    def left(self, who: Participant) -> None:
        """Somebody left; forget the longest gone when there are many."""
        self.participants[who.id] = who
        self._drop_tracks(participant_id=who.id)
        self.gone[who.id] = None
        while len(self.gone) > KEEP_GONE:
            oldest = next(iter(self.gone))
            del self.gone[oldest]
            self.participants.pop(oldest, None)
            self.connections.pop(oldest, None)

    def connection(self, one: Connection) -> None:
        """A connection changed; a final one takes its tracks along."""
        mine = self.connections.setdefault(one.participant_id, {})
        mine[one.id] = one
        while len(mine) > KEEP_GONE:
            del mine[next(iter(mine))]
        if one.state.final:
            self._drop_tracks(connection_id=one.id)

    def _drop_tracks(
        self, *, participant_id: str | None = None, connection_id: str | None = None
    ) -> None:
        for key, track in list(self.tracks.items()):
            if participant_id == track.participant_id or connection_id == track.connection_id:
                del self.tracks[key]


class LiveView:
    """Every session that has not ended, by id and by meeting."""

    def __init__(self) -> None:
        self._sessions: dict[str, LiveSession] = {}
        self._by_meeting: dict[str, str] = {}

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(self._sessions.values())

    def find(self, session_id: str) -> LiveSession | None:
        """By session."""
        return self._sessions.get(session_id)

    def of_meeting(self, meeting_id: str) -> LiveSession | None:
        """By meeting."""
        session_id = self._by_meeting.get(meeting_id)
        return self._sessions.get(session_id) if session_id else None

    def account_of(self, session_id: str) -> str | None:
        """Whose session."""
        live = self._sessions.get(session_id)
        return live.account if live else None

    def apply(self, entry: LogEntry, account: str) -> None:
        """Fold one fact in; facts of unknown sessions change nothing."""
        fact = entry.fact
        match fact:
            case SessionChanged(session=session):
                self._session_changed(session, account)
            case SessionDiscarded(session=session):
                self._remove(session)
            case _:
                pass
        live = self._sessions.get(entry.session_id)
        if live is not None:
            live.sequence = entry.sequence
            _apply(live, fact)

    def _session_changed(self, session: Session, account: str) -> None:
        if session.state is SessionState.ENDED:
            self._remove(session)
            return
        live = self._sessions.get(session.id)
        if live is None:
            self._sessions[session.id] = LiveSession(session, account)
            self._by_meeting[session.meeting_id] = session.id
        else:
            live.session = session

    def _remove(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        if self._by_meeting.get(session.meeting_id) == session.id:
            del self._by_meeting[session.meeting_id]


def _apply(live: LiveSession, fact: Fact) -> None:
    match fact:
        case ParticipantJoined(participant=who):
            live.joined(who)
        case ParticipantLeft(participant=who):
            live.left(who)
        case (
            ConnectionChanged(connection=one)
            | ConnectionDescribed(connection=one)
            | QualityChanged(connection=one)
        ):
            live.connection(one)
        case TrackChanged(track=track):
            live.tracks[(track.connection_id, track.source)] = track
        case TrackEnded(connection_id=connection_id, source=source):
            live.tracks.pop((connection_id, source), None)
        case _:
            pass


def present(live: LiveSession) -> int:
    """How many people and bots are in the session now."""
    return sum(p.state is ParticipantState.PRESENT for p in live.participants.values())
