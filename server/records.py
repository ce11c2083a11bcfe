"""What is stored, as frozen data that storage, auth and services share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from media.types import MediaKind, RecordedMedia, TrackSource
from signaling.model import RecordingState, Role


@dataclass(frozen=True, slots=True)
class LogEntryView:
    """A fact of the session log, ready for JSON.

    Attributes:
        position: Place among all facts of this server; strictly increasing, may have holes.
        sequence: Place within the session, from 1 without holes.
        type: For example `participant.joined`.
        data: JSON-ready members of the fact.
    """

    position: int
    session_id: str
    meeting_id: str
    sequence: int
    at: datetime
    type: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecordingFileView:
    """One file of a recording: one gap-free segment of one track.

    Attributes:
        name: Display name of the participant when recorded.
        offset_seconds: Start of the first sample after the recording's start.
        complete: False when a crash cut it.
        clock_skew_ppm: How much longer it lasts by the server's clock, in parts per million.
    """

    id: str
    recording_id: str
    participant_id: str
    name: str
    kind: MediaKind
    source: TrackSource
    content_type: str
    segment: int
    offset_seconds: float
    duration_seconds: float
    bytes: int
    sha256: str
    file_name: str
    complete: bool = True
    clock_skew_ppm: float = 0.0


class RecordingPlace(StrEnum):
    """Where the files of a recording are."""

    LOCAL = "local"
    UPLOADING = "uploading"
    STORED = "stored"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A recording with its files; these are known once it is `ready` (or failed late).

    Attributes:
        recovered: A crash or restart cut it; what was written is whole.
        failure: Stable code when it failed.
        media: Whether cameras and screens are recorded too.
        place: On the local disk alone, on the way, in object storage too, or there alone.
        stored_at: When it was seen whole in object storage, or last fetched from there.
        upload_error: Stable code of the last try to bring it there, when that failed.
        held_at: Since when nobody and nothing may delete it; None when one may.
        held_by: Who said so.
        held_why: In their words.
    """

    id: str
    meeting_id: str
    session_id: str
    account: str
    state: RecordingState
    started_at: datetime
    started_by: str | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    recovered: bool = False
    failure: str | None = None
    media: RecordedMedia = "audio"
    place: RecordingPlace = RecordingPlace.LOCAL
    stored_at: datetime | None = None
    upload_error: str | None = None
    held_at: datetime | None = None
    held_by: str | None = None
    held_why: str | None = None
    files: tuple[RecordingFileView, ...] = ()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That there was a recording, and who deleted it; nothing of what it held.

    Attributes:
        id: The recording's.
        deleted_by: Who did; None for retention.
        why: `request` or `retention`.
        files: How many files it had.
    """

    id: str
    account: str
    meeting_id: str
    session_id: str
    started_at: datetime
    ended_at: datetime | None
    duration_seconds: float | None
    files: int
    bytes: int
    deleted_at: datetime
    deleted_by: str | None
    why: str


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """Something that somebody said.

    Attributes:
        recording_id: The recording that it was made from; None when it was made live.
        connection_id: The track it was said on: the speaker's connection, or their recorded track.
        name: The speaker's display name at that time.
        start: Seconds from the session's start, or from the recording's.
        end: Likewise.
        words: `text`, `start`, `end`, `confidence` of each.
        confidence: 0 to 1, None where the engine knows none.
    """

    id: str
    session_id: str
    recording_id: str | None
    participant_id: str
    connection_id: str
    name: str
    start: float
    end: float
    text: str
    words: Sequence[Mapping[str, object]]
    language: str
    engine: str
    confidence: float | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in identity that this server has seen.

    Attributes:
        id: This server's UUIDv7 for it.
        sub: The identity's subject.
    """

    id: str
    sub: str
    name: str | None = None
    avatar: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key at rest: never the key itself.

    Attributes:
        hash: Lower-case hex SHA-256 of the key.
        hint: First characters, for people to recognise it.
    """

    id: str
    account: str
    name: str
    hash: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """A user who may be in a meeting before joining it."""

    meeting_id: str
    sub: str
    name: str
    role: Role
    participant_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Workspace:
    """A group of meetings of its own below an account; its id is their `account`."""

    id: str
    account: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Preset:
    """A named bundle of rights for invitations.

    Attributes:
        document: The whole preset in the words of the dialect that made it.
    """

    id: str
    account: str
    name: str
    document: Mapping[str, object]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody's entry to one meeting, made before they come; it lives until it is deleted.

    Attributes:
        user_id: The identity in the program that invites.
        permissions: What the preset grants (`server.services.invitations.permissions_of`).
    """

    id: str
    meeting_id: str
    account: str
    user_id: str
    name: str | None
    picture: str | None
    preset_id: str
    preset_name: str
    role: Role
    permissions: Mapping[str, object]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events are sent.

    Attributes:
        label: By which id its maker called the workspace.
    """

    id: str
    account: str
    name: str
    url: str
    events: Sequence[str]
    enabled: bool
    label: str
    created_at: datetime
    updated_at: datetime


class DeliveryState(StrEnum):
    """Where the delivery of an event stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook.

    Attributes:
        subject: The session whose events keep their order.
        body: Exactly the text that is sent and signed.
        status: HTTP status of the last answer.
        error: Why the last attempt got no answer.
    """

    id: str
    webhook_id: str
    subject: str
    event: str
    body: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    updated_at: datetime
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """What a dialect keeps beside a meeting, session or recording with the same id."""

    id: str
    data: Mapping[str, object]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """A link to a recording for people without an account.

    Attributes:
        token_hash: Lower-case hex SHA-256 of the link's token, which is not kept.
        allow_download: Its page offers the files to keep.
        label: What it is for, in the words of whoever made it.
        signed_in: Opens for people with a credential of this server alone.
    """

    id: str
    recording_id: str
    token_hash: str
    created_at: datetime
    created_by: str | None
    expires_at: datetime
    allow_download: bool
    revoked_at: datetime | None = None
    label: str | None = None
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class ShareUsage:
    """How much a link was used.

    Attributes:
        opened: How often its page was opened.
        last: When it was used last, for the page or a file.
    """

    opened: int
    last: datetime


@dataclass(frozen=True, slots=True)
class ShareAccess:
    """One use of a link: of its page, or of a file.

    Attributes:
        file_id: None for the page.
        bytes_range: The request's `Range`.
    """

    id: str
    share_id: str
    at: datetime
    address: str | None
    file_id: str | None = None
    bytes_range: str | None = None


@dataclass(frozen=True, slots=True)
class Bot:
    """One task of a bot: a link to follow, and what became of it.

    Attributes:
        link: As given; may hold a passcode.
        normalised: One text for every way to write the same meeting.
        platform: A word of `server.connectors.links.Platform`.
        status: A word of `server.services.bot_machine.BotStatus`.
        transcribe: Write down what is said.
        language: What is spoken (BCP 47).
        debug: Show the browser, where there is one.
        request: What else its maker wished, in the words of the API that was used.
        idempotency_key: What its maker called the request.
        joined_at: Admitted; None until then.
        left_at: Out; None when it never was in.
        duration_seconds: From joining to leaving.
        session_id: Our Session behind it, once there is one.
        session_offset: Seconds from joining to that Session's start; may be negative.
        recording_id: The recording of that Session.
        own_recording: The bot began it.
        transcript_of: The recording that the transcript was made of afterwards; None while it is
            the live one.
        end_reason: A word of `server.connectors.port.BotEnd`.
        error_code: A word of `server.connectors.port.FailureCode`.
        error_message: One sentence for a person.
        details: `substatus`, `warnings`, `transcription`, `audio`, `recording`, `labels`, `files`,
            `segments`, `bytes` where they are known.
    """

    id: str
    account: str
    created_by: str | None
    link: str
    normalised: str
    platform: str
    name: str
    status: str
    transcribe: bool
    language: str
    debug: bool
    created_at: datetime
    updated_at: datetime
    request: Mapping[str, object] = field(default_factory=dict)
    idempotency_key: str | None = None
    meeting_id: str | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    duration_seconds: float | None = None
    session_id: str | None = None
    session_offset: float = 0.0
    recording_id: str | None = None
    own_recording: bool = False
    transcript_of: str | None = None
    end_reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BotPerson:
    """Somebody's stay in a meeting while a bot was there.

    Attributes:
        person_id: The connector's name of the person.
        left_at: None while they are in.
    """

    id: str
    bot_id: str
    person_id: str
    name: str
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BotLogEntry:
    """Something that a bot did or met.

    Attributes:
        level: `info`, `warning` or `error`.
        category: `status`, `people`, `recording`, `transcription` or `connector`.
        type: A stable word.
    """

    id: str
    bot_id: str
    at: datetime
    level: str
    category: str
    type: str
    message: str
    details: Mapping[str, object] = field(default_factory=dict)
