"""From facts of a session to the happenings that webhooks tell, in the order they must have. Pure.

A session starts before its first join and ends after its last leave, whatever the order in which
the facts of one step come.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from signaling.log import (
    CaptionsChanged,
    ChatSent,
    ConnectionChanged,
    LogEntry,
    ParticipantJoined,
    RecordingChanged,
    SessionChanged,
    SessionDiscarded,
)
from signaling.model import (
    CaptionState,
    Connection,
    Participant,
    ParticipantKind,
    RecordingNotice,
    Session,
    SessionState,
)


class What(StrEnum):
    """Sorts of happenings."""

    STARTED = "started"
    JOINED = "joined"
    LEFT = "left"
    ENDED = "ended"
    CHAT = "chat"
    TRANSCRIPT = "transcript"
    SUMMARY = "summary"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that webhooks tell.

    Attributes:
        session: As it is then; for recordings None where it has ended.
    """

    what: What
    session_id: str
    meeting_id: str
    session: Session | None = None
    participant: Participant | None = None
    connection: Connection | None = None
    recording: RecordingNotice | None = None


@dataclass(slots=True)
class _Watched:
    session: Session | None = None
    started: bool = False
    people: dict[str, Participant] = field(default_factory=dict)
    inside: dict[str, Connection] = field(default_factory=dict)
    early: list[Happening] = field(default_factory=list)
    chats: int = 0
    captioned: bool = False


class Watch:
    """Folds facts; one for the whole process."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Watched] = {}

    def recall(
        self,
        session: Session,
        people: Iterable[Participant],
        connections: Iterable[Connection],
        *,
        chats: int,
    ) -> None:
        """Go on with a session that the process was following when it was cut off."""
        if session.started_at is None:
            return
        known = {who.id: who for who in people}
        inside = {
            one.id: one
            for one in connections
            if one.connected_at is not None
            and not one.state.final
            and one.participant_id in known
            and known[one.participant_id].kind is ParticipantKind.PERSON
        }
        # whether anything was said is looked up when it is told
        self._sessions[session.id] = _Watched(
            session, started=True, people=known, inside=inside, chats=chats, captioned=True
        )

    def fold(self, entry: LogEntry) -> list[Happening]:
        """What this fact comes to."""
        fact = entry.fact
        if isinstance(fact, RecordingChanged):
            return self._recording(entry, fact.recording)
        watched = self._sessions.get(entry.session_id)
        if watched is None:
            if not isinstance(fact, SessionChanged) or fact.session.state is SessionState.ENDED:
                return []
            watched = self._sessions[entry.session_id] = _Watched()
        match fact:
            case SessionChanged(session=session):
                return self._session(watched, session)
            case SessionDiscarded():
                del self._sessions[entry.session_id]
            case ParticipantJoined(participant=who):
                watched.people[who.id] = who
            case ConnectionChanged(connection=connection):
                return _connection(watched, connection)
            case ChatSent():
                watched.chats += 1
            case CaptionsChanged(captions=notice):
                watched.captioned |= notice.state is CaptionState.RUNNING
            case _:
                pass
        return []

    def _session(self, watched: _Watched, session: Session) -> list[Happening]:
        watched.session = session
        if session.state is SessionState.LIVE and not watched.started:
            watched.started = True
            early = [replace(one, session=session) for one in watched.early]
            watched.early = []
            return [Happening(What.STARTED, session.id, session.meeting_id, session), *early]
        if session.state is SessionState.ENDED:
            del self._sessions[session.id]
            return _ended(watched, session) if watched.started else []
        return []

    def _recording(self, entry: LogEntry, notice: RecordingNotice) -> list[Happening]:
        watched = self._sessions.get(entry.session_id)
        session = watched.session if watched is not None else None
        return [
            Happening(What.RECORDING, entry.session_id, entry.meeting_id, session, recording=notice)
        ]


def _connection(watched: _Watched, connection: Connection) -> list[Happening]:
    who = watched.people.get(connection.participant_id)
    if who is None or who.kind is not ParticipantKind.PERSON or connection.connected_at is None:
        return []
    known = connection.id in watched.inside
    found: list[Happening] = []
    if not known and not connection.state.final:
        found.append(_turn(What.JOINED, watched, who, connection))
        watched.inside[connection.id] = connection
    elif known and connection.state.final:
        found.append(_turn(What.LEFT, watched, who, connection))
        del watched.inside[connection.id]
    if not watched.started:
        watched.early.extend(found)
        return []
    return found


def _ended(watched: _Watched, session: Session) -> list[Happening]:
    found = []
    for connection in watched.inside.values():
        closed = replace(connection, closed_at=session.ended_at)
        found.append(_turn(What.LEFT, watched, watched.people[closed.participant_id], closed))
    found.append(Happening(What.ENDED, session.id, session.meeting_id, session))
    if watched.chats:
        found.append(Happening(What.CHAT, session.id, session.meeting_id, session))
    if watched.captioned:
        found += [
            Happening(what, session.id, session.meeting_id, session)
            for what in (What.TRANSCRIPT, What.SUMMARY)
        ]
    return found


def _turn(what: What, watched: _Watched, who: Participant, connection: Connection) -> Happening:
    return Happening(
        what,
        connection.session_id,
        connection.meeting_id,
        watched.session,
        participant=who,
        connection=connection,
    )
