"""The session log: facts in the past tense, numbered in their Session, with whole entities.

A reader that keeps the latest entity per id from every fact has the live state; the same facts,
stored, are the history.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, TypeAlias

from media.picture import Picture
from media.types import Reading, TrackSource
from signaling.model import (
    CaptionLine,
    CaptionsNotice,
    ChatMessage,
    Connection,
    ConnectionState,
    Participant,
    RecordingNotice,
    Session,
    Track,
)


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A session was opened, started, emptied, resumed or ended; its `state` tells which."""

    type: ClassVar[str] = "session.changed"
    session: Session


@dataclass(frozen=True, slots=True)
class SessionDiscarded:
    """A pending session never connected anybody; it leaves no history."""

    type: ClassVar[str] = "session.discarded"
    session: Session


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """A participant was admitted."""

    type: ClassVar[str] = "participant.joined"
    participant: Participant


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """A participant has no live connection left and will not come back by itself."""

    type: ClassVar[str] = "participant.left"
    participant: Participant


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """A connection was opened or changed its state; `previous` is None when opened.

    Attributes:
        details: How it is connected, for timelines: `client`, `path`, `srtp_profile`, `join_ms`.
    """

    type: ClassVar[str] = "connection.changed"
    connection: Connection
    previous: ConnectionState | None
    details: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectionDescribed:
    """A connection's client changed the metadata that it gives its connection."""

    type: ClassVar[str] = "connection.described"
    connection: Connection


@dataclass(frozen=True, slots=True)
class QualityChanged:
    """A connection's quality label changed, or was confirmed after 30 s.

    Attributes:
        reading: The figures behind the label.
    """

    type: ClassVar[str] = "connection.quality"
    connection: Connection
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class PictureChanged:
    """The largest picture that a connection gets has another layer or size.

    Attributes:
        picture: None when it gets none any more.
    """

    type: ClassVar[str] = "connection.picture"
    participant_id: str
    connection_id: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class TrackChanged:
    """A track was published, muted or unmuted."""

    type: ClassVar[str] = "track.changed"
    track: Track


@dataclass(frozen=True, slots=True)
class TrackEnded:
    """A track is no longer published."""

    type: ClassVar[str] = "track.ended"
    participant_id: str
    connection_id: str
    source: TrackSource


@dataclass(frozen=True, slots=True)
class ChatSent:
    """Somebody wrote to everybody."""

    type: ClassVar[str] = "chat.sent"
    message: ChatMessage


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """The session's recording changed its state."""

    type: ClassVar[str] = "recording.changed"
    recording: RecordingNotice


@dataclass(frozen=True, slots=True)
class CaptionsChanged:
    """The session's captions began, ended, or cannot be had."""

    type: ClassVar[str] = "captions.changed"
    captions: CaptionsNotice


@dataclass(frozen=True, slots=True)
class CaptionAdded:
    """Somebody said something, and it was transcribed."""

    type: ClassVar[str] = "caption.added"
    caption: CaptionLine


Fact: TypeAlias = (
    SessionChanged
    | SessionDiscarded
    | ParticipantJoined
    | ParticipantLeft
    | ConnectionChanged
    | ConnectionDescribed
    | QualityChanged
    | PictureChanged
    | TrackChanged
    | TrackEnded
    | ChatSent
    | RecordingChanged
    | CaptionsChanged
    | CaptionAdded
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A fact with its place in the session log.

    Attributes:
        sequence: 1 for the session's first fact, then without holes.
    """

    session_id: str
    meeting_id: str
    sequence: int
    at: datetime
    fact: Fact


class SessionLog(Protocol):
    """Where facts go; called on the event loop in order, never blocks, never raises."""

    def append(self, entry: LogEntry) -> None:
        """Take one fact."""
