"""The JSON of the native API: what goes in, what comes out, member by member."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from media.types import MediaKind, QualityLabel, RecordedMedia, TrackSource
from server.facts import utc_text
from server.records import RecordingPlace
from server.services.products import ProductKind, ProductState
from signaling.model import (
    Access,
    CaptionPolicy,
    ConnectionState,
    EndReason,
    MeetingStatus,
    ParticipantKind,
    ParticipantState,
    RecordingState,
    RecordPolicy,
    Role,
    SessionState,
    WaitingRoom,
)

VISIBLE = r"[^\s\x00-\x1f\x7f-\x9f]"
"""At least one character that can be seen."""
_DATED = re.compile(r"\d{4}-\d\d-\d\dT")


def _dated(value: object) -> object:
    if not isinstance(value, str):
        return value
    if _DATED.match(value) is None:
        raise ValueError("no time of RFC 3339")
    return datetime.fromisoformat(value)  # bodies are strict: a text is none of theirs


Time = Annotated[
    datetime,
    PlainSerializer(utc_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339 in UTC with milliseconds, as everywhere in the session log."""

Title = Annotated[str, Field(max_length=200, description="Shown to everybody; at most 200.")]
Moment = Annotated[AwareDatetime, BeforeValidator(_dated)]
"""A time in a query; a number, which pydantic takes for seconds, is none."""
Limit = Annotated[int, Field(ge=1, le=100, description="Items on a page.")]
Cursor = Annotated[
    str, Field(pattern="^[0-9a-f]{32}$", description="`next_cursor` of the page before.")
]


def _whole(value: object) -> object:
    """JSON has one kind of number: 3.0 is the integer 3 (JSON Schema section 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


People = Annotated[
    int, Field(ge=1, le=1000, description="People at the same time."), BeforeValidator(_whole)
]
Ttl = Annotated[
    int,
    Field(ge=1, le=31_536_000, description="Seconds; default 3600."),
    BeforeValidator(_whole),
]


class Meeting(BaseModel):
    """A durable room with a link and settings."""

    id: str
    convex_id: str = Field(description="The same id as the Convex dialect writes it.")
    title: str
    url: str = Field(description="The link that people open.")
    status: MeetingStatus
    access: Access
    record: RecordPolicy
    captions: CaptionPolicy
    waiting_room: WaitingRoom
    max_participants: int
    created_at: Time


class MeetingPage(BaseModel):
    """Some meetings, newest first."""

    items: list[Meeting]
    next_cursor: str | None


class NewMeeting(BaseModel):
    """A meeting to create; every member may be left out."""

    title: Title | None = None
    max_participants: People | None = None
    record: RecordPolicy | None = None
    captions: CaptionPolicy | None = None
    waiting_room: WaitingRoom | None = None
    access: Access | None = None


class MeetingChange(BaseModel):
    """What to change about a meeting; members left out, or null, stay as they are."""

    title: Title | None = None
    max_participants: People | None = None
    record: RecordPolicy | None = None
    captions: CaptionPolicy | None = None
    waiting_room: WaitingRoom | None = None
    access: Access | None = None
    status: MeetingStatus | None = None


class MeetingQuery(BaseModel):
    """Which meetings."""

    status: MeetingStatus | None = Field(default=None, description="Only those.")
    cursor: Cursor | None = None
    limit: Limit = 50


class Lobby(BaseModel):
    """What somebody in front of a meeting's door may know."""

    id: str
    title: str
    status: MeetingStatus
    access: Access
    record: RecordPolicy
    recording_active: bool
    recording_media: RecordedMedia | None = Field(
        description="What is recorded now, or will be as soon as somebody is inside; null for "
        "nothing."
    )
    participants: list[str] = Field(description="Names of those inside.")
    full: bool
    waiting_room: WaitingRoom = Field(description="Whether a host must let guests in.")


class Visitor(BaseModel):
    """Somebody who waits at a meeting's door."""

    id: str
    name: str
    user_id: str | None
    since: Time


class Visitors(BaseModel):
    """Everybody who waits at a meeting's door."""

    items: list[Visitor] = Field(description="First come first.")


class Admitted(BaseModel):
    """What letting everybody in came to."""

    count: int = Field(description="How many were let in.")


class NewToken(BaseModel):
    """A join token to issue."""

    name: str = Field(
        min_length=1, max_length=80, pattern=VISIBLE, description="Shown to the others."
    )
    user_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=256,
        pattern=f"^{VISIBLE}([\\s\\S]*{VISIBLE})?$",
        description="The identity's `sub`: registers this user for the meeting.",
    )
    role: Role = Role.PARTICIPANT
    ttl: Ttl | None = None


class Token(BaseModel):
    """A join token and the link that carries it."""

    token: str
    url: str
    participant_id: str
    expires_at: Time


class Connection(BaseModel):
    """One WebRTC connection of a participant."""

    id: str
    state: ConnectionState
    reason: EndReason | None = Field(description="Why it is not connected.")
    quality: QualityLabel | None
    quality_reason: str | None
    protocol: str = Field(description="`websocket`, `whip`, `whep` or `convex`.")
    replaces: str | None = Field(description="The connection that it took over from.")
    created_at: Time
    connected_at: Time | None
    closed_at: Time | None
    updated_at: Time


class Track(BaseModel):
    """One source that a participant publishes."""

    source: TrackSource
    muted: bool
    muted_by: str | None
    codec: str | None


class Participant(BaseModel):
    """One person or bot within a session."""

    id: str
    name: str
    user_id: str | None
    role: Role
    kind: ParticipantKind
    state: ParticipantState
    joined_at: Time
    left_at: Time | None
    reason: EndReason | None
    connections: list[Connection]
    tracks: list[Track]


class ParticipantList(BaseModel):
    """Everybody who is or was in a session."""

    items: list[Participant]


class Session(BaseModel):
    """One occupancy of a meeting."""

    id: str
    meeting_id: str
    state: SessionState
    created_at: Time
    started_at: Time | None = Field(description="When the first person was connected.")
    ended_at: Time | None
    reason: EndReason | None
    continues: str | None = Field(description="The session that a restart cut off.")
    participants: list[Participant]


class SessionPage(BaseModel):
    """Some sessions, newest first."""

    items: list[Session]
    next_cursor: str | None


class PageQuery(BaseModel):
    """Which page."""

    cursor: Cursor | None = None
    limit: Limit = 50


class SessionQuery(BaseModel):
    """Which sessions."""

    state: SessionState | None = Field(
        default=None, description="Only those; pending sessions are never listed."
    )
    meeting: str | None = Field(default=None, max_length=128, description="Only this meeting's.")
    cursor: Cursor | None = None
    limit: Limit = 50


class Event(BaseModel):
    """A fact of the session log."""

    position: int = Field(description="Place among all facts of this server; may have holes.")
    session_id: str
    meeting_id: str
    sequence: int = Field(description="Place in its session, from 1 without holes.")
    at: Time
    type: str
    data: dict[str, object]


class EventPage(BaseModel):
    """Some facts of one session, oldest first."""

    items: list[Event]
    next_after: int = Field(description="Pass it as `after` to read on.")


class EventQuery(BaseModel):
    """Which facts."""

    after: int = Field(
        default=0, ge=0, le=2**53, description="Only those with a larger `sequence`."
    )
    limit: int = Field(default=200, ge=1, le=1000, description="Facts on a page.")


class Mute(BaseModel):
    """What a host mutes."""

    kind: MediaKind
    muted: bool = Field(default=True, description="False lets its owner unmute again.")


class FileKind(StrEnum):
    """A recorded track, or what was made of all of them."""

    AUDIO = "audio"
    VIDEO = "video"
    MIX = "mix"
    STEMS = "stems"
    PEAKS = "peaks"


class NewRecording(BaseModel):
    """How to record."""

    media: RecordedMedia | None = Field(
        default=None,
        description="`audio`, or cameras and screens too; as the server's `recording.media` says "
        "when left out.",
    )


class NewRecordingFile(BaseModel):
    """A file to make of a recording."""

    kind: ProductKind
    format: str | None = Field(
        default=None,
        max_length=16,
        description="Of a mix `ogg` (default), `m4a`, `wav` or `flac`; of stems `zip` (default: "
        "a file for each speaker) or `wav` (a channel for each); of peaks `json`.",
    )


class RecordingFile(BaseModel):
    """One gap-free piece of one track, or what was made of all tracks."""

    id: str
    participant_id: str | None = Field(description="Null when it is of everybody.")
    name: str | None = Field(description="The participant's name when recorded.")
    kind: FileKind
    source: TrackSource | None
    format: str = Field(description="The file name's ending, such as `ogg`.")
    state: ProductState = Field(description="`ready`, or how far a file on request is.")
    progress: float = Field(description="Share made, 0 to 1.")
    reason: str | None = Field(description="Why making it failed.")
    content_type: str
    duration_seconds: float
    bytes: int
    offset_seconds: float = Field(description="Its start after the recording's start.")
    segment: int = Field(description="1 for the track's first piece.")
    complete: bool = Field(description="False when a crash cut it.")
    clock_skew_ppm: float = Field(
        description="How much longer it lasts by the server's clock, in parts per million: a "
        "player that keeps several files together stretches by it."
    )
    url: str = Field(description="Relative to this server.")


class RecordingHold(BaseModel):
    """Nobody and nothing may delete the recording."""

    since: Time
    by: str | None
    reason: str | None


class NewHold(BaseModel):
    """Why a recording is held."""

    reason: str | None = Field(default=None, max_length=200, description="For those who ask.")


class RecordedName(BaseModel):
    """What a recorded person is called."""

    name: str = Field(min_length=1, max_length=80)


class RecordingCopy(BaseModel):
    """Where the files are."""

    state: RecordingPlace = Field(
        description="`local`: on the server's disk; `uploading`: on the way to the object storage; "
        "`stored`: there too; `moved`: there alone."
    )
    since: Time | None = Field(description="When they were seen whole in the object storage.")
    error: str | None = Field(description="Why the last try to bring them there failed.")


class DeletedRecording(BaseModel):
    """That there was a recording; nothing of what it held."""

    id: str
    meeting_id: str
    session_id: str
    started_at: Time
    ended_at: Time | None
    duration_seconds: float | None
    files: int = Field(description="How many it had.")
    bytes: int
    deleted_at: Time
    deleted_by: str | None = Field(description="Who did; null for retention.")
    why: Literal["request", "retention"]


class DeletedRecordingPage(BaseModel):
    """Some deleted recordings, the last recorded first."""

    items: list[DeletedRecording]
    next_cursor: str | None


class Recording(BaseModel):
    """A recording of one session; its files are known once it is `ready`."""

    id: str
    meeting_id: str
    session_id: str
    title: str | None = Field(description="The meeting's; null when that was deleted.")
    state: RecordingState
    recovered: bool = Field(description="A crash cut it; what was written is whole.")
    reason: str | None = Field(description="Why it failed.")
    media: RecordedMedia = Field(description="Whether cameras and screens are recorded too.")
    started_at: Time
    started_by: str | None
    ended_at: Time | None
    duration_seconds: float | None
    stored: RecordingCopy
    held: RecordingHold | None = Field(description="Null when it may be deleted.")
    transcribed: bool = Field(description="Something that was said is written down.")
    files: list[RecordingFile]


class RecordingPage(BaseModel):
    """Some recordings, newest first."""

    items: list[Recording]
    next_cursor: str | None


class RecordingQuery(BaseModel):
    """Which recordings."""

    state: RecordingState | None = Field(default=None, description="Only those.")
    meeting: str | None = Field(default=None, max_length=128, description="Only this meeting's.")
    session: str | None = Field(default=None, max_length=128, description="Only this session's.")
    q: str | None = Field(
        default=None,
        max_length=100,
        description="Only those whose meeting's title or people's names have this text.",
    )
    since: Moment | None = Field(
        default=None, alias="from", description="RFC 3339; only those that started then or later."
    )
    until: Moment | None = Field(
        default=None, alias="to", description="RFC 3339; only those that started before."
    )
    cursor: Cursor | None = None
    limit: Limit = 50


class RecordingStorage(BaseModel):
    """What the caller's account has recorded, and how much room is left."""

    recordings: int
    bytes: int = Field(description="Of recorded files; what was made of them not counted.")
    free_bytes: int = Field(description="On the server's disk.")
    floor_bytes: int = Field(description="With less free no recording starts.")
    retention_days: float = Field(description="Recordings are deleted so long after; 0 keeps.")


class FileQuery(BaseModel):
    """How to get a file."""

    download: Literal["0", "1"] = Field(
        default="0", description="1 offers the file to keep rather than to play."
    )


class PublishQuery(BaseModel):
    """Who publishes by WHIP, where an API key does not tell."""

    name: str | None = Field(default=None, max_length=80, description="Shown to the others.")
    user_id: str | None = Field(
        default=None, max_length=256, description="The identity's `sub`; with an API key."
    )


class ListenQuery(PublishQuery):
    """Who listens by WHEP, and to whom."""

    participant: str | None = Field(
        default=None, max_length=128, description="Only this participant's tracks."
    )


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """People can be taken in; what else is not well hinders nobody from meeting."""

    status: Literal["ok"] = "ok"
    object_storage: Literal["off", "ok", "failing"] = Field(
        description="`failing`: the last thing asked of it failed; recordings wait on the disk."
    )
    uploads_waiting: int = Field(description="Recordings that are not in object storage yet.")


class Version(BaseModel):
    """What is running."""

    name: str
    version: str
    dev: bool
    python: str
    aiortc: str
    av: str


class PublicIceServer(BaseModel):
    """A STUN or TURN server that needs no password (W3C RTCIceServer)."""

    urls: list[str]


class SlotCounts(BaseModel):
    """How many receive-only m-lines a page should offer."""

    audio: int
    video: int


class ClientConfig(BaseModel):
    """What a page must know before it does anything."""

    version: str
    dev: bool
    dev_key: str | None = Field(description="The API key of development mode, null elsewhere.")
    sign_in_required: bool = Field(description="Starting a meeting needs a credential.")
    processing: bool = Field(description="Let the browser cancel echo and suppress noise.")
    redundancy: bool = Field(description="Let microphones send redundant audio (RFC 2198).")
    recording: bool = Field(description="Meetings can be recorded.")
    ice_servers: list[PublicIceServer]
    slots: SlotCounts


class SignIn(BaseModel):
    """A credential to exchange for a cookie."""

    credential: str = Field(
        min_length=1, max_length=16_384, description="An API key or a user token."
    )


class Me(BaseModel):
    """Whose credential this is."""

    kind: str = Field(description="`api_key`, `user` or `join`.")
    account: str
    sub: str | None
    name: str | None
    meeting_id: str | None
    role: Role | None


class KeySet(BaseModel):
    """Public keys (RFC 7517 section 5)."""

    keys: list[dict[str, object]]
