"""Facts of the session log as JSON-ready data: one form for storage, API and event streams."""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import cast

from server.records import LogEntryView
from signaling.log import Fact, LogEntry


def utc_text(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as `2026-11-20T12:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(value: object) -> object:
    """Frozen data as JSON-ready data: mappings, lists, text, numbers, booleans, None."""
    match value:
        case Enum():
            done: object = plain(value.value)
        case datetime():
            done = utc_text(value)
        case Mapping():
            done = {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            done = [plain(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            done = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            done = value
    return done


def fact_data(fact: Fact) -> dict[str, object]:
    """The members of a fact, JSON-ready."""
    return cast("dict[str, object]", plain(fact))


def entry_view(entry: LogEntry, position: int) -> LogEntryView:
    """A log entry as outsiders see it."""
    return LogEntryView(
        position=position,
        session_id=entry.session_id,
        meeting_id=entry.meeting_id,
        sequence=entry.sequence,
        at=entry.at,
        type=entry.fact.type,
        data=fact_data(entry.fact),
    )
