"""The storage port: what services and auth ask of a database.

Methods never block the event loop. Lists are newest first; `before` is the id of the last item of
the page before (ids are UUIDv7, so their order is the order of creation).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from server.records import (
    ApiKey,
    Bot,
    BotLogEntry,
    BotPerson,
    LogEntryView,
    RecordingFileView,
    RecordingPlace,
    RecordingView,
    Registration,
    ShareUsage,
    Tombstone,
    TranscriptSegment,
    User,
)
from server.storage.quality import QualityStore
from signaling.log import LogEntry
from signaling.model import (
    Connection,
    Meeting,
    MeetingStatus,
    Participant,
    RecordingState,
    Session,
    SessionState,
)

R = TypeVar("R")
Row: TypeAlias = Mapping[str, Any]
"""Figures by name, as a database adds them up."""


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """A fact on its way to storage with its place among all facts of this server."""

    position: int
    account: str
    entry: LogEntry


@dataclass(frozen=True, slots=True)
class MeetingQuery:
    """Which meetings; `member` keeps those that this `sub` created, is registered for or was in."""

    account: str
    limit: int
    before: str | None = None
    status: MeetingStatus | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which sessions; pending ones are never listed."""

    account: str
    limit: int
    before: str | None = None
    states: tuple[SessionState, ...] = ()
    meeting_id: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingQuery:
    """Which recordings.

    Attributes:
        text: Stands in the meeting's title or a recorded person's name, in any case.
        since: Started then or later.
        until: Started before that.
    """

    account: str
    limit: int
    before: str | None = None
    states: tuple[RecordingState, ...] = ()
    meeting_id: str | None = None
    session_id: str | None = None
    member: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session with all its rows, and the account that owns it."""

    session: Session
    account: str
    participants: tuple[Participant, ...]
    connections: tuple[Connection, ...]
    last_sequence: int


class MeetingStore(Protocol):
    """Meetings and who is registered for them."""

    async def insert_meeting(self, meeting: Meeting) -> None:
        """Keep a new meeting."""

    async def find_meeting(self, meeting_id: str) -> Meeting | None:
        """One meeting, unless it is deleted."""
        ...

    async def list_meetings(self, query: MeetingQuery) -> list[Meeting]:
        """Meetings that are not deleted."""
        ...

    async def update_meeting(self, meeting: Meeting) -> bool:
        """Replace a meeting's members; False when there is none."""
        ...

    async def delete_meeting(self, meeting_id: str, at: datetime) -> bool:
        """Hide a meeting for good; False when there is none. Sessions and recordings stay."""
        ...

    async def register(self, registration: Registration) -> Registration:
        """Register a user, or renew name and role; the first participant id is kept."""
        ...

    async def find_registration(self, meeting_id: str, sub: str) -> Registration | None:
        """One registration."""
        ...

    async def is_member(self, meeting_id: str, sub: str) -> bool:
        """Whether the user created the meeting, is registered for it or was a participant."""
        ...


class UserStore(Protocol):
    """Identities seen."""

    async def ensure_user(self, user: User) -> User:
        """The user with this `sub`: the stored one, renewed by name and avatar where given."""
        ...

    async def find_user(self, sub: str) -> User | None:
        """One user."""
        ...


class SessionStore(Protocol):
    """Sessions and their log."""

    async def write_facts(self, entries: Sequence[PlacedEntry]) -> None:
        """Append facts and bring the entities that they carry up to date, in one transaction."""

    async def last_position(self) -> int:
        """The largest position ever written; 0 when there is none."""
        ...

    async def find_session(self, session_id: str) -> StoredSession | None:
        """One session."""
        ...

    async def list_sessions(self, query: SessionQuery) -> list[StoredSession]:
        """Sessions."""
        ...

    async def unfinished_sessions(self) -> list[StoredSession]:
        """Sessions that never ended, of every account: what a crash left."""
        ...

    async def list_events(self, session_id: str, *, after: int, limit: int) -> list[LogEntryView]:
        """A session's facts with a larger sequence than `after`, in order."""
        ...

    async def list_events_of_account(
        self, account: str, *, after: int, limit: int
    ) -> list[LogEntryView]:
        """An account's facts with a larger position than `after`, in order."""
        ...

    async def prune_events(self, before: datetime) -> int:
        """Drop facts of ended sessions from before that time; how many."""
        ...


class RecordingStore(Protocol):
    """Recordings and their files."""

    async def save_recording(self, recording: RecordingView) -> None:
        """Insert or replace a recording and its files."""

    async def find_recording(self, recording_id: str) -> RecordingView | None:
        """One recording."""
        ...

    async def list_recordings(self, query: RecordingQuery) -> list[RecordingView]:
        """Recordings."""
        ...

    async def unfinished_recordings(self) -> list[RecordingView]:
        """Recordings neither ready nor failed, of every account."""
        ...

    async def recordings_ended_before(self, moment: datetime) -> list[RecordingView]:
        """Finished recordings that ended before that time, oldest first, of every account.

        Those that are held are not among them.
        """
        ...

    async def recordings_at(self, *places: RecordingPlace) -> list[RecordingView]:
        """Finished recordings with these places, oldest first, of every account."""
        ...

    async def rename_recorded(self, recording_id: str, participant_id: str, name: str) -> bool:
        """Call a recorded person otherwise; False when nobody of that id was recorded."""
        ...

    async def change_recording(self, recording_id: str, **changes: object) -> None:
        """Give some columns of a recording other values, and leave the others."""

    async def recorded_total(self, account: str) -> tuple[int, int]:
        """How many recordings an account has, and the bytes of their recorded files."""
        ...

    async def find_file(self, recording_id: str, file_id: str) -> RecordingFileView | None:
        """One file of a recording."""
        ...

    async def delete_recording(self, recording_id: str, tombstone: Tombstone) -> bool:
        """Forget a recording, its files, links and transcript, and keep that it was there.

        All in one transaction; False when there is none, and nothing is kept.
        """
        ...


class TranscriptStore(Protocol):
    """What was said. Segments made live are written with the facts that carry them."""

    async def list_segments(
        self, session_id: str, *, recording_id: str | None = None
    ) -> list[TranscriptSegment]:
        """What was made live in a session, or from one of its recordings; by start and end."""
        ...

    async def transcribed(self, recordings: Sequence[RecordingView]) -> set[str]:
        """Ids of those of which something that was said is written down."""
        ...

    async def replace_segments(
        self, recording_id: str, segments: Sequence[TranscriptSegment]
    ) -> None:
        """Keep what was made from a recording instead of what was before, in one transaction."""

    async def delete_segments(self, session_id: str) -> int:
        """Forget everything that was said in a session, in its log too; how many segments."""
        ...


class KeyStore(Protocol):
    """API keys at rest."""

    async def insert_key(self, key: ApiKey) -> None:
        """Keep a new key."""

    async def find_key_by_hash(self, digest: str) -> ApiKey | None:
        """The key with this SHA-256 (lower-case hex), revoked ones included."""
        ...

    async def list_keys(self, account: str) -> list[ApiKey]:
        """Every key of an account, newest first, revoked ones included."""
        ...

    async def revoke_key(self, key_id: str, at: datetime) -> bool:
        """Refuse a key from now on; False when there is none or it was revoked before."""
        ...


class IntegrationStore(Protocol):
    """What programs that run meetings from outside leave: whole records, by kind.

    Kinds: Workspace, Preset, Invitation, Webhook, Delivery, Extra, Share, ShareAccess, Tombstone,
    Bot, BotPerson and BotLogEntry of `server.records`.
    """

    async def save_record(self, record: object) -> None:
        """Insert or replace a record."""

    async def save_records(self, records: Sequence[object]) -> None:
        """Insert or replace records, all or none; bots before what belongs to them."""

    async def find_record(self, kind: type[R], record_id: str) -> R | None:
        """One record."""
        ...

    async def list_records(self, kind: type[R], **equal: object) -> list[R]:
        """Records whose columns equal these values, oldest first."""
        ...

    async def page_records(
        self, kind: type[R], *, before: str | None, most: int, **equal: object
    ) -> list[R]:
        """Some of them, newest first: so many at most, with ids below `before`."""
        ...

    async def delete_record(self, kind: type[object], record_id: str) -> bool:
        """Forget a record; False when there is none."""
        ...

    async def share_usage(self, recording_id: str) -> dict[str, ShareUsage]:
        """How much each link of a recording was used, by its id; links never used are absent."""
        ...

    async def prune_deliveries(self, before: datetime) -> int:
        """Drop finished deliveries from before that time; how many."""
        ...


@dataclass(frozen=True, slots=True)
class BotQuery:
    """Which bots.

    Attributes:
        search: A part of link, name, id or platform, in any case.
        since: Created then or later.
        until: Created before.
    """

    account: str
    limit: int = 0
    offset: int = 0
    statuses: tuple[str, ...] = ()
    search: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    created_by: str | None = None


class BotStore(Protocol):
    """Bots in lists and figures; one by one they are records of `IntegrationStore`."""

    async def list_bots(self, query: BotQuery) -> tuple[list[Bot], int]:
        """A page, newest first, and how many there are in all."""
        ...

    async def bots_in(self, statuses: Sequence[str], account: str | None = None) -> list[Bot]:
        """Every bot in one of these states, of one account or of all, newest first."""
        ...

    async def people_of_bots(self, bot_ids: Sequence[str]) -> Mapping[str, list[BotPerson]]:
        """Who was where each of these bots was, by arrival."""
        ...

    async def bots_left_open(self) -> list[Bot]:
        """Bots that ended, with files or a transcript that somebody was to finish."""
        ...

    async def bot_log(
        self,
        bot_id: str,
        *,
        limit: int,
        offset: int = 0,
        category: str | None = None,
        level: str | None = None,
    ) -> tuple[list[BotLogEntry], int]:
        """A page of what a bot did, oldest first, and how much there is in all."""
        ...

    async def count_bots(self, query: BotQuery) -> Row:
        """`total`, `completed`, `failed`, `active`, `transcribe`, `measured`, `seconds`."""
        ...

    async def group_bots(self, query: BotQuery, by: str) -> list[Row]:
        """`label`, `count`, `completed`, `failed`, `measured`, `seconds`, by a column or a period.

        Args:
            query: Which bots.
            by: `platform`, `status`, `day`, `week`, `month` or `failure`; the last one has
                `error_code` and `error_message` for `label`.
        """
        ...

    async def bot_durations(self, query: BotQuery, edges: Sequence[float]) -> list[int]:
        """How many bots stayed from each edge (seconds) to the next; the last is open."""
        ...

    async def bot_people_figures(self, query: BotQuery, limit: int) -> tuple[Row, list[Row]]:
        """`unique`, `sessions`, `stays`, `most`; then `name`, `sessions`, `seconds` of the top."""
        ...

    async def bot_speech(self, query: BotQuery, bot_id: str | None = None) -> list[Row]:
        """By `speaker`: `seconds`, `words`, `segments`, `sessions`, `confidence`, `longest`."""
        ...

    async def bots_with_speech(self, query: BotQuery) -> int:
        """How many bots heard something that was written down."""
        ...

    async def bot_speech_spread(self, query: BotQuery) -> tuple[list[Row], list[Row]]:
        """Segments by `language`, and by tenth of confidence (`tenth`, 0 to 9); both `count`."""
        ...


class Storage(
    MeetingStore,
    UserStore,
    SessionStore,
    RecordingStore,
    TranscriptStore,
    KeyStore,
    IntegrationStore,
    BotStore,
    QualityStore,
    Protocol,
):
    """Everything."""

    async def start(self) -> None:
        """Open; bring the schema up to date."""

    async def stop(self) -> None:
        """Finish what is under way and close."""

    async def check(self) -> None:
        """Raise when the database does not answer (for /readyz)."""
