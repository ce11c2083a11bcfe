"""What the services take and give: frozen data without storage, HTTP or any dialect's words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from server.records import (
    ApiKey,
    LogEntryView,
    RecordingFileView,
    RecordingView,
    Registration,
    User,
)
from server.storage.files import FileReader
from signaling.model import (
    Access,
    CaptionPolicy,
    Connection,
    MeetingStatus,
    Participant,
    RecordPolicy,
    Role,
    Session,
    Track,
    WaitingRoom,
)

__all__ = [
    "ApiKey",
    "CreateMeeting",
    "IssuedToken",
    "LogEntryView",
    "Page",
    "ParticipantView",
    "PatchMeeting",
    "RecordingFileView",
    "RecordingView",
    "Registration",
    "SessionView",
    "StorageUse",
    "StoredFile",
    "TokenWish",
    "User",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: In the list's order.
        next_cursor: Opaque; None on the last page.
    """

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class CreateMeeting:
    """A wish for a new meeting; None takes the server's default."""

    title: str | None = None
    max_participants: int | None = None
    record: RecordPolicy | None = None
    access: Access | None = None
    keep_alive_seconds: float | None = None
    captions: CaptionPolicy | None = None
    waiting_room: WaitingRoom | None = None


@dataclass(frozen=True, slots=True)
class PatchMeeting:
    """Changes to a meeting; None leaves a member as it is."""

    title: str | None = None
    max_participants: int | None = None
    record: RecordPolicy | None = None
    access: Access | None = None
    status: MeetingStatus | None = None
    keep_alive_seconds: float | None = None
    captions: CaptionPolicy | None = None
    waiting_room: WaitingRoom | None = None


@dataclass(frozen=True, slots=True)
class TokenWish:
    """A wish for a join token.

    Attributes:
        user_id: The identity's `sub`; with it the user is registered for the meeting at once.
        ttl: Seconds; None takes `auth.join_ttl_seconds`.
    """

    name: str
    role: Role = Role.PARTICIPANT
    user_id: str | None = None
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A join token, the link that carries it, and until when it is good."""

    token: str
    url: str
    participant_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """A participant with its connections (oldest first) and, while live, its tracks."""

    participant: Participant
    connections: tuple[Connection, ...]
    tracks: tuple[Track, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with everybody who is or was in it, in order of joining."""

    session: Session
    participants: tuple[ParticipantView, ...]
    account: str = "default"


@dataclass(frozen=True, slots=True)
class StorageUse:
    """What recordings take.

    Attributes:
        recordings: How many there are.
        bytes: Of their recorded files.
        free_bytes: Left on the disk.
    """

    recordings: int
    bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file ready to be served.

    Attributes:
        etag: Strong entity tag with its quotes, from the content's SHA-256.
        filename: A safe name to offer for downloads.
        modified: When its content was last changed.
        opener: Opens it where it is: beneath its root, following no link, or in object storage.
    """

    content_type: str
    etag: str
    filename: str
    modified: datetime
    size: int
    opener: Callable[[], Awaitable[FileReader]] = field(repr=False, compare=False)

    async def open(self) -> FileReader:
        """Open for reading.

        Raises:
            FileNotFoundError: It is gone.
        """
        return await self.opener()
