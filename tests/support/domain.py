"""Builders of the meeting model's nouns; every member can be given, the rest is plausible."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from support.empty_database import DATABASE, prepare

from media.types import MediaKind, TrackSource
from server.records import RecordingFileView, RecordingView, Tombstone
from server.storage.port import PlacedEntry
from server.storage.sql import SqlStorage
from signaling.ids import new_id
from signaling.log import (
    ConnectionChanged,
    Fact,
    LogEntry,
    ParticipantJoined,
    SessionChanged,
)
from signaling.model import (
    Access,
    Connection,
    ConnectionState,
    Meeting,
    MeetingStatus,
    Participant,
    ParticipantKind,
    ParticipantState,
    RecordingState,
    RecordPolicy,
    Role,
    Session,
    SessionState,
)

NOW = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


def meeting(**members: object) -> Meeting:
    defaults = {
        "id": new_id(),
        "title": "Stand-up",
        "status": MeetingStatus.ACTIVE,
        "access": Access.LINK,
        "record": RecordPolicy.MANUAL,
        "max_participants": 10,
        "created_at": NOW,
    }
    return Meeting(**(defaults | members))


def session(of: Meeting, **members: object) -> Session:
    defaults = {
        "id": new_id(),
        "meeting_id": of.id,
        "state": SessionState.LIVE,
        "created_at": NOW,
        "started_at": NOW,
    }
    return Session(**(defaults | members))


def participant(of: Session, **members: object) -> Participant:
    defaults = {
        "id": new_id(),
        "session_id": of.id,
        "meeting_id": of.meeting_id,
        "name": "Ada",
        "role": Role.PARTICIPANT,
        "kind": ParticipantKind.PERSON,
        "state": ParticipantState.PRESENT,
        "joined_at": NOW,
    }
    return Participant(**(defaults | members))


def connection(of: Participant, **members: object) -> Connection:
    defaults = {
        "id": new_id(),
        "session_id": of.session_id,
        "meeting_id": of.meeting_id,
        "participant_id": of.id,
        "state": ConnectionState.CONNECTED,
        "created_at": NOW,
        "updated_at": NOW,
        "client_name": "page",
    }
    return Connection(**(defaults | members))


def entries(of: Session, facts: Iterable[Fact], first: int = 1) -> list[LogEntry]:
    return [
        LogEntry(of.id, of.meeting_id, number, NOW, fact)
        for number, fact in enumerate(facts, start=first)
    ]


def placed(
    of: Session,
    facts: Iterable[Fact],
    *,
    position: int = 1,
    first: int = 1,
    account: str = "default",
) -> list[PlacedEntry]:
    return [
        PlacedEntry(position + index, account, entry)
        for index, entry in enumerate(entries(of, facts, first))
    ]


def occupied(of: Meeting, **who: object) -> tuple[Session, Participant, Connection, list[Fact]]:
    """A live session with one connected participant, and the facts that made it."""
    live = session(of)
    person = participant(live, **who)
    link = connection(person)
    facts: list[Fact] = [
        SessionChanged(live), ParticipantJoined(person), ConnectionChanged(link, None),
    ]  # fmt: skip
    return live, person, link, facts


def recording(of: Session, **members: object) -> RecordingView:
    defaults = {
        "id": new_id(),
        "meeting_id": of.meeting_id,
        "session_id": of.id,
        "account": "default",
        "state": RecordingState.READY,
        "started_at": NOW,
    }
    return RecordingView(**(defaults | members))


def tombstone(view: RecordingView, **members: object) -> Tombstone:
    defaults = {
        "id": view.id,
        "account": view.account,
        "meeting_id": view.meeting_id,
        "session_id": view.session_id,
        "started_at": view.started_at,
        "ended_at": view.ended_at,
        "duration_seconds": view.duration_seconds,
        "files": len(view.files),
        "bytes": 0,
        "deleted_at": NOW,
        "deleted_by": "host",
        "why": "request",
    }
    return Tombstone(**(defaults | members))


def recording_file(recording_id: str, **members: object) -> RecordingFileView:
    defaults = {
        "id": new_id(),
        "recording_id": recording_id,
        "participant_id": new_id(),
        "name": "Ada",
        "kind": MediaKind.AUDIO,
        "source": TrackSource.MICROPHONE,
        "content_type": "audio/ogg; codecs=opus",
        "segment": 1,
        "offset_seconds": 0.5,
        "duration_seconds": 12.25,
        "bytes": 4321,
        "sha256": "ab" * 32,
        "file_name": "001-ada-audio.ogg",
    }
    return RecordingFileView(**(defaults | members))


async def open_storage(directory: Path) -> SqlStorage:
    """A started SQLite database of its own."""
    await asyncio.to_thread(prepare, directory)
    storage = await asyncio.to_thread(SqlStorage, f"sqlite+aiosqlite:///{directory / DATABASE}")
    await storage.start()
    return storage
