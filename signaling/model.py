"""The nouns of a meeting as frozen data; the words are those of the glossary and of the wire.

Every `*_at` is a timezone-aware UTC datetime. Ids are canonical UUIDv7 text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from media.types import QualityLabel, RecordedMedia, TrackSource


class Role(StrEnum):
    """What a participant may do: hosts moderate and record, observers only watch and listen."""

    HOST = "host"
    PARTICIPANT = "participant"
    OBSERVER = "observer"


class Waits(StrEnum):
    """Whether somebody must wait at the door, and for what."""

    NO = "no"
    UNTIL_HOST = "until_host"
    UNTIL_ADMITTED = "until_admitted"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a participant may do, one by one.

    Attributes:
        sources: What may be published.
        chat: May write to everybody.
        mute: May mute others.
        kick: May remove others.
        record: May command the recording.
        end: May end the meeting for all.
        admit: May see who waits at the door, and let them in or turn them away.
        waits: Whether they must wait there themselves; whoever may admit never does.
    """

    sources: frozenset[TrackSource] = frozenset(TrackSource)
    chat: bool = True
    mute: bool = False
    kick: bool = False
    record: bool = False
    end: bool = False
    admit: bool = False
    waits: Waits = Waits.NO

    @classmethod
    def of(cls, role: Role) -> "Permissions":
        """What a role may do when nobody says otherwise."""
        if role is Role.OBSERVER:
            return cls(sources=frozenset(), chat=False)
        host = role is Role.HOST
        return cls(mute=host, kick=host, record=host, end=host, admit=host)


class ParticipantKind(StrEnum):
    """A person with a browser or client, or a program inside this server."""

    PERSON = "person"
    BOT = "bot"


class MeetingStatus(StrEnum):
    """An inactive meeting admits nobody."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


class Access(StrEnum):
    """Who may join: whoever has the link, or only holders of a join token."""

    LINK = "link"
    TOKEN = "token"  # noqa: S105  (a word of the wire, not a secret)


class RecordPolicy(StrEnum):
    """When a meeting is recorded."""

    OFF = "off"
    MANUAL = "manual"
    ALWAYS = "always"


class WaitingRoom(StrEnum):
    """Whether people without a right to admit wait until somebody with it lets them in."""

    OFF = "off"
    ON = "on"


class CaptionPolicy(StrEnum):
    """Whether a meeting has captions: never, when somebody starts them, or from its first join."""

    OFF = "off"
    ON = "on"
    AUTO = "auto"


class CaptionState(StrEnum):
    """Where a session's captions stand."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNAVAILABLE = "unavailable"
    UNSUPPORTED_LANGUAGE = "unsupported_language"


class SessionState(StrEnum):
    """Where one occupancy of a meeting stands."""

    PENDING = "pending"
    LIVE = "live"
    KEEP_ALIVE = "keep_alive"
    ENDED = "ended"


class ParticipantState(StrEnum):
    """In the roster or gone from it."""

    PRESENT = "present"
    LEFT = "left"


class VisitorState(StrEnum):
    """Where somebody at a meeting's door stands."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    DISMISSED = "dismissed"
    GONE = "gone"

    @property
    def final(self) -> bool:
        """Nothing is waited for any more."""
        return self is not VisitorState.WAITING


class ConnectionState(StrEnum):
    """Where one peer connection stands."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"

    @property
    def final(self) -> bool:
        """Failed and closed are never left again."""
        return self in (ConnectionState.FAILED, ConnectionState.CLOSED)


class RecordingState(StrEnum):
    """Where a recording stands."""

    STARTING = "starting"
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPING = "stopping"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """It still takes packets or is about to."""
        return self in (
            RecordingState.STARTING,
            RecordingState.RECORDING,
            RecordingState.PAUSED,
        )


class EndReason(StrEnum):
    """Why a connection or session ended, or why a connection is disconnected."""

    LEFT = "left"
    KICKED = "kicked"
    REPLACED = "replaced"
    MEETING_ENDED = "meeting_ended"
    SERVER_STOPPED = "server_stopped"
    EMPTY = "empty"
    NO_PACKETS = "no_packets"
    TRANSPORT_LOST = "transport_lost"
    CONNECT_TIMEOUT = "connect_timeout"
    ICE_FAILED = "ice_failed"
    DTLS_FAILED = "dtls_failed"
    PROTOCOL_ERROR = "protocol_error"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A durable room with a link and settings.

    Attributes:
        keep_alive_seconds: How long an empty session lasts; None takes the server's setting.
    """

    id: str
    title: str
    status: MeetingStatus
    access: Access
    record: RecordPolicy
    max_participants: int
    created_at: datetime
    created_by: str | None = None
    account: str = "default"
    keep_alive_seconds: float | None = None
    captions: CaptionPolicy = CaptionPolicy.ON
    waiting_room: WaitingRoom = WaitingRoom.OFF


@dataclass(frozen=True, slots=True)
class Session:
    """One occupancy of a meeting: first join to end."""

    id: str
    meeting_id: str
    state: SessionState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: EndReason | None = None
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """One person or bot within one Session.

    Attributes:
        user_id: The identity's `sub` that this participant acts for; None for a guest.
        invitation_id: The invitation that let the participant in, if it was one.
    """

    id: str
    session_id: str
    meeting_id: str
    name: str
    role: Role
    kind: ParticipantKind
    state: ParticipantState
    joined_at: datetime
    left_at: datetime | None = None
    user_id: str | None = None
    reason: EndReason | None = None
    invitation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """One WebRTC peer connection of a Participant.

    Attributes:
        client_name: Opaque name that a dialect's client chose; defaults to the id.
        replaces: The connection that this one took over from.
        quality: Latest label, None until known.
        quality_reason: Why it is not excellent.
        quality_at: When the quality was last judged.
        protocol: `websocket`, `whip`, `whep` or `convex`.
        metadata: What the client itself says about it.
    """

    id: str
    session_id: str
    meeting_id: str
    participant_id: str
    state: ConnectionState
    created_at: datetime
    updated_at: datetime
    client_name: str
    protocol: str = "websocket"
    reason: EndReason | None = None
    connected_at: datetime | None = None
    closed_at: datetime | None = None
    replaces: str | None = None
    quality: QualityLabel | None = None
    quality_reason: str | None = None
    quality_at: datetime | None = None
    metadata: Mapping[str, str | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Track:
    """One published source of a Connection.

    Attributes:
        muted: By its owner or by a host.
        muted_by: Participant id of the host who muted it, None otherwise.
    """

    participant_id: str
    connection_id: str
    source: TrackSource
    muted: bool
    codec: str | None = None
    muted_by: str | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a meeting's door; no Participant of any Session yet.

    Attributes:
        id: Of this wait alone; a Participant gets its own.
        reason: Why they were dismissed; None otherwise.
    """

    id: str
    meeting_id: str
    name: str
    state: VisitorState
    since: datetime
    user_id: str | None = None
    reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class RecordingNotice:
    """What people in a meeting are told about its recording."""

    id: str
    state: RecordingState
    started_by: str | None
    started_at: datetime
    media: RecordedMedia = "audio"


@dataclass(frozen=True, slots=True)
class CaptionsNotice:
    """What people in a meeting are told about its captions.

    Attributes:
        message: Why there are none, in one sentence; None while they run.
    """

    state: CaptionState
    language: str
    engine: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class CaptionWord:
    """One word, in seconds from the session's start.

    Attributes:
        confidence: 0 to 1, None where the engine knows none.
    """

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """Something that somebody said.

    Attributes:
        id: Stays the same from the first partial to the final one.
        name: The speaker's at that time.
        start: Seconds from the session's start.
        end: Seconds from the session's start.
        final: Nothing will change any more.
    """

    id: str
    participant_id: str
    connection_id: str
    name: str
    start: float
    end: float
    text: str
    language: str
    engine: str
    words: tuple[CaptionWord, ...] = ()
    confidence: float | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One line of chat; kept with the session."""

    id: str
    participant_id: str
    name: str
    text: str
    at: datetime
