"""What the server says: the wire schema of protocol version 1, server to client."""

from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from media.types import Direction, MediaKind, QualityLabel, RecordedMedia, TrackSource
from signaling.model import (
    CaptionState,
    ConnectionState,
    ParticipantKind,
    RecordingState,
    Role,
    SessionState,
)


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment: TypeAlias = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str)]


def _is_none(value: object) -> bool:
    return value is None


# A member that is absent rather than null: null would be the name "null" to RTCPeerConnection.
OptionalText: TypeAlias = Annotated[str | None, Field(exclude_if=_is_none)]


class Part(BaseModel):
    """A piece of a message."""

    model_config = ConfigDict(frozen=True)


class Reply(Part):
    """A whole message; its text is made once, however many people it goes to."""

    @cached_property
    def text(self) -> str:
        """The message as JSON."""
        return self.model_dump_json()


class TrackView(Part):
    """A published source as the roster shows it."""

    source: TrackSource
    muted: bool
    muted_by: str | None


class ParticipantView(Part):
    """Somebody in the roster; state and quality are those of the newest connection."""

    id: str
    name: str
    role: Role
    kind: ParticipantKind
    state: ConnectionState
    quality: QualityLabel | None
    quality_reason: str | None
    tracks: list[TrackView]
    joined_at: Moment


class Departure(Part):
    """Somebody who left the roster."""

    id: str
    reason: str


class SlotView(Part):
    """A receive-only m-line and what it carries now."""

    mid: str
    kind: MediaKind
    participant: str | None
    source: TrackSource | None
    paused: bool
    reason: str | None


class RecordingView(Part):
    """The meeting's recording."""

    id: str
    state: RecordingState
    started_by: str | None
    started_at: Moment
    media: RecordedMedia


class ChatView(Part):
    """A line of chat."""

    id: str
    participant: str
    name: str
    text: str
    at: Moment


class MeetingView(Part):
    """The meeting that was joined."""

    id: str
    title: str
    record: str
    max_participants: int


class SessionView(Part):
    """The session that was joined."""

    id: str
    state: SessionState
    started_at: Moment | None


class IceServerView(Part):
    """W3C RTCIceServer."""

    urls: list[str]
    username: OptionalText = None
    credential: OptionalText = None


class SlotCounts(Part):
    """How many receive-only m-lines the server fills."""

    audio: int
    video: int


class TimersView(Part):
    """Timers that the page counts down, in seconds."""

    disconnected: float
    failed: float


class CaptionsView(Part):
    """The meeting's captions."""

    state: CaptionState
    language: str
    engine: str
    message: str | None


class CaptionView(Part):
    """Something that was said, in seconds from the session's start.

    A later one with the same id replaces it until one is final; a final one without text takes
    back what was shown.
    """

    id: str
    participant: str
    name: str
    text: str
    start: float
    end: float
    language: str
    final: bool


class VisitorView(Part):
    """Somebody who waits at the door."""

    id: str
    name: str
    since: Moment


class Waiting(Reply):
    """You are at the door: a host, or a host's coming, lets you in within so many seconds."""

    type: Literal["waiting"] = "waiting"
    meeting: MeetingView
    name: str
    seconds: float


class Visitors(Reply):
    """Everybody who waits at the door, first come first; told to those who may admit."""

    type: Literal["visitors"] = "visitors"
    visitors: list[VisitorView]


class Welcome(Reply):
    """The snapshot; later deltas have larger sequence numbers."""

    type: Literal["welcome"] = "welcome"
    protocol: int
    sequence: int
    meeting: MeetingView
    session: SessionView
    you: ParticipantView
    connection: str
    resume: str
    kept: bool
    participants: list[ParticipantView]
    recording: RecordingView | None
    captions: CaptionsView | None
    chat: list[ChatView]
    visitors: list[VisitorView]
    ice_servers: list[IceServerView]
    slots: SlotCounts
    timers: TimersView


class AnswerMessage(Reply):
    """The answer to an offer."""

    type: Literal["answer"] = "answer"
    id: int
    sdp: str
    slots: list[SlotView]


class Slots(Reply):
    """All slots, whenever one changed."""

    type: Literal["slots"] = "slots"
    slots: list[SlotView]


class Roster(Reply):
    """Who came, changed and went."""

    type: Literal["roster"] = "roster"
    sequence: int
    joined: list[ParticipantView] = Field(default_factory=list)
    changed: list[ParticipantView] = Field(default_factory=list)
    left: list[Departure] = Field(default_factory=list)


class Speaking(Reply):
    """Who speaks, loudest first."""

    type: Literal["speaking"] = "speaking"
    participants: list[str]


class RecordingMessage(Reply):
    """The recording's new state."""

    type: Literal["recording"] = "recording"
    sequence: int
    recording: RecordingView | None


class CaptionsMessage(Reply):
    """Captions began, ended, or cannot be had."""

    type: Literal["captions"] = "captions"
    sequence: int
    captions: CaptionsView


class Caption(Reply):
    """Something that was said."""

    type: Literal["caption"] = "caption"
    caption: CaptionView


class ChatMessageSent(Reply):
    """Somebody wrote."""

    type: Literal["chat"] = "chat"
    sequence: int
    message: ChatView


class Muted(Reply):
    """A host muted or released you."""

    type: Literal["muted"] = "muted"
    source: TrackSource
    muted: bool
    by: str | None


class Quality(Reply):
    """Your connection's quality label changed, or it is below excellent still."""

    type: Literal["quality"] = "quality"
    label: QualityLabel
    reason: str | None
    loss_percent: float
    round_trip_ms: float | None
    jitter_ms: float
    direction: Direction | None
    source: str | None


class SessionMessage(Reply):
    """The session's new state."""

    type: Literal["session"] = "session"
    sequence: int
    state: SessionState


class ErrorMessage(Reply):
    """A refusal; fatal ones are followed by a close."""

    type: Literal["error"] = "error"
    code: str
    message: str
    fatal: bool
    in_reply_to: OptionalText = None
    id: Annotated[int | None, Field(exclude_if=_is_none)] = None


class GoodbyeMessage(Reply):
    """The connection is over; a close follows."""

    type: Literal["goodbye"] = "goodbye"
    reason: str
    message: str
    rejoin: bool


class Pong(Reply):
    """Answers a ping."""

    type: Literal["pong"] = "pong"
    id: int


ServerMessage: TypeAlias = Annotated[
    Welcome
    | Waiting
    | Visitors
    | AnswerMessage
    | Slots
    | Roster
    | Speaking
    | RecordingMessage
    | CaptionsMessage
    | Caption
    | ChatMessageSent
    | Muted
    | Quality
    | SessionMessage
    | ErrorMessage
    | GoodbyeMessage
    | Pong,
    Field(discriminator="type"),
]
